// A tokenizer by the path that the user gives.
#pragma once

#include <string>

#include "core/choice.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

enum class Side { kSource, kTarget };
constexpr auto names_of(Side) {
  return choice_names("source", "target");
}

// `path`: an .spm file, or a model folder, of which `side` is taken. ModelError.
Tokenizer load_tokenizer(const std::string& path, Side side);

}  // namespace dragoman
