// Decoder (Vaswani et al. 2017, section 3.1): N identical layers that predict the target from what is already
// written and the memory.
//
//   x --> masked self-attention --> add & norm --> encoder-decoder attention --> add & norm --> feed-forward
//   --> add & norm --> x
//                                                        ^
//   memory ----------------------------------------------+
#pragma once

#include <vector>

#include "folder/model_options.h"
#include "model/add_norm.h"
#include "model/attention.h"
#include "model/feed_forward.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

// The keys and values of a layer, kept from one token to the next.
struct DecoderLayerCache {
  KeyValueCache self;    // of the tokens read so far: a row for each row of x
  KeyValueCache memory;  // a row for each sentence: n
};

class DecoderLayerImpl : public torch::nn::Module {
 public:
  explicit DecoderLayerImpl(const ModelOptions& options);

  // x: [B,T,D]; memory: [B,S,D]; source_mask: [B,1,1,S]; causal_mask: [1,1,T,T]. Returns [B,T,D]. With a
  // cache x is the next token of each row, [n*b,1,D], the b rows of a sentence adjacent; memory: [n,S,D];
  // source_mask: [n,1,1,S] or undefined; no causal_mask.
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& memory, const torch::Tensor& source_mask,
                        const torch::Tensor& causal_mask, DecoderLayerCache* cache = nullptr);

  MultiHeadAttention self_attention_;
  AddNorm self_attention_add_norm_;
  MultiHeadAttention cross_attention_;
  AddNorm cross_attention_add_norm_;
  FeedForward feed_forward_;
  AddNorm feed_forward_add_norm_;
};
TORCH_MODULE(DecoderLayer);

struct DecoderCache {
  std::vector<DecoderLayerCache> layers;

  // Row r continues what row rows[r] was. rows: [n*b] int64.
  void select_rows(const torch::Tensor& rows);
  // Only these sentences continue. sentences: [n] int64. The rows are selected by select_rows.
  void select_sentences(const torch::Tensor& sentences);
};

class DecoderImpl : public torch::nn::Module {
 public:
  explicit DecoderImpl(const ModelOptions& options);

  // x: [B,T,D], embedded decoder_input with positions; the rest as above. Returns [B,T,D].
  torch::Tensor forward(torch::Tensor x, const torch::Tensor& memory, const torch::Tensor& source_mask,
                        const torch::Tensor& causal_mask, DecoderCache* cache = nullptr);

  // Activation checkpointing of each layer (fused/recompute.h).
  void set_recompute(bool on) { recompute_ = on; }

  std::vector<DecoderLayer> layers_;
  torch::nn::LayerNorm final_norm_{nullptr};  // pre-norm only

 private:
  bool recompute_ = false;
};
TORCH_MODULE(Decoder);

}  // namespace dragoman
