// The two sides of a pair of sentences.
#pragma once

#include "core/choice.h"

namespace dragoman {

enum class Side { kSource, kTarget };
constexpr auto names_of(Side) {
  return choice_names("source", "target");
}

}  // namespace dragoman
