#include "training/training.h"

#include "core/files.h"
#include "folder/manifest.h"

namespace dragoman {

Training::Training(LoadedModelFolder folder_of_run, const TrainingOptions& training_options, Log& run_log)
    : folder(std::move(folder_of_run)),
      options(training_options),
      optimiser(folder.model, {options.adam_beta1, options.adam_beta2, options.adam_epsilon}),
      log(run_log),
      train_log(folder.path, run_log) {
  if (options.moving_average > 0) average.emplace(folder.model, options.moving_average);
}

bool Training::is_better_than_model(double score) const {
  return !state.model || !state.model->score || score > *state.model->score;
}

void Training::write_model(int64_t averaged, std::optional<double> score) {
  write_model_weights(folder.path, folder.model);
  state.model = {state.update, averaged, score, checksum_of_file(join_path(folder.path, kWeightsName))};
}

}  // namespace dragoman
