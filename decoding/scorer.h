// Computes a model's probability of given translations, token by token, with the engine that translates.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "decoding/search_engine.h"
#include "folder/model_folder.h"

namespace dragoman {

struct ScoredToken {
  std::string piece;
  double log_probability;  // natural logarithm
};

// The score of one pair. </s> is the last token.
struct PairScore {
  std::vector<ScoredToken> tokens;
  double log_probability() const;  // the sum over all tokens
};

class Scorer {
 public:
  // folders: one, or an ensemble, as Translator's. max_tokens: the maximum number of padded target positions
  // per batch. UsageError as Translator's.
  Scorer(std::vector<ModelFolder> folders, const std::string& target_language, int64_t max_tokens,
         const EngineFactory& make_engine);

  // One score per pair, in their order. There must be as many sources as targets. A pair's score does not
  // depend on its batch. Invalid UTF-8 is replaced first, as in translate. Nothing is truncated.
  std::vector<PairScore> score(const std::vector<std::string>& sources,
                               const std::vector<std::string>& targets) const;

  // The first of the models.
  const ModelFolder& folder() const { return folders_.front(); }

 private:
  std::vector<ModelFolder> folders_;
  int64_t max_tokens_;
  std::unique_ptr<SearchEngine> engine_;
  std::vector<int64_t> prefix_;
};

}  // namespace dragoman
