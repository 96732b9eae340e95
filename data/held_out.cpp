#include "data/held_out.h"

#include <algorithm>

#include "core/error.h"
#include "core/random.h"

namespace dragoman {
namespace {

constexpr size_t kRemembered = 4096;  // sources; four times the maximum that is held out

}  // namespace

int64_t held_out_size(int64_t pairs) {
  return std::clamp<int64_t>(pairs / 100, 1, 1000);
}

void HeldOutChooser::add(const std::string& source) {
  ++pairs_;
  const uint64_t hash = stable_hash(source);
  const bool full = first_.size() == kRemembered;
  if (full && hash > first_.rbegin()->first.first) return;
  ++first_[{hash, source}];
  // A removed source comes after kRemembered others for all time. The counts of the others are complete.
  if (first_.size() > kRemembered) first_.erase(std::prev(first_.end()));
}

HeldOutChooser::Choice HeldOutChooser::choose(const std::string& where) const {
  if (first_.size() < 2) {
    throw DataError(where,
                    "expected two different source lines, so that some can be held out for validation, got " +
                        std::to_string(first_.size()) +
                        "; give --valid-source and --valid-target, or --valid-every 0");
  }
  Choice choice;
  const int64_t wanted = held_out_size(pairs_);
  const auto take = [&](const auto& entry) {
    choice.sources.insert(entry.first.second);
    choice.pairs += entry.second;
  };
  for (const auto& entry : first_) {
    if (entry.second <= wanted - choice.pairs) take(entry);
  }
  if (choice.sources.empty()) {
    take(*std::min_element(first_.begin(), first_.end(),
                           [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  return choice;
}

}  // namespace dragoman
