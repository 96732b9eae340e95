#include "training/run_inputs.h"

#include "folder/config.h"
#include "training/fine_tuning.h"

namespace dragoman {
namespace {

// Makes the folder of a new run without weights. Returns its model options, with the sizes of the
// vocabularies.
ModelOptions begin_folder(const RunOptions& options, RunText& text, Log& log) {
  if (options.is_fine_tuning()) {
    const LoadedModelFolder from = load_model_folder(options.from_model, torch::kCPU);
    write_run_settings(options);
    const ModelOptions model = with_folder_sizes(options.model, from.options);
    copy_settings(from, options.model_folder, model);
    return model;
  }
  const TrainedPair tokenizers = train_tokenizers(options, text, log);
  ModelOptions model = options.model;
  model.vocab_size = tokenizers.source.size();
  model.decoder_vocab_size = tokenizers.target.size();
  model.pad_token_id = tokenizers.target.pad_id();
  check_model_options(model, "model", ErrorKind::kUsage);
  write_run_settings(options);
  write_model_settings(options.model_folder, model, GenerationDefaults(), tokenizers.source_spm,
                       tokenizers.target_spm, tokenizers.source, tokenizers.target);
  return model;
}

// The model options of the run: a new one writes its folder, an earlier one has config.json.
ModelOptions model_options_of(const OpenedRun& run, const RunOptions& options, RunText& text, Log& log) {
  const std::string& folder = options.model_folder;
  if (run.found.is_new()) {
    const ModelOptions model = run.folder.begin([&] { return begin_folder(options, text, log); });
    check_settings_of_run(folder, model);
    return model;
  }
  check_settings_of_run(folder, options.model);
  return with_folder_sizes(options.model, read_model_config(folder));
}

LoadedModelFolder open_folder(const RunOptions& options, const ModelOptions& model_options,
                              const torch::Device& device) {
  const std::string& folder = options.model_folder;
  torch::manual_seed(options.training.seed);
  Transformer model(model_options);
  model->move_to(device);
  return {{folder, model_options, TokenizerPair::load(folder), read_generation_config(folder), nullptr},
          model};
}

}  // namespace

RunInputs prepare_run(const RunOptions& options, const torch::Device& device, Log& log) {
  std::optional<OpenedRun> earlier = open_earlier_run(options, log);
  RunText text = read_text(options, log);
  OpenedRun run = earlier ? std::move(*earlier) : open_new_run(options, log);
  const ModelOptions model = model_options_of(run, options, text, log);
  LoadedModelFolder folder = open_folder(options, model, device);
  if (run.found.is_new() && options.is_fine_tuning()) {
    load_first_weights(folder.model, options.from_model);
    log.info("starting with the weights of " + options.from_model);
  }
  log.info("model: " + with_commas(folder.model->parameter_count()) + " parameters");
  TrainingText encoded = encode_training_text(std::move(text), folder.tokenizers, options, log);
  return {std::move(run), std::move(folder), std::move(encoded)};
}

}  // namespace dragoman
