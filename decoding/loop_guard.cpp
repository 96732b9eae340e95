#include "decoding/loop_guard.h"

#include <algorithm>
#include <array>
#include <set>

namespace dragoman {
namespace {

constexpr size_t kLongestUnit = 16, kFewestTurns = 4, kShortestLoop = 16;  // tokens, turns, tokens
constexpr size_t kGroup = 4, kShortestSparse = 32;

// The same `unit` tokens one behind the other.
bool turns_in_place(const std::vector<int64_t>& ids, size_t unit) {
  const size_t needed = std::max(kFewestTurns * unit, kShortestLoop);
  size_t repeated = 0;  // tokens equal to the one a unit before them, in a row
  for (size_t i = unit; i < ids.size(); ++i) {
    repeated = ids[i] == ids[i - unit] ? repeated + 1 : 0;
    if (repeated + unit >= needed) return true;
  }
  return false;
}

// Few groups of tokens for the length, as when the same clause comes again with a word changed.
bool is_sparse(const std::vector<int64_t>& ids) {
  if (ids.size() < kShortestSparse) return false;
  std::set<std::array<int64_t, kGroup>> groups;
  for (size_t i = 0; i + kGroup <= ids.size(); ++i)
    groups.insert({ids[i], ids[i + 1], ids[i + 2], ids[i + 3]});
  return 2 * groups.size() < ids.size() - kGroup + 1;
}

}  // namespace

bool repeats_itself(const std::vector<int64_t>& ids) {
  for (size_t unit = 1; unit <= kLongestUnit; ++unit) {
    if (turns_in_place(ids, unit)) return true;
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
  const auto known = static_cast<size_t>(n) - 1;  // tokens of the group that stand at the end of `ids`
  if (ids.size() < known) return tokens;
  const auto end = ids.end() - static_cast<std::ptrdiff_t>(known);
  for (size_t at = 0; at + known < text.size(); ++at) {
    const auto group = text.begin() + static_cast<std::ptrdiff_t>(at);
    if (std::equal(end, ids.end(), group)) tokens.push_back(group[static_cast<std::ptrdiff_t>(known)]);
  }
  return tokens;
}

std::vector<int64_t> repeating_tokens(const std::vector<int64_t>& ids, int64_t n) {
  return following_tokens(ids, ids, n);
}

}  // namespace dragoman
