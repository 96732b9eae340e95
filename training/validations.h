// The validations of a run: which of its models is kept, and when it has stopped improving.
#pragma once

#include "training/run_saver.h"
#include "training/training.h"
#include "training/validation.h"

namespace dragoman {

// The score by --valid-metric; higher is better.
double validation_score(const ValidationResult& result, ValidMetric metric);

// Records a validation of the present update. Counts those without a new best score that was kept: the
// patience of --early-stopping. It compares validations with each other; the model may be a mean of earlier
// ones, which is better still.
void count_validation(TrainingState& state, double score, bool became_the_model);

class Validations {
 public:
  // `validator` may be null: there are none.
  Validations(Training& training, const Validator* validator, RunSaver& saver);

  bool are_on() const;
  bool is_due() const;
  // Writes the weights as the model if they score better, keeps them for --average, and saves the state.
  void run();
  // At the user's request: changes nothing but the log.
  void run_on_request();
  // At the end of a run: the mean of the snapshots becomes the model if it scores better.
  void try_average();

 private:
  ValidationResult measure();
  void log(const ValidationResult& result);
  bool keep_if_better(double score);
  void keep_snapshot(double score);

  Training& training_;
  const Validator* validator_;
  RunSaver& saver_;
  int threads_;
};

}  // namespace dragoman
