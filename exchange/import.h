// Converts models of other programs to model folders: Hugging Face folders with pytorch_model.bin, and
// Marian's models (.npz, .bin). Torch-free.
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
  std::vector<std::string> absent;      // tensors of our layout that the file does not have; computed
  std::string checksum;                 // GatheredWeights::checksum()
  std::vector<std::string> notes = {};  // settings that the folder does not keep, unused entries

  // "254 tensors, 73,886,208 values; absent: none; checksum 0123..."
  std::string line() const;
};

// Throws errors of all kinds. The new folder is then complete or absent. `check` is called with the finished
// folder before the folder is renamed to its final name.
ImportReport import_model(const ImportOptions& options, const std::function<void(const std::string&)>& check);

}  // namespace dragoman
