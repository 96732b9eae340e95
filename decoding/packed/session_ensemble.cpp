#include "decoding/packed/session_ensemble.h"

namespace dragoman {

SessionEnsemble::SessionEnsemble(const std::vector<std::unique_ptr<const PackedModel>>& models,
                                 ThreadPool& pool)
    : pool_(pool) {
  sessions_.reserve(models.size());
  for (const auto& model : models) sessions_.emplace_back(*model, pool);
}

void SessionEnsemble::start(const std::vector<const std::vector<int64_t>*>& sources) {
  for (auto& session : sessions_) session.start(sources);
}

// Rows become log-probabilities divided by the number of models.
void SessionEnsemble::normalise(float* logits, int64_t stride, int64_t rows) const {
  const auto models = static_cast<float>(sessions_.size());
  const int64_t size = vocabulary();
  pool_.run(rows, rows * size * 8, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      float* row = logits + r * stride;
      float best = 0;
      int32_t place = 0;
      const float log_sum = kernels().best_of_row(row, size, 1, true, &best, &place);
      for (int64_t v = 0; v < size; ++v) row[v] = (row[v] - log_sum) / models;
    }
  });
}

float* SessionEnsemble::step(const std::vector<SessionRow>& rows) {
  float* mean = sessions_.front().step(rows);
  if (sessions_.size() == 1) return mean;
  const auto count = static_cast<int64_t>(rows.size());
  const int64_t stride = logits_stride(), size = vocabulary();
  normalise(mean, stride, count);
  for (size_t i = 1; i < sessions_.size(); ++i) {
    const int64_t other_stride = sessions_[i].logits_stride();
    float* other = sessions_[i].step(rows);
    normalise(other, other_stride, count);
    pool_.run(count, count * size, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        for (int64_t v = 0; v < size; ++v) mean[r * stride + v] += other[r * other_stride + v];
      }
    });
  }
  return mean;
}

}  // namespace dragoman
