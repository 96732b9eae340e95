// Identifies the model at a path, or says why import cannot read it and what the user can do.
#pragma once

#include <string>

#include "exchange/input_files.h"

namespace dragoman {

// The kind of model, by the names in a folder or by the first bytes of a file.
enum class ModelKind { kTorch, kMarianNpz, kMarianBin, kMarianFolder };

// ModelError or UsageError for all other paths. It names the program if it is known: models of CTranslate2,
// fairseq, OpenNMT-py and JoeyNMT, sharded or converted weights, archives, and folders that need no import.
ModelKind kind_of_model(InputFiles& files, const std::string& path, bool is_folder);

}  // namespace dragoman
