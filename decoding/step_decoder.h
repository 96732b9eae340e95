// The interface between a search and a model: a decoder that reads one token per hypothesis and step.
// Torch-free.
//
//   sources --> start --> memory
//   rows (hypotheses) --> step --> logits --> rules --> the best next tokens --> rows of the next step
//
// Session (packed/session.h) computes on the CPU from packed weights, TorchDecoder (torch/torch_decoder.h) on
// any device of LibTorch, and Ensemble (ensemble.h) combines several decoders. Logits stay in the memory of
// the device that computed them. The search works on them through StepLogits, with one call for all rows, and
// only the best tokens come to the host.
#pragma once

#include <cstdint>
#include <vector>

namespace dragoman {

using SentenceIds = std::vector<const std::vector<int64_t>*>;  // the ids of some sentences

// A hypothesis that reads its next token.
struct DecoderRow {
  int64_t origin;    // the row of the previous step that it continues; ignored in the first step
  int64_t sentence;  // index in the argument of start()
  int64_t token;
};

// The best next tokens of each row.
struct BestTokens {
  int64_t count = 0;                     // per row
  std::vector<float> log_probabilities;  // [rows,count], best first; -inf where there are fewer
  std::vector<int32_t> tokens;           // [rows,count]; -1 where there are fewer

  void resize(int64_t rows, int64_t per_row) {
    count = per_row;
    log_probabilities.resize(rows * count), tokens.resize(rows * count);
  }
  float log_probability(int64_t row, int64_t rank) const { return log_probabilities[row * count + rank]; }
  int64_t token(int64_t row, int64_t rank) const { return tokens[row * count + rank]; }
};

// A reference to a function of a row index and its logits [V]. It allocates nothing.
class RowFunction {
 public:
  template <typename Function>
  RowFunction(const Function& function)  // NOLINT: an implicit conversion
      : function_(&function), call_([](const void* called, int64_t row, float* logits) {
          (*static_cast<const Function*>(called))(row, logits);
        }) {}
  void operator()(int64_t row, float* logits) const { call_(function_, row, logits); }

 private:
  const void* function_;
  void (*call_)(const void*, int64_t, float*);
};

// The logits [rows,V] of one step. Only for_each_row, best and log_probabilities wait for an accelerator.
class StepLogits {
 public:
  virtual ~StepLogits() = default;

  // These tokens become -inf in all rows.
  virtual void forbid(const std::vector<int64_t>& tokens) = 0;
  // use(row, logits) for each row, in the host's memory and on several threads; it may change the logits and
  // must not throw.
  virtual void for_each_row(const RowFunction& use) = 0;
  // Each row becomes its log-probabilities divided by `divisor`.
  virtual void log_softmax(float divisor = 1) = 0;
  // Adds another decoder's logits of the same step. Both decoders have the same type.
  virtual void add(const StepLogits& other) = 0;

  // The `count` (at most V) best tokens of each row; in a tie, the first ones. Without `normalise` the rows
  // must already be log-probabilities.
  virtual void best(int64_t count, bool normalise, BestTokens& found) = 0;
  // The log-probability of one token per row.
  virtual void log_probabilities(const std::vector<int64_t>& tokens, std::vector<double>& found) = 0;
};

class StepDecoder {
 public:
  virtual ~StepDecoder() = default;

  virtual int64_t vocabulary() const = 0;
  virtual int64_t start_id() const = 0;  // the token that every hypothesis reads first

  // Encodes a batch of non-empty sources, which replaces the previous batch.
  virtual void start(const SentenceIds& sources) = 0;
  // Each row reads its token. Rows of one sentence are adjacent, sentences in ascending order, and a sentence
  // that has no row in a step has none afterwards. The logits are valid until the next call.
  virtual StepLogits& step(const std::vector<DecoderRow>& rows) = 0;
};

}  // namespace dragoman
