// A tokenizer by the path that the user gives.
#pragma once

#include <string>

#include "core/side.h"
#include "folder/model_files.h"

namespace dragoman {

// `path`: a model folder, or an .spm file, which is then of both sides. ModelError.
TokenizerPair load_tokenizers(const std::string& path);
// One side of them.
Tokenizer load_tokenizer(const std::string& path, Side side);

}  // namespace dragoman
