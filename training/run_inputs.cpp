#include "training/run_inputs.h"

#include <optional>

#include "folder/model_examination.h"
#include "folder/weight_file.h"
#include "training/auto_run.h"
#include "training/fine_tuning.h"

namespace dragoman {
namespace {

// What a new run has before its folder is written.
struct NewRun {
  RunOptions options;  // complete
  TrainingText text;
};

TokenizerPair tokenizers_of(const TokenizerFiles& trained, bool shared) {
  const Tokenizer source = Tokenizer::from_bytes(trained.source_spm, trained.source, "source tokenizer");
  return {source,
          shared ? source : Tokenizer::from_bytes(trained.target_spm, trained.target, "target tokenizer"),
          shared};
}

// Writes the folder of a new run without weights, with new tokenizers.
NewRun begin_training(AutoRun& auto_run, RunText text, const torch::Device& device, Log& log) {
  RunOptions options = auto_run.with_tokenizer(text);
  const TokenizerFiles trained = train_tokenizers(options, text, log);
  ModelOptions model = options.model;
  model.vocab_size = trained.source.size();
  model.decoder_vocab_size = trained.target.size();
  model.pad_token_id = trained.target.pad_id();
  check_model_options(model, "model", ErrorKind::kUsage);
  const TokenizerPair tokenizers = tokenizers_of(trained, model.share_encoder_decoder_embeddings);
  TrainingText encoded = encode_training_text(std::move(text), tokenizers, options, log);
  options = auto_run.with_settings(model, encoded, tokenizers, device);
  model = with_folder_sizes(options.model, model);
  check_model_options(model, "model", ErrorKind::kUsage);
  write_run_settings(options);
  write_model_settings(options.model_folder, model, GenerationDefaults(), trained);
  return {options, std::move(encoded)};
}

// Writes the folder of a new run without weights, from the folder of --from-model, which becomes `from`.
NewRun begin_fine_tuning(AutoRun& auto_run, RunText text, std::optional<ModelFolder>& from,
                         const torch::Device& device, Log& log) {
  RunOptions options = auto_run.with_tokenizer(text);
  from.emplace(ModelFolder::read(options.config_of(options.from_model)));
  map_weights(from->options, from->weights);  // damaged ones are refused before anything is written
  TrainingText encoded = encode_training_text(std::move(text), from->tokenizers, options, log);
  options = auto_run.with_settings(with_folder_sizes(options.model, from->options), encoded, from->tokenizers,
                                   device);
  write_run_settings(options);
  copy_settings(*from, options.model_folder, with_folder_sizes(options.model, from->options));
  return {options, std::move(encoded)};
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

RunInputs begin_run(OpenedRun run, const RunOptions& given, RunText text, const torch::Device& device,
                    RunningClock& clock, Log& log) {
  AutoRun auto_run(given, clock, log);
  std::optional<ModelFolder> from;
  std::optional<NewRun> begun;
  run.folder.begin([&] {
    begun.emplace(given.is_fine_tuning() ? begin_fine_tuning(auto_run, std::move(text), from, device, log)
                                         : begin_training(auto_run, std::move(text), device, log));
  });
  LoadedModelFolder folder = open_folder(begun->options, device);
  if (from) {
    load_weights(folder.model, *from->weights);
    log.info("starting with the weights of " + given.from_model);
  }
  return {begun->options, auto_run.choice(), std::move(run), std::move(folder), std::move(begun->text)};
}

RunInputs continue_run(OpenedRun run, const RunOptions& options, RunText text, const torch::Device& device,
                       Log& log) {
  LoadedModelFolder folder = open_folder(options, device);
  TrainingText encoded = encode_training_text(std::move(text), folder.tokenizers, options, log);
  return {options, {}, std::move(run), std::move(folder), std::move(encoded)};
}

}  // namespace

RunInputs prepare_run(const RunOptions& options, const torch::Device& device, RunningClock& clock, Log& log) {
  std::optional<OpenedRun> earlier = open_earlier_run(options, log);
  RunText text = read_text(options, log);
  OpenedRun run = earlier ? std::move(*earlier) : open_new_run(options, log);
  RunInputs inputs = run.found.is_new()
                         ? begin_run(std::move(run), options, std::move(text), device, clock, log)
                         : continue_run(std::move(run), options, std::move(text), device, log);
  log.info("model: " + with_commas(inputs.folder.model->parameter_count()) + " parameters");
  return inputs;
}

}  // namespace dragoman
