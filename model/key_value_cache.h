// What attention keeps while a decoder reads its tokens one by one: the keys and values of the positions read
// so far, or those of the memory, which are the same at every step.
#pragma once

#include "model/shapes.h"
#include "runtime/torch.h"

namespace dragoman {

class KeyValueCache {
 public:
  // Appends T positions to those in the cache. keys, values: [B,H,T,K].
  void append(const torch::Tensor& keys, const torch::Tensor& values);
  // Row r becomes what row rows[r] was. rows: int64, [any number].
  void select(const torch::Tensor& rows);

  bool empty() const { return length_ == 0; }
  int64_t rows() const { return keys_.size(0); }
  torch::Tensor keys() const { return keys_.narrow(2, 0, length_); }      // [B,H,S,K]
  torch::Tensor values() const { return values_.narrow(2, 0, length_); }  // [B,H,S,K]

 private:
  torch::Tensor keys_, values_;  // [B,H,capacity,K]; the first `length_` positions are filled
  int64_t length_ = 0;           // S
};

}  // namespace dragoman
