// The training loop.
//
//   validation, requests --> limits --> update --> progress --> checkpoint --> again
#pragma once

#include <optional>
#include <string>

#include "planning/run_requests.h"
#include "training/progress_report.h"
#include "training/run_saver.h"
#include "training/stop_reason.h"
#include "training/training.h"
#include "training/updates.h"
#include "training/validations.h"

namespace dragoman {

class Trainer {
 public:
  // `folder`: model, tokenizers and path of the run; its settings files exist. `validator` may be null.
  Trainer(LoadedModelFolder folder, const EncodedCorpus& corpus, const Validator* validator,
          const TrainingOptions& options, Log& log, RunRequests& requests);

  // Continues from this checkpoint: see resume_training.
  void resume(const std::string& checkpoint);

  // For a run that begins with the weights of another model, which have this checksum: they are validated
  // first, and stay the model when no later ones are better.
  void begin_with(std::string checksum) { training_.state.from_model = std::move(checksum); }

  // --max-time counts so many seconds before the first update of a new run.
  void count_preparation(double seconds) { training_.state.seconds = seconds; }

  void watch(TrainWatcher& watcher) { training_.train_log.watch(watcher); }

  // --max-time does not end the run before so many updates.
  void run_at_least(int64_t updates) { min_updates_ = updates; }

  // Trains until a limit is reached or a signal requests a stop (core/interrupt.h); the state is then saved.
  // DataError when the files at the end cannot be written.
  StopReason run();

  const TrainingState& state() const { return training_.state; }

 private:
  void begin();
  bool is_complete() const;
  StopReason train();
  std::optional<StopReason> reason_to_stop() const;
  void update();
  void read_updates();
  void report();
  void validate();
  void answer_requests();
  void save();
  void complete();
  void save_for_later();
  void report_end(StopReason reason);

  Training training_;
  const EncodedCorpus& corpus_;
  RunRequests& requests_;
  RunSaver saver_;
  Validations validations_;
  Updates updates_;
  ProgressReport progress_;
  int64_t min_updates_ = 0;
};

// The corpus' identity: a checksum over all ids.
std::string fingerprint(const EncodedCorpus& corpus);

}  // namespace dragoman
