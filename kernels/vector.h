// Vectors of kWidth floats as g++ and clang know them: the same source for every instruction set. Included by
// kernels/bodies.h alone, inside the unnamed namespace of a variant, so that code compiled for one
// instruction set never stands in for that of another. For the same reason no function of the standard
// library is used here.

typedef float Vec __attribute__((vector_size(4 * kWidth)));
typedef int32_t IntVec __attribute__((vector_size(4 * kWidth)));
typedef uint32_t UintVec __attribute__((vector_size(4 * kWidth)));

inline Vec load(const float* from) {
  Vec v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, Vec v) {
  __builtin_memcpy(to, &v, sizeof v);
}
inline Vec all(float x) {
  return x - Vec{};  // x itself, -0 too, so that nothing is computed; 0 + x would be
}
inline float sum_of(Vec v) {
  float sum = 0;
  for (int i = 0; i < kWidth; ++i) sum += v[i];
  return sum;
}
inline float largest_of(Vec v) {
  float largest = v[0];
  for (int i = 1; i < kWidth; ++i) largest = v[i] > largest ? v[i] : largest;
  return largest;
}
inline Vec larger(Vec a, Vec b) {
  return a > b ? a : b;
}

// e^x to 2 units in the last place; 0 below -87, at -inf too. exp(x) = 2^n e^r with n = round(x / ln 2), and
// e^r by its Taylor polynomial of degree 6 (|r| <= 0.35).
inline Vec exp_of(Vec x) {
  const Vec bounded = x < -88.0f ? all(-88.0f) : x;  // NaN stays NaN
  const Vec magic = all(12582912.0f);                // 1.5 * 2^23: adding it rounds to a whole number
  const Vec n = (bounded * 1.44269504f + magic) - magic;
  const Vec r = (bounded - n * 0.693145752f) - n * 1.42860677e-6f;  // ln 2 in two parts
  Vec p = all(1.0f / 720) * r + 1.0f / 120;
  p = p * r + 1.0f / 24;
  p = p * r + 1.0f / 6;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const IntVec exponent = (__builtin_convertvector(n, IntVec) + 127) << 23;
  const Vec power = (Vec)exponent;
  return x < -87.0f ? all(0.0f) : p * power;
}
