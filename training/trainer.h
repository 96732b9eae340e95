// The training loop: the first walk. batch --> logits [B,T,V] --> loss --> gradients --> step --> checkpoint.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "core/running_clock.h"
#include "model/weights.h"
#include "planning/run_length.h"
#include "planning/run_requests.h"
#include "planning/training_options.h"
#include "report/train_log.h"
#include "training/adam.h"
#include "training/batch.h"
#include "training/checkpoint.h"
#include "training/update.h"
#include "training/validation.h"

namespace dragoman {

// What ended a run.
enum class StopReason { kUpdates, kEpochs, kTime, kNoGain, kSignal };

class Trainer {
 public:
  // `folder`: model, tokenizers and path of the run; its settings files are written already. `validator` may
  // be null.
  Trainer(LoadedModelFolder folder, const EncodedCorpus& corpus, const Validator* validator,
          const TrainingOptions& options, Log& log, RunRequests& requests);

  // Goes on from this checkpoint. ModelError; DataError when the corpus is not the one it was made with. With
  // other validation text the best score and the patience begin anew.
  void resume(const std::string& checkpoint);

  // For a run that begins with the weights of another model, of this checksum: they are validated first, and
  // stay the model when nothing is better.
  void begin_with(std::string checksum);

  void watch(TrainWatcher& watcher) { train_log_.watch(watcher); }

  // --max-time ends the run after so many updates at the earliest.
  void run_at_least(int64_t updates) { least_updates_ = updates; }

  // Trains to an end, or until a signal asks to stop (core/interrupt.h); the state is then saved. DataError
  // when what comes at the end cannot be written.
  StopReason run();

  const TrainingState& state() const { return state_; }

 private:
  std::optional<StopReason> finished() const;
  void begin();
  void begin_stream();
  bool says_that_all_is_done() const;
  StopReason train();
  void complete();
  void save_for_later();
  void report_end(StopReason reason);
  void report_batches();
  void update();
  [[noreturn]] void stop_for_bad_updates() const;
  void read_updates();  // that were not waited for
  void account_for(const UpdateResult& result, int64_t number);
  void report_progress();
  bool validates() const;
  bool validation_is_due() const;
  void report_by_time();  // however few updates there were
  TrainProgress progress_now();
  void check_schedule(double seconds_per_update);
  void validate();
  ValidationResult validation_now();
  void validate_on_request();
  bool keep_if_better(double score);
  void count(double score, bool became_the_model);
  void keep_snapshot(double score);
  void try_average();
  void write_weights();  // of the present, or their moving average
  // For a resumed run: files that its folder has lost since the checkpoint.
  void forget_lost_snapshots();
  void restore_lost_model();
  void write_model(int64_t averaged, std::optional<double> score);
  void answer_requests();
  void save();
  void save_state();  // of a checkpoint that is there, or a new checkpoint
  void remove_old_snapshots() const;
  bool try_to_write(const std::string& what, const std::function<void()>& write);
  double seconds_left() const;
  RunPosition position() const;
  double seconds_per_update() const;  // of this call; 0 before the first
  double now() const;                 // seconds of training so far

  LoadedModelFolder folder_;
  const EncodedCorpus& corpus_;
  const Validator* validator_;
  TrainingOptions options_;
  Log& log_;
  TrainLog train_log_;
  RunRequests& requests_;
  bool scales_loss_;  // float16 by autocast
  int threads_;
  Workers workers_;
  Adam optimiser_;
  std::optional<Augmentation> augmentation_;
  std::optional<MovingAverage> average_;
  TrainingState state_;
  std::unique_ptr<BatchStream> stream_;
  std::vector<UpdateResult> unread_;
  int64_t saved_update_ = -1;  // of the newest checkpoint; -1: there is none
  bool begins_with_model_ = false;
  bool is_ending_ = false;  // what cannot be written now is an error
  int64_t skipped_in_a_row_ = 0;
  mutable RunningClock clock_;
  double started_ = 0, seconds_before_ = 0;
  int64_t start_update_ = 0, least_updates_ = 0;
  double batches_per_pass_ = 1, updates_per_pass_ = 1;
  double reported_at_ = 0, shown_at_ = 0;  // the last line of the log, the last line of any kind
  bool has_shown_ = false;                 // a progress line of any kind
  bool time_checked_ = false;              // whether the schedule fits --max-time

  // Sums since the last progress line.
  struct {
    double loss = 0, cross_entropy = 0, gradient_norm = 0;
    int64_t tokens = 0, updates = 0;
    double since = 0, paused = 0;  // paused: validations and checkpoints in between
  } window_;
};

// The corpus' identity: a checksum over all ids.
std::string fingerprint(const EncodedCorpus& corpus);

}  // namespace dragoman
