// uses: torch
#include <gtest/gtest.h>

#include <limits>

#include "tests/support/small_model.h"
#include "training/loss.h"
#include "training/update.h"

namespace dragoman {
namespace {

ModelOptions without_dropout() {
  ModelOptions options = small_model_options();
  options.dropout = 0;
  return options;
}

// Sentences of uneven length, so that batches differ in their number of labels.
EncodedCorpus corpus_of(int pairs) {
  SplitMix64 random(2);
  std::vector<std::vector<int32_t>> source, target;
  for (int i = 0; i < pairs; ++i) {
    for (auto* side : {&source, &target}) {
      const auto ids = random_sentence(random, kSmallVocabulary, 9);
      side->emplace_back(ids.begin(), ids.end());
    }
  }
  return EncodedCorpus::from_ids(source, target);
}

std::vector<Batch> batches_of(const EncodedCorpus& corpus, int count) {
  std::vector<Batch> batches;
  const int64_t rows = corpus.size() / count;
  for (int64_t i = 0; i < count; ++i) {
    BatchIndices pairs;
    for (int64_t row = 0; row < rows; ++row) pairs.push_back(i * rows + row);
    batches.push_back(make_batch(corpus, pairs, {kSmallPad, kSmallPad}));
  }
  return batches;
}

struct Trained {
  Transformer model;
  Adam optimiser;
  UpdateResult result;
};

// As it is when training begins: gradients of a size that leaves room for a tolerance of 1e-6.
Transformer new_model() {
  at::set_num_threads(1);
  torch::manual_seed(1);
  return Transformer(without_dropout());
}

TrainingOptions without_clipping() {
  TrainingOptions options;
  options.clip_norm = 0;
  return options;
}

Trained train(const std::vector<Batch>& batches, const TrainingOptions& options, double loss_scale = 1,
              int worker_count = 1) {
  Transformer model = new_model();
  Adam optimiser(model, {});
  Workers workers(worker_count);
  const UpdateResult result =
      train_update(model, optimiser, batches, options, {1e-3, loss_scale, 1}, workers);
  return {model, optimiser, result};
}

double largest_difference(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) largest = std::max(largest, (a[i] - b[i]).abs().max().item<double>());
  return largest;
}

std::vector<torch::Tensor> gradients(const Transformer& model) {
  std::vector<torch::Tensor> all;
  for (const auto& parameter : model->parameters()) all.push_back(parameter.grad());
  return all;
}

void expect_same_update(const Trained& a, const Trained& b) {
  EXPECT_LT(largest_difference(gradients(a.model), gradients(b.model)), 1e-6);
  EXPECT_NEAR(a.result.loss, b.result.loss, 1e-5);
  EXPECT_NEAR(a.result.cross_entropy, b.result.cross_entropy, 1e-5);
  EXPECT_NEAR(a.result.gradient_norm, b.result.gradient_norm, 1e-5);
  EXPECT_EQ(a.result.label_tokens, b.result.label_tokens);
}

std::vector<torch::Tensor> copy_of(const Transformer& model) {
  std::vector<torch::Tensor> all;
  for (const auto& parameter : model->parameters()) all.push_back(parameter.detach().clone());
  return all;
}

TEST(TrainUpdate, FourBatchesGiveTheGradientsOfOneFourTimesTheSize) {
  const EncodedCorpus corpus = corpus_of(16);
  const auto pieces = batches_of(corpus, 4);
  ASSERT_NE(pieces[0].label_tokens, pieces[1].label_tokens) << "a mean of means would pass";
  const Trained four = train(pieces, without_clipping()),
                one = train(batches_of(corpus, 1), without_clipping());
  expect_same_update(four, one);
}

// Of 32 rows at least, from where a linear layer takes the product of kernels/.
class TrainUpdateIn : public ::testing::TestWithParam<Precision> {};
INSTANTIATE_TEST_SUITE_P(Types, TrainUpdateIn, ::testing::Values(Precision::kFloat16, Precision::kBFloat16),
                         [](const auto& one) { return name_of(one.param); });

TEST_P(TrainUpdateIn, GivesNearlyTheGradientsOfFloat32) {
  const auto batches = batches_of(corpus_of(40), 1);
  TrainingOptions shorter = without_clipping();
  shorter.precision = GetParam();
  if (!multiplies_by_kernels(shorter, torch::kCPU))
    GTEST_SKIP() << "this processor does not multiply in " << name_of(GetParam());
  const Trained a = train(batches, shorter), b = train(batches, without_clipping());
  EXPECT_NEAR(a.result.loss, b.result.loss, 1e-3 * b.result.loss);
  EXPECT_NEAR(a.result.gradient_norm, b.result.gradient_norm, 1e-2 * b.result.gradient_norm);
  EXPECT_GT(largest_difference(gradients(a.model), gradients(b.model)), 1e-7);
}

// Also with more workers than rows, so that some have nothing to do.
TEST(TrainUpdate, SeveralWorkersGiveTheGradientsOfOne) {
  const auto batches = batches_of(corpus_of(6), 2);
  const Trained one = train(batches, without_clipping());
  for (const int workers : {2, 3, 4, 7}) {
    SCOPED_TRACE(workers);
    const Trained several = train(batches, without_clipping(), 1, workers);
    expect_same_update(several, one);
  }
}

// The code path of CUDA, on the CPU: three updates, with clipping, the second with a loss that is not
// finite.
TEST(TrainUpdate, WithoutWaitingItDoesTheSame) {
  const auto batches = batches_of(corpus_of(16), 2);
  const auto run = [&](bool wait) {
    Transformer model = new_model();
    Adam optimiser(model, {});
    Workers workers(1);
    TrainingOptions options;
    options.clip_norm = 0.1;
    std::vector<UpdateResult> results;
    for (const double scale : {1.0, std::numeric_limits<double>::infinity(), 8.0}) {
      results.push_back(train_update(model, optimiser, batches, options, {1e-3, scale, 1, wait}, workers));
      EXPECT_EQ(results.back().unread.defined(), !wait);
      results.back().read();
    }
    EXPECT_EQ(optimiser.steps(), 2);
    return std::pair(copy_of(model), results);
  };
  const auto waiting = run(true), not_waiting = run(false);
  EXPECT_LT(largest_difference(waiting.first, not_waiting.first), 1e-6);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(not_waiting.second[i].skipped, i == 1);
    EXPECT_EQ(waiting.second[i].skipped, i == 1);
    if (i == 1) continue;
    EXPECT_NEAR(waiting.second[i].loss, not_waiting.second[i].loss, 1e-6);
    EXPECT_NEAR(waiting.second[i].gradient_norm, not_waiting.second[i].gradient_norm, 1e-6);
  }
}

