// uses: torch
// The whole of learning in one test: a small Transformer learns to write its input backwards, and does so for
// strings that it has never seen. Nothing else shows as quickly that embeddings, positions, masks, attention,
// loss, schedule and optimiser are what they should be.
#include <gtest/gtest.h>

#include <set>

#include "core/random.h"
#include "decoding/search.h"
#include "decoding/torch/torch_decoder.h"
#include "planning/schedule.h"
#include "tests/support/small_model.h"
#include "training/update.h"

namespace dragoman {
namespace {

constexpr int64_t kSymbols = 10, kSymbolsAndSpecial = kSymbols + 3, kPadSymbol = kSymbolsAndSpecial - 1;
using Ids = std::vector<int64_t>;

Ids random_string(SplitMix64& random) {
  Ids ids(3 + random.below(6));
  for (auto& id : ids) id = 2 + static_cast<int64_t>(random.below(kSymbols));
  return ids;
}

struct Task {
  EncodedCorpus corpus;
  std::vector<Ids> held_out;
};

Task reverse_task(int strings, size_t held_out) {
  SplitMix64 random(1);
  std::set<Ids> kept_apart;
  while (kept_apart.size() < held_out) kept_apart.insert(random_string(random));
  std::vector<std::vector<int32_t>> source, target;
  for (int i = 0; i < strings; ++i) {
    const Ids ids = random_string(random);
    if (kept_apart.count(ids) > 0) continue;
    source.emplace_back(ids.begin(), ids.end());
    target.emplace_back(ids.rbegin(), ids.rend());
    source.back().push_back(0), target.back().push_back(0);
  }
  return {EncodedCorpus::from_ids(source, target), {kept_apart.begin(), kept_apart.end()}};
}

double exact_match(const Transformer& model, const std::vector<Ids>& strings) {
  TorchDecoder decoder(model, {kPadSymbol});
  std::vector<Ids> sources = strings;
  for (auto& source : sources) source.push_back(0);
  const auto results = greedy_search(decoder, pointers_to(sources), SearchOptions{.beam_size = 1},
                                     {std::vector<int64_t>(strings.size(), 20), 0});
  double right = 0;
  for (size_t i = 0; i < strings.size(); ++i)
    right += results[i][0].complete && results[i][0].ids == Ids(strings[i].rbegin(), strings[i].rend());
  return right / static_cast<double>(strings.size());
}

TEST(SlowLearning, ReversesStringsItHasNeverSeen) {
  at::set_num_threads(1);
  const Task task = reverse_task(20'000, 500);
  ModelOptions shape = small_model_options(kSymbolsAndSpecial);
  shape.d_model = 32;
  shape.encoder_ffn_dim = shape.decoder_ffn_dim = 64;
  shape.encoder_attention_heads = shape.decoder_attention_heads = 4;
  shape.dropout = 0;
  TrainingOptions options;
  options.learning_rate = 4e-3;
  options.warmup = 150;
  torch::manual_seed(1);
  Transformer model(shape);
  Adam optimiser(model, {});
  BatchStream stream(task.corpus, {900, 1, {kPadSymbol, kPadSymbol}}, {});
  model->eval();
  EXPECT_LT(exact_match(model, task.held_out), 0.01);
  model->train();
  Workers workers(1);
  for (int64_t update = 1; update <= 1200; ++update) {
    const auto item = stream.next();
    train_update(model, optimiser, item.parts, options,
                 {learning_rate_at(update, options, shape.d_model), 1, static_cast<uint64_t>(update)},
                 workers);
  }
  model->eval();
  EXPECT_GE(exact_match(model, task.held_out), 0.99);
}

}  // namespace
}  // namespace dragoman
