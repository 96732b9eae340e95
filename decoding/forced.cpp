// Forced decoding: scores the tokens of given hypotheses as the search would.
#include "core/interrupt.h"
#include "decoding/search.h"

namespace dragoman {

std::vector<std::vector<double>> score_targets(StepDecoder& decoder, const SentenceIds& sources,
                                               const SentenceIds& targets) {
  decoder.start(sources);
  std::vector<std::vector<double>> scores(targets.size());
  std::vector<DecoderRow> rows, next;
  std::vector<int64_t> tokens;
  std::vector<double> found;
  for (int64_t i = 0; i < std::ssize(targets); ++i) rows.push_back({0, i, decoder.start_id()});
  for (int64_t t = 0; !rows.empty(); ++t) {
    throw_if_interrupted();
    tokens.clear(), next.clear();
    for (const auto& row : rows) tokens.push_back((*targets[row.sentence])[t]);
    decoder.step(rows).log_probabilities(tokens, found);
    for (int64_t r = 0; r < std::ssize(rows); ++r) {
      const int64_t sentence = rows[r].sentence;
      scores[sentence].push_back(found[r]);
      if (t + 1 < std::ssize(*targets[sentence])) next.push_back({r, sentence, tokens[r]});
    }
    rows.swap(next);
  }
  return scores;
}

}  // namespace dragoman
