// Finds the files of a model that Marian trained: the weights, the settings of its decoder, its vocabularies
// and SentencePiece models.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "exchange/input_files.h"
#include "exchange/marian_yaml.h"

namespace dragoman {

struct MarianFiles {
  std::string weights;                    // .npz or .bin
  std::vector<std::string> vocabularies;  // one, or one per side
  std::string source_spm, target_spm;
  std::optional<MarianSettings> decoder;  // decoder.yml, or model.npz.decoder.yml
};

// The paths of the command line, which take precedence.
struct MarianPaths {
  std::string path;  // a folder, an archive, or the weights
  bool is_folder = false;
  std::vector<std::string> vocabularies;
  std::string source_spm, target_spm;
};

// `path/decoder.yml` names weights and vocabularies. Without it, the only .npz counts, with its own
// .decoder.yml. A name in decoder.yml is tried relative to it, then unchanged, then without its folder: the
// training folder is rarely the model folder. UsageError and ModelError.
MarianFiles find_marian_files(InputFiles& files, const MarianPaths& given);

}  // namespace dragoman
