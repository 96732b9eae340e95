#include "decoding/search_step.h"

#include <algorithm>

namespace dragoman {

SearchStep::SearchStep(StepDecoder& decoder, const SearchOptions& options, const SearchLimits& limits)
    : decoder_(decoder),
      options_(options),
      limits_(limits),
      vocabulary_(decoder.vocabulary()),
      has_rules_(has_token_rules(options, limits)),
      ends_(options.ends) {
  ends_.push_back(limits.end_id);
}

// The logits after the rules.
StepLogits& SearchStep::logits(const HypothesisRows& hypotheses) {
  StepLogits& logits = decoder_.step(hypotheses.rows);
  if (options_.rules_see_log_probabilities()) logits.log_softmax();
  if (has_rules_) {
    logits.for_each_row([&](int64_t r, float* row) {
      apply_token_rules(row, vocabulary_, *hypotheses.ids[r], hypotheses.rows[r].sentence, options_, limits_);
    });
  } else if (std::ssize(*hypotheses.ids.front()) < options_.min_length) {
    logits.forbid(ends_);  // the only rule that an accelerator can apply
  }
  return logits;
}

const BestTokens& SearchStep::best(const HypothesisRows& hypotheses) {
  logits(hypotheses).best(std::min(options_.candidates(), vocabulary_), options_.renormalize, best_);
  return best_;
}

const std::vector<SampledToken>& SearchStep::choose(const HypothesisRows& hypotheses) {
  chosen_.resize(hypotheses.rows.size());
  if (options_.sample) {
    sample(hypotheses);
    return chosen_;
  }
  logits(hypotheses).best(1, /*normalise=*/true, best_);
  for (int64_t r = 0; r < std::ssize(chosen_); ++r)
    chosen_[r] = {best_.token(r, 0), best_.log_probability(r, 0)};
  return chosen_;
}

void SearchStep::sample(const HypothesisRows& hypotheses) {
  logits(hypotheses).for_each_row([&](int64_t r, const float* row) {
    const int64_t position = std::ssize(*hypotheses.ids[r]) + 1;
    const uint64_t key = limits_.keys[hypotheses.rows[r].sentence];
    chosen_[r] = sample_token(row, vocabulary_, options_,
                              sampling_number(options_.seed, key, hypotheses.samples[r], position));
  });
}

}  // namespace dragoman
