// One step of a search: the rows read their tokens, the rules (next_token.h) change the logits, and the next
// tokens are chosen. Torch-free.
#pragma once

#include <vector>

#include "decoding/next_token.h"
#include "decoding/search_options.h"
#include "decoding/step_decoder.h"

namespace dragoman {

// The hypotheses of a step, one row each. All have the same number of tokens.
struct HypothesisRows {
  std::vector<DecoderRow> rows;
  SentenceIds ids;               // of each: its tokens so far
  std::vector<int64_t> samples;  // of each, in greedy search: the index among its sentence's samples

  void clear() { rows.clear(), ids.clear(), samples.clear(); }
};

class SearchStep {
 public:
  // All must outlive it.
  SearchStep(StepDecoder& decoder, const SearchOptions& options, const SearchLimits& limits);

  // For beam search: the options.candidates() best tokens of each row.
  const BestTokens& best(const HypothesisRows& hypotheses);
  // For greedy search: one token of each row, the best or, with options.sample, a sampled one.
  const std::vector<SampledToken>& choose(const HypothesisRows& hypotheses);

 private:
  StepLogits& logits(const HypothesisRows& hypotheses);
  void sample(const HypothesisRows& hypotheses);

  StepDecoder& decoder_;
  const SearchOptions& options_;
  const SearchLimits& limits_;
  int64_t vocabulary_;
  bool has_rules_;
  std::vector<int64_t> ends_;  // tokens that end a hypothesis
  BestTokens best_;
  std::vector<SampledToken> chosen_;
};

}  // namespace dragoman