TEST(TrainUpdate, WithLayersComputedAgainGivesTheSameGradients) {
  const auto batches = batches_of(corpus_of(16), 2);
  const Trained kept = train(batches, without_clipping());
  TrainingOptions options = without_clipping();
  for (const int workers : {1, 2}) {
    Transformer model = new_model();
    model->set_recompute(true);
    Adam optimiser(model, {});
    Workers team(workers);
    const UpdateResult result = train_update(model, optimiser, batches, options, {1e-3, 1, 1}, team);
    expect_same_update({model, optimiser, result}, kept);
  }
}

// With dropout, whose seed is the update's and the worker's, and in threads that may run in any order.
TEST(TrainUpdate, IsTheSameForTheSameSeedAndNumberOfWorkers) {
  const auto batches = batches_of(corpus_of(16), 2);
  const auto gradients_with = [&](uint64_t seed, int worker_count) {
    torch::manual_seed(1);
    Transformer model(small_model_options());  // dropout 0.1
    Adam optimiser(model, {});
    Workers workers(worker_count);
    torch::manual_seed(seed * 100);  // must not count
    train_update(model, optimiser, batches, without_clipping(), {1e-3, 1, seed}, workers);
    return gradients(model);
  };
  for (const int workers : {1, 3}) {
    const auto expected = gradients_with(5, workers);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(largest_difference(gradients_with(5, workers), expected), 0);
    EXPECT_GT(largest_difference(gradients_with(6, workers), expected), 1e-4);
  }
}

