// A tokenizer by the name that a person gives.
#pragma once

#include <string>

#include "tokenizer/tokenizer.h"

namespace dragoman {

// `path`: an .spm file, or a model folder, of which `side` ("source" or "target") is taken. ModelError.
Tokenizer load_tokenizer(const std::string& path, const std::string& side);

}  // namespace dragoman
