// Beam search: the b best unfinished hypotheses of each sentence continue together (sentence_beam.h). A
// sentence has as many rows as it has live hypotheses: one at first, and none once it is finished.
#include <algorithm>

#include "core/interrupt.h"
#include "decoding/search.h"
#include "decoding/search_step.h"
#include "decoding/sentence_beam.h"

namespace dragoman {
namespace {

// The best continuations of the hypotheses of a sentence.
class Continuations {
 public:
  explicit Continuations(const SearchOptions& options) : options_(options) {}

  // best: of the rows of a step, where those of this beam begin with `first_row`.
  const std::vector<BeamCandidate>& of(const SentenceBeam& beam, const BestTokens& best, int64_t first_row) {
    ranked_.clear(), candidates_.clear();
    for (int64_t i = 0; i < std::ssize(beam.live()); ++i) add_row(beam, i, best, first_row + i);
    // Each row is already sorted. In a tie, the first hypothesis comes first.
    const auto better = [](const Ranked& a, const Ranked& b) { return a.rank > b.rank; };
    if (beam.live().size() > 1) std::stable_sort(ranked_.begin(), ranked_.end(), better);
    const int64_t count = std::min(std::ssize(ranked_), options_.candidates());
    for (int64_t i = 0; i < count; ++i) candidates_.push_back(ranked_[i].candidate);
    return candidates_;
  }

 private:
  struct Ranked {
    float rank;  // the log-probability minus the cost of diversity
    BeamCandidate candidate;
  };

  void add_row(const SentenceBeam& beam, int64_t hypothesis, const BestTokens& best, int64_t row) {
    const float so_far = beam.live()[hypothesis].hypothesis.log_probability;
    for (int64_t k = 0; k < best.count && best.log_probability(row, k) != kImpossible; ++k) {
      const float sum = best.log_probability(row, k) + so_far;
      const float cost = (k + 1) * options_.diversity_rate;
      ranked_.push_back({sum - cost, {sum, hypothesis, best.token(row, k)}});
    }
  }

  const SearchOptions& options_;
  std::vector<Ranked> ranked_;
  std::vector<BeamCandidate> candidates_;
};

// The next rows of a sentence, whose rows of this step begin with `first_row`.
void add_rows(const SentenceBeam& beam, int64_t first_row, HypothesisRows& next) {
  for (const auto& live : beam.live())
    next.rows.push_back({first_row + live.origin, beam.sentence(), live.hypothesis.ids.back()});
}

}  // namespace

SearchResults beam_search(StepDecoder& decoder, const SentenceIds& sources, const SearchOptions& options,
                          const SearchLimits& limits) {
  decoder.start(sources);
  SearchResults results(sources.size());
  SearchStep step(decoder, options, limits);
  Continuations continuations(options);
  std::vector<SentenceBeam> running;
  HypothesisRows rows, next;
  for (int64_t i = 0; i < std::ssize(sources); ++i) {
    running.emplace_back(i, limits, options);
    rows.rows.push_back({0, i, decoder.start_id()});
  }
  for (int64_t length = 1; !running.empty(); ++length) {
    throw_if_interrupted();
    rows.ids.clear();
    for (const auto& beam : running) {
      for (const auto& live : beam.live()) rows.ids.push_back(&live.hypothesis.ids);
    }
    const BestTokens& best = step.best(rows);
    next.clear();
    int64_t first_row = 0;
    for (auto& beam : running) {
      const int64_t count = std::ssize(beam.live());
      beam.advance(continuations.of(beam, best, first_row), length);
      if (beam.done())
        results[beam.sentence()] = beam.best();
      else
        add_rows(beam, first_row, next);
      first_row += count;
    }
    std::erase_if(running, [](const SentenceBeam& beam) { return beam.done(); });
    std::swap(rows, next);
  }
  return results;
}

}  // namespace dragoman
