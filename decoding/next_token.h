// What may stand next in a hypothesis, beyond what the model says; torch-free.
#pragma once

#include <cstdint>
#include <vector>

#include "decoding/search_options.h"

namespace dragoman {

// Whether a step of this search changes logits at all, </s> below the least length aside.
bool has_token_rules(const SearchOptions& options, const SearchLimits& limits);

// Changes the logits (or log-probabilities: SearchOptions::rules_see_log_probabilities) of what follows
// `ids`, a hypothesis of sentence `sentence`, in the order of transformers:
//   a given beginning    all but its token become -inf, and nothing below is done
//   repetition penalty   of tokens that stand in `ids`, positive logits are divided by it and negative ones
//                        multiplied (Keskar et al. 2019, "CTRL", section 4.1)
//   groups of tokens     what would complete one that stands in `ids` already, one of the source, or a
//                        forbidden one becomes -inf
//   least length         what ends a translation becomes -inf before min_length tokens
//   forced first token   all but it become -inf
//   forced last token    at the length limit all but those that may end become -inf
//   suppressed tokens    become -inf; some as the first token alone
// logits: [vocabulary].
void apply_token_rules(float* logits, int64_t vocabulary, const std::vector<int64_t>& ids, size_t sentence,
                       const SearchOptions& options, const SearchLimits& limits);

struct SampledToken {
  int64_t token;
  float log_probability;  // by the model (softmax of the logits as they are), whatever was drawn from
};

// Draws from softmax(logits / temperature), cut to the top_k best tokens (0: all) and then to the fewest best
// ones whose probabilities make up top_p (nucleus sampling, Holtzman et al. 2020, section 3.1). uniform: in
// [0,1). Token -1 when every logit is -inf.
SampledToken sample_token(const float* logits, int64_t vocabulary, const SearchOptions& options,
                          double uniform);

// The random number of one draw: of a sentence by its key, so that neither batch nor threads change it.
double sampling_number(uint64_t seed, uint64_t key, int64_t sample, int64_t position);

}  // namespace dragoman
