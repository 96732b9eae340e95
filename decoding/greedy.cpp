// Greedy search: the most probable token, again and again.
#include <limits>

#include "decoding/search.h"

namespace dragoman {
namespace {

// The best token of each row and its log-probability, on the CPU. logits: [n,V].
std::pair<torch::Tensor, torch::Tensor> best_tokens(const torch::Tensor& logits) {
  const auto [best, token] = logits.max(1);
  const auto log_probability = best - logits.logsumexp(1);
  return {token.to(torch::kCPU).contiguous(), log_probability.to(torch::kCPU).contiguous()};
}

// What each row has written so far.
std::vector<const std::vector<int64_t>*> greedy_ids_of(const std::vector<std::vector<Hypothesis>>& results,
                                                       const std::vector<int64_t>& sentences) {
  std::vector<const std::vector<int64_t>*> ids;
  for (const int64_t sentence : sentences) ids.push_back(&results[static_cast<size_t>(sentence)][0].ids);
  return ids;
}

}  // namespace

std::vector<std::vector<Hypothesis>> greedy_search(const CachedDecoder& decoder, const torch::Tensor& source,
                                                   const SearchOptions& options, const SearchLimits& limits) {
  const c10::InferenceMode inference;
  std::vector<std::vector<Hypothesis>> results(static_cast<size_t>(source.size(0)),
                                               std::vector<Hypothesis>(1));
  std::vector<int64_t> alive(results.size());  // which sentence each row is
  for (size_t i = 0; i < alive.size(); ++i) alive[i] = static_cast<int64_t>(i);
  DecoderState state = decoder.start(source, 1);
  auto tokens = torch::full({source.size(0)}, decoder.start_id(), source.options());

  for (int64_t length = 1; !alive.empty(); ++length) {
    auto logits = decoder.step(tokens, state);
    if (length <= options.min_length)
      logits.select(1, limits.end_id).fill_(-std::numeric_limits<float>::infinity());
    if (options.no_repeat_ngram > 0)
      forbid_repeats(logits, greedy_ids_of(results, alive), options.no_repeat_ngram);
    const auto [token, log_probability] = best_tokens(logits);
    std::vector<int64_t> going_on, kept_rows, next;
    for (size_t row = 0; row < alive.size(); ++row) {
      const auto sentence = static_cast<size_t>(alive[row]);
      Hypothesis& hypothesis = results[sentence][0];
      const int64_t id = token.const_data_ptr<int64_t>()[row];
      hypothesis.log_probability += log_probability.const_data_ptr<float>()[row];
      hypothesis.complete = id == limits.end_id;
      if (!hypothesis.complete) hypothesis.ids.push_back(id);
      if (hypothesis.complete || length >= limits.lengths[sentence]) {
        hypothesis.score = hypothesis.log_probability / options.penalty(length);
      } else {
        going_on.push_back(alive[row]), kept_rows.push_back(static_cast<int64_t>(row)), next.push_back(id);
      }
    }
    if (going_on.size() < alive.size() && !going_on.empty()) {
      state.select_sentences(torch::tensor(kept_rows, torch::kInt64).to(decoder.device()));
    }
    alive = std::move(going_on);
    tokens = torch::tensor(next, torch::kInt64).to(decoder.device());
  }
  return results;
}

std::vector<std::vector<Hypothesis>> search(const CachedDecoder& decoder, const torch::Tensor& source,
                                            const SearchOptions& options, const SearchLimits& limits) {
  return options.beam_size == 1 ? greedy_search(decoder, source, options, limits)
                                : beam_search(decoder, source, options, limits);
}

}  // namespace dragoman
