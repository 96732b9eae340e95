// Positional encoding (Vaswani et al. 2017, section 3.5). Attention sees a set, not a sequence: order is
// added to the input.
//
//   angle(pos, i) = pos / 10000^(i / (D/2)),  i = 0 .. D/2-1
//   row(pos)      = [ sin(angle(pos, 0..D/2-1)) , cos(angle(pos, 0..D/2-1)) ]
//
// The paper interleaves sine and cosine; Hugging Face's Marian puts all sines first, and so do we: the same
// features in another order.
//
// A model of another program may come with its own rows: rounded to 16 bits, or with Marian's angles
// (folder/position_table.h). Its file then holds them, and rows beyond follow the formula that they follow.
#pragma once

#include <mutex>

#include "folder/position_table.h"
#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

// Rows for positions begin .. begin+count-1: [count,D] float32.
torch::Tensor position_rows(int64_t begin, int64_t count, int64_t d_model,
                            PositionScale scale = PositionScale::kPaper);

class PositionalEncodingImpl : public torch::nn::Module {
 public:
  explicit PositionalEncodingImpl(int64_t d_model) : d_model_(d_model) {}

  // x: [B,T,D], any T. Returns x with the rows of positions first .. first+T-1 added.
  torch::Tensor forward(const torch::Tensor& x, int64_t first = 0);

  // Rows for positions begin .. begin+count-1: [count,D] float32 on the CPU.
  torch::Tensor rows_from(int64_t begin, int64_t count) const;

  // The rows from a model file, in place of the paper's.
  void give(PositionTable positions);
  const PositionTable& positions() const { return positions_; }

 private:
  torch::Tensor rows(int64_t length, const torch::Device& device);  // of positions 0 .. length-1 at least

  int64_t d_model_;
  PositionTable positions_;
  std::mutex mutex_;     // several threads may run the same model
  torch::Tensor table_;  // [as long as was needed so far, D]; no parameter: it is never trained
};
TORCH_MODULE(PositionalEncoding);

}  // namespace dragoman
