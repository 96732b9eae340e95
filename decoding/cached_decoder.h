// The decoder one token at a time. What the notes in model/ compute anew for every prefix is kept: keys and
// values of the tokens written so far, and those of the memory, which are computed once a sentence and shared
// by all its beams.
//
//   sentences: n    beams of each: b    rows: n*b, the beams of a sentence side by side
//   self-attention caches  [n*b, H, capacity, K]      cross-attention caches  [n, H, S, K]
//
// Equal to Transformer::decode by test (tests/decoding/cached_decoder_test.cpp).
#pragma once

#include <vector>

#include "model/transformer.h"
#include "runtime/torch.h"

namespace dragoman {

// What the decoder remembers between two steps.
struct DecoderState {
  int64_t beams = 1;
  int64_t length = 0;                       // tokens read so far
  std::vector<torch::Tensor> keys, values;  // a layer each: [n*b, H, capacity, K], `length` of them filled
  std::vector<torch::Tensor> memory_keys, memory_values;  // a layer each: [n, H, S, K]
  torch::Tensor source_mask;                              // [n,1,1,S], or undefined when nothing is padded

  // Row r goes on from what was row rows[r]; rows: [n*b] int64. Rows stay within their sentence.
  void select_rows(const torch::Tensor& rows);
  // Only these sentences go on; sentences: [m] int64.
  void select_sentences(const torch::Tensor& sentences);
};

class CachedDecoder {
 public:
  // Shares the model's weights where it can; the model must outlive nothing: tensors are kept alive here.
  // `forbidden`: ids that are never generated (<pad>).
  CachedDecoder(Transformer model, std::vector<int64_t> forbidden);

  // Encodes source ([n,S] ids, padded) for `beams` beams a sentence.
  DecoderState start(const torch::Tensor& source, int64_t beams) const;

  // tokens: [n*b] ids, the next of each row. Returns logits [n*b,V] in float32, -inf for what is forbidden.
  torch::Tensor step(const torch::Tensor& tokens, DecoderState& state) const;

  int64_t start_id() const { return model_->options().target_pad_id(); }
  const ModelOptions& options() const { return model_->options(); }
  const torch::Device& device() const { return model_->device(); }

 private:
  struct Projection;  // Linear without the module
  struct Layer;       // the packed weights of one decoder layer
  torch::Tensor self_attention(const Layer& layer, const torch::Tensor& x, size_t index,
                               DecoderState& state) const;
  torch::Tensor cross_attention(const Layer& layer, const torch::Tensor& x, size_t index,
                                const DecoderState& state) const;
  torch::Tensor position(int64_t index) const;  // [D]

  mutable Transformer model_;  // LibTorch's forward methods are not const
  std::vector<std::shared_ptr<const Layer>> layers_;
  torch::Tensor forbidden_;  // [number] int64
  torch::Tensor positions_;  // [512,D], scaled for the first steps
};

}  // namespace dragoman
