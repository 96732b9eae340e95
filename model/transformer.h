// The Transformer (Vaswani et al. 2017, section 3, figure 1).
//
//   source ---------> embedding --> + positions --> encoder --> memory --+
//                                                                        v
//   decoder_input --> embedding --> + positions ----------------------> decoder --> output projection -->
//   logits
//
// decoder_input is the target shifted right: <pad>, then all tokens but the last. Logit t then predicts
// target token t from the tokens before it, and all T predictions are trained at once.
//
// Why not recurrence? A recurrent network reads one token after the other: T steps that cannot run in
// parallel, and gradients that vanish or explode along them. Distant context must survive every step in one
// vector. Attention reaches every position in one step.
#pragma once

#include "folder/model_options.h"
#include "fused/dropout.h"
#include "model/decoder.h"
#include "model/embedding.h"
#include "model/encoder.h"
#include "model/output_projection.h"
#include "model/positional_encoding.h"
#include "runtime/torch.h"

namespace dragoman {

class TransformerImpl : public torch::nn::Module {
 public:
  // Weights are initialised from LibTorch's default generator: torch::manual_seed first.
  explicit TransformerImpl(const ModelOptions& options);

  // source: [B,S] ids, padded with <pad>. Returns the memory, [B,S,D].
  torch::Tensor encode(const torch::Tensor& source);

  // decoder_input: [B,T] ids; memory: [B,S,D]; source: [B,S]. Returns logits, [B,T,V].
  torch::Tensor decode(const torch::Tensor& decoder_input, const torch::Tensor& memory,
                       const torch::Tensor& source);
  // The same before the output projection: [B,T,D].
  torch::Tensor decode_hidden(const torch::Tensor& decoder_input, const torch::Tensor& memory,
                              const torch::Tensor& source);

  // encode, then decode. Returns logits, [B,T,V].
  torch::Tensor forward(const torch::Tensor& source, const torch::Tensor& decoder_input);

  const ModelOptions& options() const { return options_; }
  const torch::Device& device() const { return device_; }
  int64_t parameter_count() const;  // trained values, shared ones counted once

  // Activation checkpointing in training: less memory, a third more time.
  void set_recompute(bool on) {
    encoder_->set_recompute(on);
    decoder_->set_recompute(on);
  }

  // Moves all weights. Keeps ties.
  void move_to(const torch::Device& device);

  Embedding source_embedding_{nullptr},
      target_embedding_{nullptr};  // the same module when embeddings are shared
  PositionalEncoding positions_;
  Dropout dropout_;
  Encoder encoder_;
  Decoder decoder_;
  OutputProjection output_projection_{nullptr};

 private:
  void initialise();

  ModelOptions options_;
  torch::Device device_ = torch::kCPU;
};
TORCH_MODULE(Transformer);

}  // namespace dragoman
