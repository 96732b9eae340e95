#include "decoding/loop_guard.h"

#include <algorithm>
#include <array>
#include <set>

namespace dragoman {
namespace {

constexpr size_t kMaxUnit = 16, kMinRepeats = 4, kMinLoop = 16;  // tokens, repeats, tokens
constexpr size_t kNgram = 4, kMinSparse = 32;

// Whether the same `unit` tokens repeat contiguously.
bool repeats_contiguously(const std::vector<int64_t>& ids, size_t unit) {
  const size_t needed = std::max(kMinRepeats * unit, kMinLoop);
  size_t repeated = 0;  // contiguous tokens that equal the token one unit earlier
  for (size_t i = unit; i < ids.size(); ++i) {
    repeated = ids[i] == ids[i - unit] ? repeated + 1 : 0;
    if (repeated + unit >= needed) return true;
  }
  return false;
}

// Whether there are few different n-grams for the length, as when a clause is repeated with one word changed.
bool is_sparse(const std::vector<int64_t>& ids) {
  if (ids.size() < kMinSparse) return false;
  std::set<std::array<int64_t, kNgram>> ngrams;
  for (size_t i = 0; i + kNgram <= ids.size(); ++i)
    ngrams.insert({ids[i], ids[i + 1], ids[i + 2], ids[i + 3]});
  return 2 * ngrams.size() < ids.size() - kNgram + 1;
}

}  // namespace

bool repeats_itself(const std::vector<int64_t>& ids) {
  for (size_t unit = 1; unit <= kMaxUnit; ++unit) {
    if (repeats_contiguously(ids, unit)) return true;
  }
  return is_sparse(ids);
}

bool is_loop(const std::vector<int64_t>& source, const std::vector<int64_t>& translation) {
  return translation.size() > 3 * source.size() + 30 ||
         (repeats_itself(translation) && !repeats_itself(source));
}

std::vector<int64_t> following_tokens(const std::vector<int64_t>& text, const std::vector<int64_t>& ids,
                                      int64_t n) {
  std::vector<int64_t> tokens;
  const int64_t known = n - 1;  // tokens of the n-gram that are already at the end of `ids`
  if (std::ssize(ids) < known) return tokens;
  const auto end = ids.end() - known;
  for (int64_t at = 0; at + known < std::ssize(text); ++at) {
    const auto ngram = text.begin() + at;
    if (std::equal(end, ids.end(), ngram)) tokens.push_back(ngram[known]);
  }
  return tokens;
}

std::vector<int64_t> repeating_tokens(const std::vector<int64_t>& ids, int64_t n) {
  return following_tokens(ids, ids, n);
}

}  // namespace dragoman
