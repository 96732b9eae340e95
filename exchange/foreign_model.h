// Says what a path is that import does not read, and what to do with it.
#pragma once

#include <string>

#include "exchange/input_files.h"

namespace dragoman {

// What a path holds, by the names of a folder or the first bytes of a file.
enum class ModelKind { kTorch, kMarianNpz, kMarianBin, kMarianFolder };

// ModelError or UsageError naming the program for what is none of these: models of CTranslate2, fairseq,
// OpenNMT-py and JoeyNMT, sharded or converted weights, archives, and folders that need no import.
ModelKind kind_of_model(InputFiles& files, const std::string& path, bool is_folder);

}  // namespace dragoman
