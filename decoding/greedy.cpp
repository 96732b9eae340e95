// Greedy search takes the most probable token at each step; sampling takes a random one.
#include "core/interrupt.h"
#include "decoding/search.h"
#include "decoding/search_step.h"

namespace dragoman {
namespace {

// Every sample of every sentence, before its first token.
HypothesisRows first_rows(SearchResults& results, int64_t start_id) {
  HypothesisRows all;
  for (int64_t sentence = 0; sentence < std::ssize(results); ++sentence) {
    for (int64_t sample = 0; sample < std::ssize(results[sentence]); ++sample) {
      all.rows.push_back({0, sentence, start_id});
      all.ids.push_back(&results[sentence][sample].ids);
      all.samples.push_back(sample);
    }
  }
  return all;
}

}  // namespace

SearchResults greedy_search(StepDecoder& decoder, const SentenceIds& sources, const SearchOptions& options,
                            const SearchLimits& limits) {
  decoder.start(sources);
  SearchResults results(sources.size(), std::vector<Hypothesis>(options.sample ? options.n_best : 1));
  SearchStep step(decoder, options, limits);
  HypothesisRows live = first_rows(results, decoder.start_id()), next;
  while (!live.rows.empty()) {
    throw_if_interrupted();
    const auto& chosen = step.choose(live);
    next.clear();
    for (int64_t r = 0; r < std::ssize(live.rows); ++r) {
      const int64_t sentence = live.rows[r].sentence, sample = live.samples[r];
      const auto [token, log_probability] = chosen[r];
      if (results[sentence][sample].grow(token, log_probability, limits.lengths[sentence], limits.end_id,
                                         options))
        continue;
      next.rows.push_back({r, sentence, token});
      next.ids.push_back(live.ids[r]);
      next.samples.push_back(sample);
    }
    std::swap(live, next);
  }
  for (auto& hypotheses : results) order_by_score(hypotheses);
  return results;
}

SearchResults search(StepDecoder& decoder, const SentenceIds& sources, const SearchOptions& options,
                     const SearchLimits& limits) {
  return options.is_beam_search() ? beam_search(decoder, sources, options, limits)
                                  : greedy_search(decoder, sources, options, limits);
}

}  // namespace dragoman
