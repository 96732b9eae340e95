#include "decoding/next_token.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/random.h"
#include "decoding/loop_guard.h"

namespace dragoman {
namespace {

void force(float* logits, int64_t vocabulary, int64_t token) {
  const float kept = logits[token];
  std::fill_n(logits, vocabulary, kImpossible);
  // A token that the model never generates may still be forced.
  logits[token] = kept == kImpossible ? 0 : kept;
}

void penalise(float* logits, std::vector<int64_t> ids, double penalty) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  const float factor = penalty;
  for (const int64_t id : ids) logits[id] = logits[id] > 0 ? logits[id] / factor : logits[id] * factor;
}

// Only these tokens may follow.
void allow_only(float* logits, int64_t vocabulary, const std::vector<int64_t>& tokens) {
  std::fill_n(logits, vocabulary, kImpossible);
  for (const int64_t token : tokens) logits[token] = 0;
}

void suppress(float* logits, const std::vector<int64_t>& tokens) {
  for (const int64_t token : tokens) logits[token] = kImpossible;
}

// Forbids the last token of each n-gram whose other tokens are at the end of `ids`.
void forbid_ngrams(float* logits, const std::vector<int64_t>& ids,
                   const std::vector<std::vector<int64_t>>& ngrams) {
  for (const auto& ngram : ngrams) {
    const int64_t before = std::ssize(ngram) - 1;
    if (before <= std::ssize(ids) && std::equal(ngram.begin(), ngram.end() - 1, ids.end() - before))
      logits[ngram.back()] = kImpossible;
  }
}

}  // namespace

bool has_token_rules(const SearchOptions& options, const SearchLimits& limits) {
  return options.repetition_penalty != 1 || options.no_repeat_ngram > 0 ||
         options.encoder_no_repeat_ngram > 0 || !limits.forbidden.empty() || !limits.prefixes.empty() ||
         options.forced_begin >= 0 || !options.forced_ends.empty() || !options.suppressed.empty() ||
         !options.begin_suppressed.empty();
}

void apply_token_rules(float* logits, int64_t vocabulary, const std::vector<int64_t>& ids, size_t sentence,
                       const SearchOptions& options, const SearchLimits& limits) {
  const int64_t length = ids.size();
  if (!limits.prefixes.empty() && ids.size() < limits.prefixes[sentence].size())
    return force(logits, vocabulary, limits.prefixes[sentence][ids.size()]);
  if (options.repetition_penalty != 1) penalise(logits, ids, options.repetition_penalty);
  if (options.no_repeat_ngram > 0) suppress(logits, repeating_tokens(ids, options.no_repeat_ngram));
  if (options.encoder_no_repeat_ngram > 0)
    suppress(logits, following_tokens(*limits.sources[sentence], ids, options.encoder_no_repeat_ngram));
  forbid_ngrams(logits, ids, limits.forbidden);
  if (length < options.min_length) {
    logits[limits.end_id] = kImpossible;
    suppress(logits, options.ends);
  }
  if (options.forced_begin >= 0 && length == 0) allow_only(logits, vocabulary, {options.forced_begin});
  if (!options.forced_ends.empty() && length + 1 == limits.lengths[sentence])
    allow_only(logits, vocabulary, options.forced_ends);
  suppress(logits, options.suppressed);
  if (length == (options.forced_begin >= 0 ? 1 : 0)) suppress(logits, options.begin_suppressed);
}

SampledToken sample_token(const float* logits, int64_t vocabulary, const SearchOptions& options,
                          double uniform) {
  std::vector<int64_t> order;
  for (int64_t i = 0; i < vocabulary; ++i) {
    if (logits[i] != kImpossible) order.push_back(i);
  }
  if (order.empty()) return {-1, kImpossible};
  // In a tie the first token comes first, so the order is the same everywhere.
  const auto better = [&](int64_t a, int64_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  size_t kept = order.size();
  if (options.top_k > 0) kept = std::min<size_t>(kept, options.top_k);
  std::partial_sort(order.begin(), order.begin() + kept, order.end(), better);
  const double best = logits[order[0]];
  double all = 0;
  for (const int64_t id : order) all += std::exp(double{logits[id]} - best);

  std::vector<double> weights(kept);
  for (size_t i = 0; i < kept; ++i) weights[i] = std::exp((logits[order[i]] - best) / options.temperature);
  const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
  double nucleus = 0;
  size_t end = 0;
  while (end < kept && (end == 0 || nucleus < options.top_p * total)) nucleus += weights[end++];
  double left = uniform * nucleus;
  size_t chosen = 0;
  while (chosen + 1 < end && left >= weights[chosen]) left -= weights[chosen++];
  const float log_probability = logits[order[chosen]] - best - std::log(all);
  return {order[chosen], log_probability};
}

double sampling_number(uint64_t seed, uint64_t key, int64_t sample, int64_t position) {
  const uint64_t of_line = mix_seeds(mix_seeds(seed, key), sample);
  return SplitMix64(mix_seeds(of_line, position)).uniform();
}

}  // namespace dragoman
