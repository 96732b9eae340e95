// The rules for the next token of a hypothesis, in addition to the model's probabilities. Torch-free.
#pragma once

#include <cstdint>
#include <vector>

#include "decoding/search_options.h"

namespace dragoman {

// Whether a step of this search changes logits at all, except </s> below the minimum length.
bool has_token_rules(const SearchOptions& options, const SearchLimits& limits);

// Changes the logits (or log-probabilities: SearchOptions::rules_see_log_probabilities) of the token after
// `ids`, a hypothesis of sentence `sentence`, in the order of transformers:
//   forced prefix        all tokens except the next one of the prefix become -inf; the other rules are
//   skipped repetition penalty   for tokens in `ids`, positive logits are divided by it and negative ones
//   multiplied
//                        (Keskar et al. 2019, "CTRL", section 4.1)
//   n-grams              tokens that would complete an n-gram of `ids`, one of the source, or a forbidden one
//                        become -inf
//   minimum length       tokens that end a translation become -inf before min_length tokens
//   forced first token   all other tokens become -inf
//   forced last token    at the length limit, all tokens except the forced ends become -inf
//   suppressed tokens    become -inf, some of them only as the first token
// logits: [vocabulary].
void apply_token_rules(float* logits, int64_t vocabulary, const std::vector<int64_t>& ids, size_t sentence,
                       const SearchOptions& options, const SearchLimits& limits);

struct SampledToken {
  int64_t token;
  float log_probability;  // of the model: from the softmax of the unchanged logits
};

// Samples from softmax(logits / temperature), restricted to the top_k best tokens (0: all) and then to the
// smallest number of best tokens with a total probability of top_p (nucleus sampling, Holtzman et al. 2020,
// section 3.1). uniform: in [0,1). Token -1 when every logit is -inf.
SampledToken sample_token(const float* logits, int64_t vocabulary, const SearchOptions& options,
                          double uniform);

// The random number of one sample. It depends on the sentence's key, not on the batch or the threads.
double sampling_number(uint64_t seed, uint64_t key, int64_t sample, int64_t position);

}  // namespace dragoman
