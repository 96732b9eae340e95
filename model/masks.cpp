#include "model/masks.h"

namespace dragoman {

torch::Tensor padding_mask(const torch::Tensor& ids, int64_t pad_id) {
  return ids.ne(pad_id).unsqueeze(1).unsqueeze(1);
}

torch::Tensor causal_mask(int64_t length, const torch::Device& device) {
  return torch::ones({1, 1, length, length}, torch::TensorOptions().dtype(torch::kBool).device(device))
      .tril();
}

}  // namespace dragoman
