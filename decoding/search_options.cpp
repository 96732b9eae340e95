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
          option(repetition_penalty, "repetition-penalty", "P",
                 "makes tokens that were written before less probable (above 1) or more (below): positive "
                 "logits are divided by P, negative ones multiplied (Keskar et al. 2019)")
              .at_least(0.01)
              .at_most(100),
          option(diversity_rate, "diversity-rate", "R",
                 "a hypothesis's k-th best continuation counts k R less when the beam is chosen: more "
                 "different n-best lists (Li et al. 2016)")
              .at_least(0)
              .at_most(1000),
          option(sample, "sample",
                 "draw tokens by their probability instead of searching; --n-best N draws N translations; a "
                 "line's draws depend on the line and --seed alone"),
          option(temperature, "temperature", "T", "of --sample: logits are divided by T")
              .at_least(0.001)
              .at_most(1000),
          option(top_k, "top-k", "K", "of --sample: only the K most probable tokens; 0: all")
              .at_least(0)
              .at_most(1 << 24),
          option(top_p, "top-p", "P",
                 "of --sample: only the most probable tokens that make up P of the probability (Holtzman et "
                 "al. 2020)")
              .at_least(1e-6)
              .at_most(1),
          option(search_until, "search-until", "RULE",
                 "when beam search stops: heuristic (early_stopping=False of transformers 5: the best live "
                 "score "
                 "over the current length), candidates (of transformers 4: what has just ended counts as "
                 "live) or "
                 "exact (the best live score over the longest length allowed)")
              .one_of({"heuristic", "candidates", "exact"}),
      });
}

void SearchOptions::check() const {
  if (!sample) {
    const auto needs_sample = [](bool given, const char* flag) {
      if (given) throw UsageError(flag, "required --sample with it, got none");
    };
    needs_sample(temperature != 1, "--temperature");
    needs_sample(top_k != 0, "--top-k");
    needs_sample(top_p != 1, "--top-p");
  } else if (diversity_rate > 0) {
    throw UsageError("--diversity-rate", "required beam search, got --sample");
  }
  if (!sample && n_best > beam_size) {
    throw UsageError("--n-best", "required at most --beam-size " + std::to_string(beam_size) + ", got " +
                                     std::to_string(n_best));
  }
  if (max_length > 0 && min_length >= max_length) {
    throw UsageError("--min-length", "required less than --max-length " + std::to_string(max_length) +
                                         ", got " + std::to_string(min_length));
  }
}

SearchLimits SearchLimits::part(size_t first, size_t step) const {
  SearchLimits result;
  result.end_id = end_id;
  result.forbidden = forbidden;
  for (size_t i = first; i < lengths.size(); i += step) {
    result.lengths.push_back(lengths[i]);
    if (!prefixes.empty()) result.prefixes.push_back(prefixes[i]);
    if (!keys.empty()) result.keys.push_back(keys[i]);
  }
  return result;
}

bool Hypothesis::grow(int64_t token, double token_log_probability, int64_t end_id) {
  log_probability += token_log_probability;
  complete = token < 0 || token == end_id;
  if (!complete) ids.push_back(token);
  return complete;
}

void order_by_score(std::vector<Hypothesis>& hypotheses) {
  std::stable_sort(hypotheses.begin(), hypotheses.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
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
