#include "data/held_out.h"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

#include "core/error.h"
#include "core/random.h"

namespace dragoman {
namespace {

struct SourceGroup {
  uint64_t hash;
  std::string_view text;
  int64_t pairs;
};

// The different source texts in an order that only the texts decide.
std::vector<SourceGroup> groups_of(const TextPairs& pairs) {
  std::unordered_map<std::string_view, int64_t> counts;
  for (const std::string& source : pairs.source) ++counts[source];
  std::vector<SourceGroup> groups;
  groups.reserve(counts.size());
  for (const auto& [text, count] : counts) groups.push_back({stable_hash(text), text, count});
  std::sort(groups.begin(), groups.end(), [](const SourceGroup& a, const SourceGroup& b) {
    return std::tie(a.hash, a.text) < std::tie(b.hash, b.text);
  });
  return groups;
}

}  // namespace

int64_t held_out_size(int64_t pairs) {
  return std::clamp<int64_t>(pairs / 100, 1, 1000);
}

HeldOutSplit split_held_out(const TextPairs& pairs) {
  const std::vector<SourceGroup> groups = groups_of(pairs);
  if (groups.size() < 2) {
    throw DataError(pairs.size() > 0 ? pairs.place(0) : "training text",
                    "required two different source lines to hold some out for validation, got " +
                        std::to_string(groups.size()));
  }
  std::unordered_set<std::string_view> is_held_out;
  int64_t wanted = held_out_size(pairs.size());
  for (const SourceGroup& group : groups) {
    if (group.pairs > wanted) continue;
    is_held_out.insert(group.text);
    wanted -= group.pairs;
  }
  if (is_held_out.empty()) {
    const auto smallest =
        std::min_element(groups.begin(), groups.end(),
                         [](const SourceGroup& a, const SourceGroup& b) { return a.pairs < b.pairs; });
    is_held_out.insert(smallest->text);
  }
  std::vector<int64_t> train, held_out;
  for (int64_t i = 0; i < pairs.size(); ++i) {
    (is_held_out.count(pairs.source[static_cast<size_t>(i)]) > 0 ? held_out : train).push_back(i);
  }
  return {pairs.select(train), pairs.select(held_out)};
}

}  // namespace dragoman
