// Greedy search: the most probable token, again and again; and sampling, which draws it instead.
#include "core/interrupt.h"
#include "decoding/next_token.h"
#include "decoding/search.h"

namespace dragoman {
namespace {

// A row of the batch: one hypothesis of a sentence.
struct GreedyRow {
  size_t sentence;
  int64_t sample;  // which of its draws; 0 in greedy search
};

std::vector<HypothesisSoFar> ids_of(const std::vector<std::vector<Hypothesis>>& results,
                                    const std::vector<GreedyRow>& rows) {
  std::vector<HypothesisSoFar> ids;
  for (const auto& row : rows)
    ids.push_back({&results[row.sentence][static_cast<size_t>(row.sample)].ids, row.sentence});
  return ids;
}

// logits: [n,V].
std::vector<SampledToken> best_tokens(const torch::Tensor& logits) {
  const auto [best, token] = logits.max(1);
  // In one copy: the one time in a step that the device is waited for.
  const auto both =
      torch::stack({(best - logits.logsumexp(1)).to(torch::kFloat64), token.to(torch::kFloat64)})
          .to(torch::kCPU)
          .contiguous();
  const double *log_probabilities = both.const_data_ptr<double>(),
               *tokens = log_probabilities + logits.size(0);
  std::vector<SampledToken> chosen;
  for (int64_t i = 0; i < logits.size(0); ++i)
    chosen.push_back({static_cast<int64_t>(tokens[i]), static_cast<float>(log_probabilities[i])});
  return chosen;
}

std::vector<SampledToken> drawn_tokens(const torch::Tensor& logits, const std::vector<GreedyRow>& rows,
                                       int64_t position, const SearchOptions& options,
                                       const SearchLimits& limits) {
  const auto on_cpu = logits.to(torch::kCPU).contiguous();
  std::vector<SampledToken> chosen;
  for (size_t i = 0; i < rows.size(); ++i) {
    chosen.push_back(sample_token(on_cpu[static_cast<int64_t>(i)].const_data_ptr<float>(), on_cpu.size(1),
                                  options,
                                  sampling_number(static_cast<uint64_t>(options.seed),
                                                  limits.keys[rows[i].sentence], rows[i].sample, position)));
  }
  return chosen;
}

}  // namespace

std::vector<std::vector<Hypothesis>> greedy_search(const DecoderEnsemble& decoder,
                                                   const torch::Tensor& source, const SearchOptions& options,
                                                   const SearchLimits& limits) {
  const c10::InferenceMode inference;
  const int64_t samples = options.sample ? options.n_best : 1;
  std::vector<std::vector<Hypothesis>> results(static_cast<size_t>(source.size(0)),
                                               std::vector<Hypothesis>(static_cast<size_t>(samples)));
  std::vector<GreedyRow> alive;
  for (size_t i = 0; i < results.size(); ++i) {
    for (int64_t sample = 0; sample < samples; ++sample) alive.push_back({i, sample});
  }
  // Each draw is a sentence of its own to the decoder.
  EnsembleState state = decoder.start(samples == 1 ? source : source.repeat_interleave(samples, 0), 1);
  auto tokens = torch::full({source.size(0) * samples}, decoder.start_id(), source.options());

  for (int64_t length = 1; !alive.empty(); ++length) {
    throw_if_interrupted();
    auto logits = decoder.step(tokens, state);
    apply_rules(logits, ids_of(results, alive), options, limits);
    const auto chosen =
        options.sample ? drawn_tokens(logits, alive, length, options, limits) : best_tokens(logits);
    std::vector<GreedyRow> going_on;
    std::vector<int64_t> kept_rows, next;
    for (size_t row = 0; row < alive.size(); ++row) {
      Hypothesis& hypothesis = results[alive[row].sentence][static_cast<size_t>(alive[row].sample)];
      if (!hypothesis.grow(chosen[row].token, chosen[row].log_probability,
                           limits.lengths[alive[row].sentence], limits.end_id, options)) {
        going_on.push_back(alive[row]), kept_rows.push_back(static_cast<int64_t>(row));
        next.push_back(chosen[row].token);
      }
    }
    if (going_on.size() < alive.size() && !going_on.empty()) {
      state.select_sentences(torch::tensor(kept_rows, torch::kInt64).to(decoder.device()));
    }
    alive = std::move(going_on);
    tokens = torch::tensor(next, torch::kInt64).to(decoder.device());
  }
  for (auto& hypotheses : results) order_by_score(hypotheses);
  return results;
}

std::vector<std::vector<Hypothesis>> search(const DecoderEnsemble& decoder, const torch::Tensor& source,
                                            const SearchOptions& options, const SearchLimits& limits) {
  return options.beam_size == 1 || options.sample ? greedy_search(decoder, source, options, limits)
                                                  : beam_search(decoder, source, options, limits);
}

}  // namespace dragoman