TEST(TrainUpdate, TellsLossAndCrossEntropyPerLabelToken) {
  const auto batches = batches_of(corpus_of(8), 2);
  Transformer model = new_model();
  const torch::NoGradGuard no_grad;
  double smoothed = 0, plain = 0, tokens = 0;
  for (const auto& batch : batches) {
    auto logits = model->forward(batch.source, batch.decoder_input);
    const auto log_p = logits.narrow(2, 0, kSmallPad).log_softmax(2);
    for (int64_t row = 0; row < batch.labels.size(0); ++row) {
      for (int64_t t = 0; t < batch.labels.size(1); ++t) {
        const int64_t label = batch.labels[row][t].item<int64_t>();
        if (label == kSmallPad) continue;
        plain -= log_p[row][t][label].item<double>();
        smoothed -= 0.9 * log_p[row][t][label].item<double>() + 0.1 * log_p[row][t].mean().item<double>();
        ++tokens;
      }
    }
  }
  const torch::AutoGradMode with_gradients(true);
  const UpdateResult result = train(batches, without_clipping()).result;
  EXPECT_NEAR(result.loss, smoothed / tokens, 1e-5);
  EXPECT_NEAR(result.cross_entropy, plain / tokens, 1e-5);
  EXPECT_EQ(result.label_tokens, static_cast<int64_t>(tokens));
}

TEST(TrainUpdate, ClipsTheGradientToTheNormAndTellsTheOneBefore) {
  const auto batches = batches_of(corpus_of(8), 1);
  const Trained free = train(batches, without_clipping());
  TrainingOptions options;
  options.clip_norm = free.result.gradient_norm / 4;
  const Trained clipped = train(batches, options);
  EXPECT_NEAR(clipped.result.gradient_norm, free.result.gradient_norm, 1e-5);
  EXPECT_NEAR(clipped.optimiser.gradient_norm().item<double>(), options.clip_norm, 1e-4 * options.clip_norm);
}

TEST(TrainUpdate, TheLossScaleDoesNotChangeTheGradients) {
  const auto batches = batches_of(corpus_of(8), 2);
  const Trained plain = train(batches, without_clipping()), scaled = train(batches, without_clipping(), 1024);
  EXPECT_LT(largest_difference(gradients(plain.model), gradients(scaled.model)), 1e-6);
  EXPECT_NEAR(plain.result.gradient_norm, scaled.result.gradient_norm, 1e-5);
}

TEST(TrainUpdate, LeavesTheRowOfPaddingAtZero) {
  const Trained trained = train(batches_of(corpus_of(8), 1), without_clipping());
  EXPECT_EQ(trained.model->target_embedding_->weight()[kSmallPad].abs().sum().item<double>(), 0);
  EXPECT_GT(largest_difference(copy_of(trained.model), copy_of(new_model())), 1e-5);
}

void expect_skipped_and_unchanged(Transformer& model, double loss_scale) {
  Adam optimiser(model, {});
  const auto batches = batches_of(corpus_of(8), 2);
  const auto before = copy_of(model);
  Workers workers(1);
  EXPECT_TRUE(train_update(model, optimiser, batches, {}, {1e-3, loss_scale, 1}, workers).skipped);
  EXPECT_EQ(largest_difference(copy_of(model), before), 0);
  EXPECT_EQ(optimiser.steps(), 0);
  for (const auto& slot : optimiser.slots()) {
    EXPECT_EQ(slot.first_moment.abs().max().item<double>(), 0) << slot.name;
    EXPECT_EQ(slot.second_moment.abs().max().item<double>(), 0) << slot.name;
  }
}

TEST(TrainUpdate, SkipsALossThatIsNotANumberAndChangesNothing) {
  Transformer model = random_model(without_dropout());
  {
    const torch::NoGradGuard no_grad;
    model->output_projection_->bias().fill_(std::numeric_limits<float>::quiet_NaN());
  }
  expect_skipped_and_unchanged(model, 1);
}

TEST(TrainUpdate, SkipsAGradientThatOverflowsAndChangesNothing) {
  Transformer model = random_model(without_dropout());
  expect_skipped_and_unchanged(model, 1e300);
}

TEST(WorkerCount, IsOneOnCudaAndAtMostFourOnTheCpu) {
  EXPECT_EQ(worker_count(16, torch::kCUDA), 1);
  EXPECT_EQ(worker_count(16, torch::kCPU), 4);
  EXPECT_EQ(worker_count(2, torch::kCPU), 2);
  EXPECT_EQ(worker_count(0, torch::kCPU), 1);
}

}  // namespace
}  // namespace dragoman
