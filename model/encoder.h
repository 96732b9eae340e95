// Encoder (Vaswani et al. 2017, section 3.1): N identical layers that turn the source into the memory.
//
//   x --> self-attention --> add & norm --> feed-forward --> add & norm --> x        (N times)
//
// With pre-norm the last residual sum is normalised once more at the end.
#pragma once

#include <vector>

#include "folder/model_options.h"
#include "model/add_norm.h"
#include "model/attention.h"
#include "model/feed_forward.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

class EncoderLayerImpl : public torch::nn::Module {
 public:
  explicit EncoderLayerImpl(const ModelOptions& options);

  // x: [B,S,D]; source_mask: [B,1,1,S], true where a token may be attended to. Returns [B,S,D].
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& source_mask);

  MultiHeadAttention self_attention_;
  AddNorm self_attention_add_norm_;
  FeedForward feed_forward_;
  AddNorm feed_forward_add_norm_;
};
TORCH_MODULE(EncoderLayer);

class EncoderImpl : public torch::nn::Module {
 public:
  explicit EncoderImpl(const ModelOptions& options);

  // x: [B,S,D], embedded source with positions; source_mask: [B,1,1,S]. Returns the memory, [B,S,D].
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& source_mask);

  // Activation checkpointing of each layer (fused/recompute.h).
  void set_recompute(bool on) { recompute_ = on; }

  std::vector<EncoderLayer> layers_;
  torch::nn::LayerNorm final_norm_{nullptr};  // pre-norm only

 private:
  bool recompute_ = false;
};
TORCH_MODULE(Encoder);

}  // namespace dragoman
