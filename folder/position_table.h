// The numbers of the positional encoding (model/positional_encoding.h), torch-free.
//
//   kPaper    angle(pos, i) = pos / 10000^(i / (D/2))         Vaswani et al. 2017, Hugging Face, and so ours
//   kMarian   angle(pos, i) = pos / 10000^(i / (D/2 - 1))     Marian (src/tensors/cpu/tensor_operators.cpp),
//   after
//             tensor2tensor: the last angle is pos/10000 itself. Models that Marian trained expect it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/choice.h"

namespace dragoman {

enum class PositionScale { kMarian, kPaper };
constexpr auto names_of(PositionScale) {
  return choice_names("marian", "huggingface");
}

// Rows for positions begin .. begin+count-1, computed in double: count*D values, row by row, all sines
// before all cosines.
std::vector<float> position_numbers(int64_t begin, int64_t count, int64_t d_model,
                                    PositionScale scale = PositionScale::kPaper);

// The scale whose rows 0, 1, ... these are, if each value differs from it by less than `tolerance`.
std::optional<PositionScale> scale_of_positions(const float* numbers, int64_t count, int64_t d_model,
                                                float tolerance);

// The rows of one model: those from its file, then those of the formula that these follow.
struct PositionTable {
  PositionScale scale = PositionScale::kPaper;
  std::vector<float> given;  // [.,D]; empty when all follow the formula

  // Rows for positions begin .. begin+count-1: count*D values.
  std::vector<float> rows(int64_t begin, int64_t count, int64_t d_model) const;
};

}  // namespace dragoman
