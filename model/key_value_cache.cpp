#include "model/key_value_cache.h"

#include <algorithm>

namespace dragoman {
namespace {

constexpr int64_t kFirstCapacity = 32;

// cache: [B,H,capacity,K], `used` of them filled. Returns a cache with at least `needed` positions.
torch::Tensor with_capacity(const torch::Tensor& cache, int64_t used, int64_t needed) {
  if (needed <= cache.size(2)) return cache;
  const int64_t capacity = std::max(needed, 2 * cache.size(2));
  auto larger = torch::empty({cache.size(0), cache.size(1), capacity, cache.size(3)}, cache.options());
  larger.narrow(2, 0, used).copy_(cache.narrow(2, 0, used));
  return larger;
}

}  // namespace

void KeyValueCache::append(const torch::Tensor& keys, const torch::Tensor& values) {
  const int64_t added = keys.size(2);
  if (empty()) {
    // A single position is the first token of many; several are a memory, which does not grow.
    const int64_t capacity = added == 1 ? kFirstCapacity : added;
    keys_ = torch::empty({keys.size(0), keys.size(1), capacity, keys.size(3)}, keys.options());
    values_ = torch::empty_like(keys_);
  }
  keys_ = with_capacity(keys_, length_, length_ + added);
  values_ = with_capacity(values_, length_, length_ + added);
  keys_.narrow(2, length_, added).copy_(keys);
  values_.narrow(2, length_, added).copy_(values);
  length_ += added;
}

void KeyValueCache::select(const torch::Tensor& rows) {
  if (empty()) return;
  keys_ = keys_.index_select(0, rows);
  values_ = values_.index_select(0, rows);
}

}  // namespace dragoman
