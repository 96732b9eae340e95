#include "decoding/host_logits.h"

#include "decoding/search_options.h"

namespace dragoman {

template <typename Use>
void HostLogits::run(int64_t work, const Use& use) const {
  pool_.run(rows_, rows_ * vocabulary_ * work, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) use(r, logits_ + r * stride_);
  });
}

float HostLogits::log_sum(const float* row) const {
  float best = 0;
  int32_t place = 0;
  return kernels_.best_of_row(row, vocabulary_, 1, true, &best, &place);
}

void HostLogits::forbid(const std::vector<int64_t>& tokens) {
  for (int64_t r = 0; r < rows_; ++r) {
    for (const int64_t token : tokens) logits_[r * stride_ + token] = kImpossible;
  }
}

void HostLogits::for_each_row(const RowFunction& use) {
  run(8, use);
}

void HostLogits::log_softmax(float divisor) {
  run(8, [&](int64_t, float* row) {
    const float sum = log_sum(row);
    for (int64_t v = 0; v < vocabulary_; ++v) row[v] = (row[v] - sum) / divisor;
  });
}

void HostLogits::add(const StepLogits& other) {
  const auto& added = dynamic_cast<const HostLogits&>(other);
  run(1, [&](int64_t r, float* row) {
    const float* from = added.logits_ + r * added.stride_;
    for (int64_t v = 0; v < vocabulary_; ++v) row[v] += from[v];
  });
}

void HostLogits::best(int64_t count, bool normalise, BestTokens& found) {
  found.resize(rows_, count);
  run(8, [&](int64_t r, const float* row) {
    float* values = found.log_probabilities.data() + r * count;
    const float sum =
        kernels_.best_of_row(row, vocabulary_, count, normalise, values, found.tokens.data() + r * count);
    for (int64_t k = 0; k < count; ++k) values[k] = values[k] == kImpossible ? kImpossible : values[k] - sum;
  });
}

void HostLogits::log_probabilities(const std::vector<int64_t>& tokens, std::vector<double>& found) {
  found.resize(tokens.size());
  run(8, [&](int64_t r, const float* row) { found[r] = double{row[tokens[r]]} - log_sum(row); });
}

}  // namespace dragoman
