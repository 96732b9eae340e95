// What a search for the best translation looks for, and when it stops.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

struct SearchOptions {
  int64_t beam_size = 4;
  double length_penalty = 1.0;
  std::string length_penalty_kind = "average";
  int64_t min_length = 0;
  int64_t max_length = 0;
  int64_t n_best = 1;
  int64_t no_repeat_ngram = 0;
  std::string search_until = "heuristic";

  OptionList describe();
  // UsageError when members do not fit together (n_best above beam_size).
  void check() const;

  // What the sum of log-probabilities of a hypothesis of `length` tokens is divided by: length^alpha, or
  // ((5+length)/6)^alpha for "wu" (Wu et al. 2016, equation 14).
  double penalty(int64_t length) const;
  // Generated tokens, </s> included, that a source of `source_length` tokens may take: max_length when it is
  // set, else 3 * source_length + 50, and never more than `model_limit`. A line's own length decides, never
  // its batch.
  int64_t limit(int64_t source_length, int64_t model_limit) const;
};

struct SearchLimits {
  std::vector<int64_t> lengths;  // of each sentence: generated tokens at most, </s> included
  int64_t end_id = 0;            // </s>
};

struct Hypothesis {
  std::vector<int64_t> ids;    // without </s>
  double log_probability = 0;  // sum over its tokens, </s> included
  double score = 0;            // log_probability / penalty(length, </s> included)
  bool complete = false;       // ended by </s>, not by the length limit
};

}  // namespace dragoman
