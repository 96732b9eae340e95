#include "decoding/next_token.h"
#include "decoding/search.h"

namespace dragoman {

void apply_rules(torch::Tensor& logits, const std::vector<HypothesisSoFar>& hypotheses,
                 const SearchOptions& options, const SearchLimits& limits) {
  if (!has_token_rules(options, limits)) {
    // All rows are of one length, and this needs no look at the logits.
    if (static_cast<int64_t>(hypotheses.front().ids->size()) < options.min_length) {
      logits.select(1, limits.end_id).fill_(kImpossible);
      for (const int64_t id : options.ends) logits.select(1, id).fill_(kImpossible);
    }
    return;
  }
  const auto rows = logits.to(torch::kCPU).contiguous();
  for (size_t i = 0; i < hypotheses.size(); ++i)
    apply_token_rules(rows[static_cast<int64_t>(i)].mutable_data_ptr<float>(), rows.size(1),
                      *hypotheses[i].ids, hypotheses[i].sentence, options, limits);
  logits.copy_(rows);
}

}  // namespace dragoman
