#include <limits>

#include "decoding/loop_guard.h"
#include "decoding/search.h"

namespace dragoman {

void forbid_repeats(torch::Tensor& logits, const std::vector<const std::vector<int64_t>*>& hypotheses,
                    int64_t n) {
  const int64_t vocabulary = logits.size(1);
  std::vector<int64_t> places;  // in the flat logits
  for (size_t row = 0; row < hypotheses.size(); ++row) {
    for (const int64_t token : repeating_tokens(*hypotheses[row], n))
      places.push_back(static_cast<int64_t>(row) * vocabulary + token);
  }
  if (places.empty()) return;
  logits.view({-1}).index_fill_(0, torch::tensor(places, torch::kInt64).to(logits.device()),
                                -std::numeric_limits<float>::infinity());
}

}  // namespace dragoman
