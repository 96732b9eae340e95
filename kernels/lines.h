// Operands of matrix products as lines: rows of a or columns of b. Included by the product bodies alone,
// inside the unnamed namespace of a variant.

// Number k of line l at from[l * line + k * step].
struct Lines {
  const float* from;
  int64_t line, step;

  Lines at(int64_t l, int64_t k) const { return {from + l * line + k * step, line, step}; }
};

// A length in about equal parts of at most `most`.
inline int64_t part_size(int64_t length, int64_t most, int64_t multiple) {
  const int64_t parts = (length + most - 1) / most, even = (length + parts - 1) / parts;
  return (even + multiple - 1) / multiple * multiple;
}

#if defined(__AVX512F__)
inline __mmask16 first_of(int64_t count) {
  return static_cast<__mmask16>(count >= kWidth ? 0xFFFF : (1 << (count > 0 ? count : 0)) - 1);
}
// The first `count` numbers, then zeros; nothing behind them is touched.
inline Vec load_first(const float* from, int64_t count) {
  return _mm512_maskz_loadu_ps(first_of(count), from);
}
inline void store_first(float* to, Vec v, int64_t count) {
  _mm512_mask_storeu_ps(to, first_of(count), v);
}
#endif
