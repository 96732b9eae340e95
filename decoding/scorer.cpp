#include "decoding/scorer.h"

#include <algorithm>
#include <numeric>

#include "core/utf8.h"
#include "core/workers.h"
#include "decoding/batches.h"
#include "decoding/folder_ids.h"

namespace dragoman {

double PairScore::log_probability() const {
  return std::accumulate(tokens.begin(), tokens.end(), 0.0,
                         [](double sum, const ScoredToken& token) { return sum + token.log_probability; });
}

Scorer::Scorer(std::vector<ModelFolder> folders, const std::string& target_language, int64_t max_tokens,
               const EngineFactory& make_engine)
    : folders_(std::move(folders)),
      max_tokens_(max_tokens),
      engine_(make_engine(folders_, forbidden_ids(folders_.front()))),
      prefix_(language_prefix(folders_.front(), target_language)) {
  for (auto& folder : folders_) folder.weights.reset();  // the engine has them
}

std::vector<PairScore> Scorer::score(const std::vector<std::string>& sources,
                                     const std::vector<std::string>& targets) const {
  const Vocabulary& vocabulary = folders_.front().tokenizers.target.vocabulary();
  std::vector<std::vector<int64_t>> source_ids, target_ids;
  for (size_t i = 0; i < sources.size(); ++i) {
    std::string source = sources[i], target = targets[i];
    replace_invalid_utf8(source), replace_invalid_utf8(target);
    const Tokenizer& tokenizer = folders_.front().tokenizers.source;
    auto ids = tokenizer.encode_source(source);
    // A code at the beginning of a line takes precedence, as in translate.
    if (!tokenizer.source_line(source).code) ids.insert(ids.begin(), prefix_.begin(), prefix_.end());
    ids.push_back(tokenizer.vocabulary().eos_id());
    source_ids.push_back(std::move(ids));
    target_ids.push_back(folders_.front().tokenizers.target.encode(target));
    target_ids.back().push_back(vocabulary.eos_id());
  }

  std::vector<size_t> lengths;
  for (size_t i = 0; i < sources.size(); ++i)
    lengths.push_back(std::max(source_ids[i].size(), target_ids[i].size()));
  const auto batches = batches_by_length(lengths, max_tokens_);
  std::vector<PairScore> scores(sources.size());
  side_by_side(batches.size(), engine_->workers(), [&](size_t batch) {
    std::vector<const std::vector<int64_t>*> from, to;
    for (const size_t i : batches[batch]) from.push_back(&source_ids[i]), to.push_back(&target_ids[i]);
    const auto found = engine_->score(from, to);
    for (size_t i = 0; i < found.size(); ++i) {
      PairScore& score = scores[batches[batch][i]];
      for (size_t t = 0; t < found[i].size(); ++t)
        score.tokens.push_back({vocabulary.piece((*to[i])[t]), found[i][t]});
    }
  });
  return scores;
}

}  // namespace dragoman
