// Beam search: the b best unfinished hypotheses of each sentence go on together (decoding/sentence_beam.h).
// On the device all sentences have b rows; where fewer hypotheses live, the rest are rows that nothing
// chooses.
#include <algorithm>

#include "core/interrupt.h"
#include "decoding/search.h"
#include "decoding/sentence_beam.h"

namespace dragoman {
namespace {

// The best continuations of each sentence. logits: [n*b,V]; live: [n*b], log-probabilities so far.
std::vector<std::vector<BeamCandidate>> best_continuations(const torch::Tensor& logits,
                                                           const torch::Tensor& live,
                                                           const SearchOptions& options) {
  const int64_t beams = options.beam_size, n = logits.size(0) / beams, vocabulary = logits.size(1);
  const auto scores = (options.renormalize ? logits.log_softmax(1) : logits) + live.unsqueeze(1);  // [n*b,V]
  auto ranked = scores;
  if (options.diversity_rate > 0) {
    const auto order = std::get<1>(scores.topk(std::min(options.candidates(), vocabulary), 1));
    const auto cost = torch::arange(1, order.size(1) + 1, scores.options()) * options.diversity_rate;
    ranked = torch::full_like(scores, kImpossible).scatter_(1, order, scores.gather(1, order) - cost);
  }
  const int64_t count = std::min(options.candidates(), beams * vocabulary);
  const auto best = std::get<1>(ranked.view({n, -1}).topk(count, 1));
  // Scores and places in one copy: the one time in a step that the device is waited for.
  const auto both =
      torch::stack({scores.view({n, -1}).gather(1, best).to(torch::kFloat64), best.to(torch::kFloat64)})
          .to(torch::kCPU)
          .contiguous();
  const double *values = both.const_data_ptr<double>(), *places = values + n * count;
  std::vector<std::vector<BeamCandidate>> candidates(static_cast<size_t>(n));
  for (int64_t i = 0; i < n * count; ++i) {
    const auto place = static_cast<int64_t>(places[i]);
    candidates[static_cast<size_t>(i / count)].push_back(
        {static_cast<float>(values[i]), place / vocabulary, place % vocabulary});
  }
  return candidates;
}

// All sentences of a batch that still run: row r of the decoder is beam r % b of sentence r / b.
struct Rows {
  std::vector<int64_t> origin, tokens, kept_sentences;
  std::vector<float> log_probabilities;

  void add(const SentenceBeam& beam, int64_t beams, int64_t first_row) {
    for (const auto& live : beam.live()) {
      origin.push_back(first_row + live.origin);
      tokens.push_back(live.hypothesis.ids.back());
      log_probabilities.push_back(static_cast<float>(live.hypothesis.log_probability));
    }
    for (auto i = static_cast<int64_t>(beam.live().size()); i < beams; ++i) {
      origin.push_back(first_row), tokens.push_back(tokens.back());
      log_probabilities.push_back(kImpossible);
    }
  }
};

// What each row has written so far; the rows that stand in write what the first one does.
std::vector<HypothesisSoFar> ids_of(const std::vector<SentenceBeam>& running, int64_t beams) {
  std::vector<HypothesisSoFar> ids;
  for (const auto& beam : running) {
    for (int64_t i = 0; i < beams; ++i) {
      const auto live = std::min(static_cast<size_t>(i), beam.live().size() - 1);
      ids.push_back({&beam.live()[live].hypothesis.ids, static_cast<size_t>(beam.sentence())});
    }
  }
  return ids;
}

bool in_order(const std::vector<int64_t>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::vector<Hypothesis>> beam_search(const DecoderEnsemble& decoder, const torch::Tensor& source,
                                                 const SearchOptions& options, const SearchLimits& limits) {
  const c10::InferenceMode inference;
  const int64_t n = source.size(0), beams = options.beam_size;
  const auto device = decoder.device();
  std::vector<SentenceBeam> running;
  std::vector<float> scores;
  for (int64_t i = 0; i < n; ++i) {
    running.emplace_back(i, limits, options);
    scores.resize(scores.size() + static_cast<size_t>(beams), kImpossible);
    scores[scores.size() - static_cast<size_t>(beams)] = 0;  // all begin alike: only one may be continued
  }
  std::vector<std::vector<Hypothesis>> results(static_cast<size_t>(n));
  EnsembleState state = decoder.start(source, beams);
  auto tokens = torch::full({n * beams}, decoder.start_id(), source.options());

  for (int64_t length = 1; !running.empty(); ++length) {
    throw_if_interrupted();
    auto logits = decoder.step(tokens, state);
    if (options.rules_see_log_probabilities()) logits = logits.log_softmax(1);
    apply_rules(logits, ids_of(running, beams), options, limits);
    const auto candidates = best_continuations(logits, torch::tensor(scores).to(device), options);
    Rows rows;
    std::vector<SentenceBeam> going_on;
    for (size_t i = 0; i < running.size(); ++i) {
      running[i].advance(candidates[i], length);
      if (running[i].done()) {
        results[static_cast<size_t>(running[i].sentence())] = running[i].best();
        continue;
      }
      rows.add(running[i], beams, static_cast<int64_t>(going_on.size()) * beams);
      rows.kept_sentences.push_back(static_cast<int64_t>(i));
      going_on.push_back(std::move(running[i]));
    }
    if (!going_on.empty() && going_on.size() < candidates.size()) {
      state.select_sentences(torch::tensor(rows.kept_sentences, torch::kInt64).to(device));
    }
    if (!going_on.empty() && !in_order(rows.origin))
      state.select_rows(torch::tensor(rows.origin, torch::kInt64).to(device));
    running = std::move(going_on);
    scores = std::move(rows.log_probabilities);
    tokens = torch::tensor(rows.tokens, torch::kInt64).to(device);
  }
  return results;
}

}  // namespace dragoman
