#include "training/run_inputs.h"

#include <optional>

#include "folder/model_examination.h"
#include "folder/weight_file.h"
#include "training/fine_tuning.h"

namespace dragoman {
namespace {

// Makes the folder of a new run without weights, from the folder of --from-model. Returns that folder.
ModelFolder begin_fine_tuning(const RunOptions& options) {
  ModelFolder from = ModelFolder::read(options.config_of(options.from_model));
  map_weights(from.options, from.weights);  // damaged ones are refused before anything is written
  write_run_settings(options);
  copy_settings(from, options.model_folder, with_folder_sizes(options.model, from.options));
  return from;
}

// Makes the folder of a new run without weights and with new tokenizers.
void begin_training(const RunOptions& options, RunText& text, Log& log) {
  const TokenizerFiles tokenizers = train_tokenizers(options, text, log);
  ModelOptions model = options.model;
  model.vocab_size = tokenizers.source.size();
  model.decoder_vocab_size = tokenizers.target.size();
  model.pad_token_id = tokenizers.target.pad_id();
  check_model_options(model, "model", ErrorKind::kUsage);
  write_run_settings(options);
  write_model_settings(options.model_folder, model, GenerationDefaults(), tokenizers);
}

// The folder of a run, which is new or has begun, read once. A new model has random weights.
LoadedModelFolder open_folder(const RunOptions& options, const torch::Device& device) {
  const std::string& folder = options.model_folder;
  check_settings_files(folder);
  const ModelConfig config = options.config_of(folder);
  check_settings_of_run(config, options.model);
  const ModelOptions model_options = with_folder_sizes(options.model, config.options);
  torch::manual_seed(options.training.seed);
  Transformer model(model_options);
  model->move_to(device);
  refuse_git_lfs_pointers(folder);
  return {{folder, model_options, TokenizerPair::load(config), read_generation_config(folder, config.json),
           nullptr},
          model};
}

LoadedModelFolder begin_folder(const LockedFolder& locked, const RunOptions& options, RunText& text,
                               const torch::Device& device, Log& log) {
  if (!options.is_fine_tuning()) {
    locked.begin([&] { begin_training(options, text, log); });
    return open_folder(options, device);
  }
  std::optional<ModelFolder> from;
  locked.begin([&] { from.emplace(begin_fine_tuning(options)); });
  LoadedModelFolder folder = open_folder(options, device);
  load_weights(folder.model, *from->weights);
  log.info("starting with the weights of " + options.from_model);
  return folder;
}

}  // namespace

RunInputs prepare_run(const RunOptions& options, const torch::Device& device, Log& log) {
  std::optional<OpenedRun> earlier = open_earlier_run(options, log);
  RunText text = read_text(options, log);
  OpenedRun run = earlier ? std::move(*earlier) : open_new_run(options, log);
  LoadedModelFolder folder = run.found.is_new() ? begin_folder(run.folder, options, text, device, log)
                                                : open_folder(options, device);
  log.info("model: " + with_commas(folder.model->parameter_count()) + " parameters");
  TrainingText encoded = encode_training_text(std::move(text), folder.tokenizers, options, log);
  return {std::move(run), std::move(folder), std::move(encoded)};
}

}  // namespace dragoman
