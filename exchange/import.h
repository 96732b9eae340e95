// Models of other programs become model folders: what PyTorch saved of a Hugging Face folder
// (pytorch_model.bin), and what Marian trained (.npz, .bin). Torch-free.
//
//   PATH --> reader of its format --> weights by Hugging Face's names --> a new folder, manifest included
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "core/options.h"
#include "folder/position_table.h"

namespace dragoman {

struct ImportOptions {
  std::string path = "";   // a folder, its .bin or .npz, or an archive
  std::string model = "";  // the new folder
  StringList vocabularies = {};
  std::string source_spm = "", target_spm = "";
  PositionScale positions = PositionScale::kMarian;

  OptionList describe();
};

struct ImportReport {
  int64_t tensors = 0, numbers = 0;
  std::vector<std::string> absent;      // tensors that our layout has and the file had not; computed
  std::string checksum;                 // GatheredWeights::checksum()
  std::vector<std::string> notes = {};  // settings that the folder does not keep, entries that were filled up

  // "254 tensors, 73,886,208 numbers; absent: none; checksum 0123..."
  std::string line() const;
};

// Errors of all kinds; the new folder is there as a whole or not at all. `check` is called with the finished
// folder before it gets its name.
ImportReport import_model(const ImportOptions& options, const std::function<void(const std::string&)>& check);

}  // namespace dragoman
