// Input embedding (Vaswani et al. 2017, section 3.4): ids become vectors, multiplied by sqrt(d_model) so that
// they are not drowned by the positions added next. The output embedding is the same block, fed with
// shifted-right targets.
//
//   ids --> rows of the table --> x sqrt(D)
#pragma once

#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

struct EmbeddingOptions {
  int64_t vocab_size;
  int64_t d_model;
  int64_t pad_id;     // its row is zero and gets no gradient
  bool scale = true;  // multiply by sqrt(d_model)
};

class EmbeddingImpl : public torch::nn::Module {
 public:
  explicit EmbeddingImpl(const EmbeddingOptions& options);

  // ids: [B,T] int64, each in [0, V). Returns [B,T,D].
  torch::Tensor forward(const torch::Tensor& ids);

  // Rows from N(0, 1/D), so that scaled vectors, and logits of a tied projection, have unit variance; <pad>'s
  // row is zero.
  void initialise();

  const torch::Tensor& weight() const { return weight_; }  // [V,D]

 private:
  EmbeddingOptions options_;
  torch::Tensor weight_;
};
TORCH_MODULE(Embedding);

}  // namespace dragoman
