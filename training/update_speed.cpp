#include "training/update_speed.h"

#include <algorithm>

#include "core/heartbeat.h"
#include "training/operator_threads.h"
#include "training/updates.h"

namespace dragoman {
namespace {

constexpr int64_t kMeasuredUpdates = 2;

}  // namespace

UpdateSpeed measure_updates(const AutoSettings& settings, const EncodedCorpus& corpus,
                            const TokenizerPair& tokenizers, const torch::Device& device, double seconds,
                            Log& log) {
  const Heartbeat beat(log, "measuring the speed of updates");
  torch::manual_seed(settings.training.seed);
  Transformer model(settings.model);
  model->move_to(device);
  model->train();
  model->set_recompute(settings.training.recompute);
  Training training({{"", settings.model, tokenizers, GenerationDefaults(), nullptr}, model},
                    settings.training, log);
  Updates updates(training, corpus);
  const OperatorThreads threads(updates.operator_threads());
  updates.begin();
  const auto run = [&] {
    updates.run();
    int64_t tokens = 0;
    for (const UpdateResult& result : updates.read()) tokens += result.label_tokens;
    return tokens;
  };
  run();  // takes memory for the first time
  const double begin = training.clock.seconds();
  int64_t tokens = 0, measured = 0;
  do {
    tokens += run();
    ++measured;
  } while (measured < kMeasuredUpdates || training.clock.seconds() - begin < seconds);
  updates.end();
  const double taken = std::max(1e-6, training.clock.seconds() - begin);
  return {tokens / taken, 1.0 * tokens / measured};
}

}  // namespace dragoman
