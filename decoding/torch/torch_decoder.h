// The LibTorch decoder: the modules of model/ with a key/value cache, one token at a time, on any device and
// in any data type of LibTorch.
//
//   sentences with rows: n    rows of each: b    slots: n*b, the rows of a sentence adjacent
//
// The rows of a sentence are queries of one memory, so all sentences have as many slots as the one with the
// most rows. A sentence with fewer rows repeats its first one, and the logits of the repetitions are dropped.
//
// Equal to Transformer::decode by test (tests/decoding/torch_decoder_test.cpp).
#pragma once

#include <vector>

#include "decoding/torch/torch_logits.h"
#include "model/transformer.h"

namespace dragoman {

class TorchDecoder : public StepDecoder {
 public:
  // forbidden: ids that are never generated (<pad>).
  TorchDecoder(Transformer model, const std::vector<int64_t>& forbidden);

  int64_t vocabulary() const override { return model_->options().decoder_vocab_size; }
  int64_t start_id() const override { return model_->options().target_pad_id(); }
  void start(const SentenceIds& sources) override;
  StepLogits& step(const std::vector<DecoderRow>& rows) override;

 private:
  struct Slots {
    std::vector<int64_t> sentences;  // [n], indices in the argument of start()
    std::vector<int64_t> row_of;     // [n*b]: the row that each slot computes
    std::vector<int64_t> slot_of;    // [rows]: where each row is computed
  };
  static Slots slots_of(const std::vector<DecoderRow>& rows);
  void select_sentences(const torch::Tensor& sentences);

  Transformer model_;
  torch::Tensor forbidden_;  // [number] int64
  TorchLogits logits_;

  torch::Tensor memory_;       // [n,S,D]
  torch::Tensor source_mask_;  // [n,1,1,S], or undefined without padding
  DecoderCache cache_;
  Slots slots_;
  int64_t length_ = 0;  // tokens read so far
};

}  // namespace dragoman
