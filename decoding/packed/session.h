// Computes one batch of sentences with a packed model. The sources are encoded once. Each step then reads one
// token per row.
//
//   sources --> one row per token, no padding --> memory --> keys and values of each layer, once per sentence
//   rows (hypotheses) --> step --> logits
//
// Caches are never moved. A row has a list of slots, one per position, with the keys and values of its
// tokens. A row that continues another one copies its list, so the rows of a sentence share their common
// prefix. All rows of a sentence share the keys and values of the memory.
#pragma once

#include <vector>

#include "decoding/host_logits.h"
#include "decoding/packed/packed_model.h"

namespace dragoman {

class Session : public StepDecoder {
 public:
  // Both must outlive it.
  Session(const PackedModel& model, ThreadPool& pool)
      : model_(model), pool_(pool), logits_(*model.kernels().packed, pool, vocabulary()) {}

  int64_t vocabulary() const override { return model_.options().decoder_vocab_size; }
  int64_t start_id() const override { return model_.options().target_pad_id(); }
  void start(const SentenceIds& sources) override;
  StepLogits& step(const std::vector<DecoderRow>& rows) override;

 private:
  // The arrays of one pass over some rows, all [rows, stride].
  struct Buffers {
    float *x, *normalised, *input, *attended, *added, *hidden;
    int64_t stride, input_stride, hidden_stride;
  };
  class Residual;  // x and the output that is still to be added to it

  int64_t head_size(int64_t heads) const { return model_.options().d_model / heads; }
  Buffers take_buffers(int64_t rows, int64_t feed_forward_stride);
  // A linear layer over all tokens of the sources. Interrupted. out: rows at layer.stride().
  void project(const PackedLinear& layer, const float* x, int64_t x_stride, int64_t rows, float* out);
  void encoder_attention(const Buffers& buffers);
  void feed_forward(const PackedLinear& inner, const PackedLinear& outer, const float* x,
                    const Buffers& buffers, int64_t rows);
  const float* encode(const SentenceIds& sources);
  void extend_slots(const std::vector<DecoderRow>& rows);
  void self_attention(const PackedDecoderLayer& layer, const float* x, int64_t index, const Buffers& buffers);
  void cross_attention(const PackedDecoderLayer& layer, const float* x, int64_t index,
                       const std::vector<DecoderRow>& rows, const Buffers& buffers);

  const PackedModel& model_;
  ThreadPool& pool_;
  HostLogits logits_;
  Arena kept_;     // for the whole batch: memory, caches
  Arena passing_;  // for one step
  QuantisedRows quantised_;

  std::vector<int64_t> first_token_;  // of each sentence among the tokens of the batch, and their total
  const float* memory_ = nullptr;     // [tokens, memory_input.stride()]
  int64_t rows_ = 0, length_ = 0;     // rows of the last step; tokens read so far
  std::vector<float*> caches_;        // of each position: [layers, rows of that step, 2D]
  std::vector<int64_t> cache_rows_;   // of each position: rows of that step
  std::vector<int32_t> slots_, next_slots_;  // [rows, length]: the slot of each position
};

}  // namespace dragoman
