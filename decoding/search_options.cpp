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
                 "average: length^ALPHA; wu: ((5+length)/6)^ALPHA (Wu et al. 2016)"),
          option(word_penalty, "word-penalty", "W",
                 "log-probabilities are lowered by W for each token before they are compared (Marian's)")
              .at_least(-1000)
              .at_most(1000),
          option(min_length, "min-length", "N", "minimum number of tokens before </s>")
              .at_least(0)
              .at_most(1 << 20),
          option(max_length, "max-length", "N",
                 "maximum number of generated tokens, </s> included; 0: --min-length plus three times the "
                 "source plus 50, at most the folder's own limit")
              .at_least(0)
              .at_most(1 << 20),
          option(n_best, "n-best", "N",
                 "print the N best translations of each line, with different texts; the beam grows to N "
                 "unless it is given")
              .at_least(1)
              .at_most(1024),
          option(no_repeat_ngram, "no-repeat-ngram", "N",
                 "no n-gram of N tokens occurs twice in a translation; 0: no limit")
              .at_least(0)
              .at_most(1024)
              .alias("no-repeat-ngram-size"),
          option(encoder_no_repeat_ngram, "encoder-no-repeat-ngram", "N",
                 "no n-gram of N tokens of the source occurs in its translation; 0: no limit")
              .at_least(0)
              .at_most(1024)
              .alias("encoder-no-repeat-ngram-size"),
          option(repetition_penalty, "repetition-penalty", "P",
                 "makes tokens that were already generated less probable (above 1) or more probable (below "
                 "1), as transformers does. Beam search multiplies their log-probabilities by P. Greedy "
                 "search and --sample divide positive logits by P and multiply negative ones (Keskar et "
                 "al. 2019)")
              .at_least(0.01)
              .at_most(100),
          option(diversity_rate, "diversity-rate", "R",
                 "lowers the score of a hypothesis's k-th best continuation by k R when the beam is "
                 "selected, for more diverse n-best lists (Li et al. 2016)")
              .at_least(0)
              .at_most(1000),
          option(sample, "sample",
                 "sample tokens by their probability instead of searching. --n-best N samples N "
                 "translations. The samples of a line depend only on the line and --seed"),
          option(temperature, "temperature", "T", "with --sample: divide logits by T")
              .at_least(0.001)
              .at_most(1000),
          option(top_k, "top-k", "K", "with --sample: only the K most probable tokens; 0: all")
              .at_least(0)
              .at_most(1 << 24),
          option(top_p, "top-p", "P",
                 "with --sample: only the most probable tokens, which together have probability P "
                 "(Holtzman et al. 2020)")
              .at_least(1e-6)
              .at_most(1),
          option(search_until, "search-until", "RULE",
                 "when beam search stops. heuristic: by the best live score over the current length "
                 "(early_stopping=False of transformers 5). candidates: the same, but a hypothesis that "
                 "has just ended counts as live (transformers 4). exact: by the best live score over the "
                 "maximum length (early_stopping=\"never\"). first: as soon as --beam-size hypotheses have "
                 "ended (early_stopping=True)"),
      });
}

void SearchOptions::check() const {
  if (!sample) {
    const auto needs_sample = [](bool given, const char* flag) {
      if (given) throw UsageError(flag, "expected --sample with it, got none");
    };
    needs_sample(temperature != 1, "--temperature");
    needs_sample(top_k != 0, "--top-k");
    needs_sample(top_p != 1, "--top-p");
  } else if (diversity_rate > 0) {
    throw UsageError("--diversity-rate", "expected beam search, got --sample");
  }
  if (!sample && n_best > beam_size) {
    throw UsageError("--n-best", "expected at most --beam-size " + std::to_string(beam_size) + ", got " +
                                     std::to_string(n_best));
  }
  if (max_length > 0 && min_length >= max_length) {
    throw UsageError("--min-length", "expected less than --max-length " + std::to_string(max_length) +
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
    if (!sources.empty()) result.sources.push_back(sources[i]);
  }
  return result;
}

bool Hypothesis::grow(int64_t token, double token_log_probability, int64_t limit, int64_t end_id,
                      const SearchOptions& options) {
  log_probability += token_log_probability;
  const bool other_end = std::count(options.ends.begin(), options.ends.end(), token) > 0 && token != end_id;
  if (token >= 0 && token != end_id) ids.push_back(token);
  const int64_t length = std::ssize(ids) + (token < 0 || token == end_id ? 1 : 0);
  const bool last = length >= limit;
  const bool ended = token < 0 || token == end_id || other_end;
  complete = ended && !(last && !options.forced_ends.empty());
  if (ended || last) score = options.score(log_probability, length);
  return ended || last;
}

void order_by_score(std::vector<Hypothesis>& hypotheses) {
  std::stable_sort(hypotheses.begin(), hypotheses.end(),
                   [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
}

double SearchOptions::penalty(int64_t length) const {
  const double base = length_penalty_kind == LengthPenaltyKind::kWu ? (5.0 + length) / 6.0 : length;
  return std::pow(base, length_penalty);
}

int64_t SearchOptions::limit(int64_t source_length, int64_t model_limit) const {
  if (max_length > 0) return max_length;
  const int64_t usual = min_length + 3 * source_length + 50;
  return min_length < model_limit ? std::max<int64_t>(1, std::min(model_limit, usual)) : usual;
}

}  // namespace dragoman
