#include "training/epoch_size.h"

#include <cmath>
#include <cstdio>

#include "data/batch_plan.h"

namespace dragoman {

EpochSize measure_epoch(const EncodedCorpus& corpus, const TrainingOptions& options, int64_t epoch,
                        Log& log) {
  const EpochPlan plan(corpus, options.max_tokens, options.seed, epoch);
  const BatchPlan window = plan.window(0);
  const double batches = window.size();
  double pairs = 0;
  for (const BatchIndices& batch : window) pairs += batch.size();
  EpochSize size;
  size.batches = batches * corpus.size() / pairs;
  size.updates = updates_per_pass(options, std::llround(size.batches), corpus.target_tokens());
  char share[32];
  std::snprintf(share, sizeof share, "%.1f", 100 * padding_share(window, corpus));
  log.info("batches: " + with_commas(std::ssize(window)) +
           (plan.windows() > 1 ? " in the first of " + std::to_string(plan.windows()) + " windows of an epoch"
                               : " per epoch") +
           ", " + share + " % of their positions are padding");
  return size;
}

RunPosition position_of(const TrainingState& state, const EpochSize& epoch, double seconds) {
  return {state.update, state.position.epoch + state.position.batch / epoch.batches, seconds};
}

}  // namespace dragoman
