// Counts lines that were not simply translated, by kind.
#pragma once

#include <cstdint>

#include "core/log.h"
#include "decoding/translator.h"

namespace dragoman {

struct TranslationCounts {
  int64_t lines = 0, split = 0, truncated = 0, looped = 0, retried = 0, empty = 0;
  int64_t silent = 0, unknown = 0, few = 0;

  // n_best: the number of different texts that was requested.
  void add(const Translation& t, int64_t n_best);

  // One warning for each of them that is not zero. sentences: whether --split-sentences was given.
  void report(Log& log, bool sentences) const;
};

}  // namespace dragoman
