#include "data/batch_plan.h"

#include <algorithm>
#include <numeric>

#include "core/random.h"

namespace dragoman {
namespace {

BatchIndices all_pairs(const EncodedCorpus& corpus) {
  BatchIndices pairs(corpus.size());
  std::iota(pairs.begin(), pairs.end(), 0);
  return pairs;
}

// Sorts by target length, then by source length: ascending for even target lengths, descending for odd ones.
// With this, the source length does not jump back at each step of the target length. The sort is stable.
void sort_by_length(BatchIndices& pairs, const EncodedCorpus& corpus) {
  const auto key = [&](int64_t pair) {
    const int64_t target = corpus.target_length(pair), source = corpus.source_length(pair);
    return std::pair(target, target % 2 == 0 ? source : -source);
  };
  std::stable_sort(pairs.begin(), pairs.end(), [&](int64_t a, int64_t b) { return key(a) < key(b); });
}

// Cuts a sequence of pairs into batches, each as large as the budget allows.
BatchPlan cut(const BatchIndices& pairs, const EncodedCorpus& corpus, int64_t max_tokens) {
  BatchPlan plan;
  int64_t longest = 0;
  for (const int64_t pair : pairs) {
    const int64_t length = std::max(corpus.source_length(pair), corpus.target_length(pair));
    longest = std::max(longest, length);
    const bool fits = !plan.empty() && longest * (std::ssize(plan.back()) + 1) <= max_tokens;
    if (!fits) {
      plan.emplace_back();
      longest = length;
    }
    plan.back().push_back(pair);
  }
  return plan;
}

struct Widths {
  int64_t source = 0, target = 0;
};

Widths widths_of(const BatchIndices& batch, const EncodedCorpus& corpus) {
  Widths widths;
  for (const int64_t pair : batch) {
    widths.source = std::max(widths.source, corpus.source_length(pair));
    widths.target = std::max(widths.target, corpus.target_length(pair));
  }
  return widths;
}

}  // namespace

EpochPlan::EpochPlan(const EncodedCorpus& corpus, int64_t max_tokens, uint64_t seed, int64_t epoch,
                     int64_t window, int64_t block)
    : corpus_(corpus),
      max_tokens_(max_tokens),
      window_(window),
      block_(block),
      seed_(mix_seeds(seed, epoch)) {
  if (corpus.size() <= window) return;
  blocks_.resize((corpus.size() + block - 1) / block);
  std::iota(blocks_.begin(), blocks_.end(), 0);
  shuffle(blocks_, mix_seeds(seed_, 3));
}

int64_t EpochPlan::windows() const {
  const int64_t blocks_each = window_ / block_, blocks = blocks_.size();
  return blocks_.empty() ? 1 : (blocks + blocks_each - 1) / blocks_each;
}

BatchPlan EpochPlan::window(int64_t number) const {
  BatchIndices pairs;
  uint64_t seed = seed_;
  if (blocks_.empty()) {
    pairs = all_pairs(corpus_);
  } else {
    seed = mix_seeds(mix_seeds(seed_, 4), number);
    const int64_t blocks_each = window_ / block_, begin = number * blocks_each;
    for (int64_t i = begin; i < std::min<int64_t>(begin + blocks_each, blocks_.size()); ++i) {
      const int64_t first = blocks_[i] * block_, last = std::min(first + block_, corpus_.size());
      for (int64_t pair = first; pair < last; ++pair) pairs.push_back(pair);
    }
  }
  shuffle(pairs, mix_seeds(seed, 1));
  sort_by_length(pairs, corpus_);
  BatchPlan plan = cut(pairs, corpus_, max_tokens_);
  shuffle(plan, mix_seeds(seed, 2));
  return plan;
}

BatchPlan plan_epoch(const EncodedCorpus& corpus, int64_t max_tokens, uint64_t seed, int64_t epoch) {
  const EpochPlan epoch_plan(corpus, max_tokens, seed, epoch);
  BatchPlan plan;
  for (int64_t i = 0; i < epoch_plan.windows(); ++i) {
    for (auto& batch : epoch_plan.window(i)) plan.push_back(std::move(batch));
  }
  return plan;
}

BatchPlan plan_sorted(const EncodedCorpus& corpus, int64_t max_tokens) {
  BatchIndices pairs = all_pairs(corpus);
  sort_by_length(pairs, corpus);
  return cut(pairs, corpus, max_tokens);
}

int64_t padded_tokens(const BatchIndices& batch, const EncodedCorpus& corpus) {
  const Widths widths = widths_of(batch, corpus);
  return std::ssize(batch) * std::max(widths.source, widths.target);
}

double padding_share(const BatchPlan& plan, const EncodedCorpus& corpus) {
  double positions = 0, tokens = 0;
  for (const BatchIndices& batch : plan) {
    const Widths widths = widths_of(batch, corpus);
    positions += std::ssize(batch) * (widths.source + widths.target);
    for (const int64_t pair : batch) tokens += corpus.source_length(pair) + corpus.target_length(pair);
  }
  return positions == 0 ? 0 : 1 - tokens / positions;
}

}  // namespace dragoman
