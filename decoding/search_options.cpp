#include "decoding/search_options.h"

#include <algorithm>
#include <cmath>

namespace dragoman {

OptionList SearchOptions::describe() {
  return grouped(
      "Search",
      {
          option(beam_size, "beam-size", "N", "hypotheses kept alive at each step; 1 is greedy search")
              .at_least(1)
              .at_most(1024)
              .short_form('b'),
          option(length_penalty, "length-penalty", "ALPHA",
                 "hypotheses are compared by log-probability / length^ALPHA; higher favours longer ones")
              .at_least(-10)
              .at_most(10)
              .alias("alpha")
              .alias("normalize"),
          option(length_penalty_kind, "length-penalty-kind", "NAME",
                 "average: length^ALPHA; wu: ((5+length)/6)^ALPHA (Wu et al. 2016)")
              .one_of({"average", "wu"}),
          option(min_length, "min-length", "N", "tokens before </s> at least").at_least(0).at_most(1 << 20),
          option(max_length, "max-length", "N",
                 "generated tokens at most, </s> included; 0: three times the source and 50 more, at most "
                 "the model's own limit")
              .at_least(0)
              .at_most(1 << 20),
          option(n_best, "n-best", "N", "print the N best translations of each line")
              .at_least(1)
              .at_most(1024),
          option(no_repeat_ngram, "no-repeat-ngram", "N",
                 "no N tokens in a row stand twice in a translation; 0: they may")
              .at_least(0)
              .at_most(1024)
              .alias("no-repeat-ngram-size"),
          option(search_until, "search-until", "RULE",
                 "when beam search stops: heuristic (transformers' early_stopping=False: the best live score "
                 "over the "
                 "current length) or exact (over the longest length allowed)")
              .one_of({"heuristic", "exact"}),
      });
}

void SearchOptions::check() const {
  if (n_best > beam_size) {
    throw UsageError("--n-best", "required at most --beam-size " + std::to_string(beam_size) + ", got " +
                                     std::to_string(n_best));
  }
  if (max_length > 0 && min_length >= max_length) {
    throw UsageError("--min-length", "required less than --max-length " + std::to_string(max_length) +
                                         ", got " + std::to_string(min_length));
  }
}

double SearchOptions::penalty(int64_t length) const {
  const double base =
      length_penalty_kind == "wu" ? (5.0 + static_cast<double>(length)) / 6.0 : static_cast<double>(length);
  return std::pow(base, length_penalty);
}

int64_t SearchOptions::limit(int64_t source_length, int64_t model_limit) const {
  if (max_length > 0) return max_length;
  return std::max<int64_t>(1, std::min(model_limit, 3 * source_length + 50));
}

}  // namespace dragoman
