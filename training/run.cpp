#include "training/run.h"

#include <sys/resource.h>

#include <filesystem>
#include <memory>
#include <optional>

#include "core/files.h"
#include "core/json.h"
#include "model/device.h"
#include "model/fused_linear.h"
#include "training/fine_tuning.h"
#include "training/run_text.h"
#include "training/run_watch.h"
#include "training/update.h"
#include "training/validation.h"

namespace dragoman {
namespace {

constexpr char kRunName[] = "run.json";
constexpr double kPlanSeconds = 15;  // of updates

// The settings with which the folder's run was begun, when it holds one. UsageError for a folder that is not
// a run's.
bool folder_has_run(const std::string& folder) {
  if (file_exists(join_path(folder, kRunName))) return true;
  for (const char* name : {"config.json", "model.safetensors", "pytorch_model.bin", "vocab.json"}) {
    if (file_exists(join_path(folder, name))) {
      throw UsageError("--model", "required a new folder or one of an earlier run, got " + folder +
                                      ", which holds a model (" + name + ") but no run.json");
    }
  }
  return false;
}

// Settings that differ from those of the run in the folder: an error, but for those that may change, which
// are reported.
void compare_with_run(RunOptions options, Log& log) {
  const std::string path = join_path(options.model_folder, kRunName);
  RunOptions before;
  before.model_folder = options.model_folder;
  set_from_json(before.describe(), read_json_file(path, ErrorKind::kConfig), path);
  const OptionList old_list = before.describe(), new_list = options.describe();
  std::string differences;
  for (size_t i = 0; i < new_list.size(); ++i) {
    const Option &old_option = old_list[i], &new_option = new_list[i];
    if (new_option.flag_only || old_option.value_text() == new_option.value_text()) continue;
    const std::string change =
        "--" + new_option.name + " " + old_option.value_text() + " -> " + new_option.value_text();
    if (new_option.may_change)
      log.info("changed since the run began: " + change);
    else
      differences += (differences.empty() ? "" : "; ") + change;
  }
  if (!differences.empty()) {
    throw UsageError("--model", "required the settings with which the run in " + options.model_folder +
                                    " began, got " + differences);
  }
}

// Makes the folder of a new run, without weights.
void begin_folder(RunOptions& options, RunText& text, std::optional<FolderLock>& lock, Log& log) {
  const auto make = [&] {
    make_folder(options.model_folder);
    if (!lock) lock.emplace(options.model_folder, "--model");
  };
  if (!options.from_model.empty()) {
    make();
    copy_settings(options.from_model, options.model_folder, options.model);
  } else {
    const TrainedPair tokenizers = train_tokenizers(options, text, log);
    options.model.vocab_size = tokenizers.source.size();
    options.model.decoder_vocab_size = tokenizers.target.size();
    options.model.pad_token_id = tokenizers.target.pad_id();
    check_model_options(options.model, "model", ErrorKind::kUsage);
    make();
    write_model_settings(options.model_folder, options.model, GenerationDefaults(), tokenizers.source_spm,
                         tokenizers.target_spm, tokenizers.source, tokenizers.target);
  }
  RunOptions written = options;
  if (written.training.max_updates_is_relative) written.training.max_updates_is_relative = false;
  write_file_atomically(join_path(options.model_folder, kRunName), json_text(to_json(written.describe())));
}

void log_start(const RunOptions& options, const torch::Device& device, Log& log) {
  log.info("device " + describe_device(device) + ", LibTorch " + libtorch_version() + ", threads " +
           std::to_string(at::get_num_threads()) + ", seed " + std::to_string(options.training.seed));
  const std::string& precision = options.training.precision;
  if (device.is_cpu() && precision != "float32" && !multiplies_by_kernels(options.training, device))
    log.warning("--precision " + precision + " is slower than float32 on this processor" +
                (can_multiply_in(torch::kFloat16)               ? "; float16 is faster"
                 : precision_type(precision) == torch::kFloat16 ? ", which has no AVX512-FP16"
                                                                : ", which has no AMX"));
  const std::string reason = options.model.not_exportable_because();
  if (!reason.empty()) log.warning("this model opens in Dragoman only: " + reason);
  if (!options.model.share_encoder_decoder_embeddings) {
    log.warning(
        "with separate vocabularies the folder opens in transformers; CTranslate2's Marian loader takes one "
        "vocabulary for both sides");
  }
  if (options.model.encoder_attention_heads != options.model.decoder_attention_heads) {
    log.warning(
        "encoder and decoder differ in their number of heads: transformers can do that, CTranslate2 would "
        "convert it wrongly");
  }
}

void check_run_options(const RunOptions& options) {
  if (options.model_folder.empty() && !options.plan)
    throw UsageError("--model", "required the folder of the run, got none");
  if (options.train.empty())
    throw UsageError(
        "--train-source",
        "required training text (--train-source and --train-target, or --train-pairs), got none");
  if (options.from_model.empty()) {
    options.training.augmentation.check(options.tokenizer.tokenizer_type == "unigram");
  } else {
    const std::string folder = shape_folder(options.model_folder, options.from_model);
    check_fine_tuning(folder, options.model, options.tokenizer);
    options.training.augmentation.check(has_unigram_tokenizer(folder));
  }
  if (options.training.average > 0 && options.training.valid_every == 0)
    throw UsageError("--average", "required validations (--valid-every), got none");
  if (options.training.precision == "int8") {
    throw UsageError("--precision",
                     "required float32, bfloat16 or float16, got 'int8': gradients vanish in 8 bits; train "
                     "in float32 and translate with --precision int8");
  }
}

// run.json's vocabulary sizes are not options: they come back from the folder's own config.json.
ModelFolder open_folder(RunOptions& options, const torch::Device& device) {
  options.model = [&] {
    const ModelOptions written = read_model_config(options.model_folder);
    ModelOptions model = options.model;
    model.vocab_size = written.vocab_size, model.decoder_vocab_size = written.decoder_vocab_size,
    model.pad_token_id = written.pad_token_id, model.eos_token_id = written.eos_token_id,
    model.max_position_embeddings = written.max_position_embeddings;
    return model;
  }();
  torch::manual_seed(static_cast<uint64_t>(options.training.seed));
  Transformer model(options.model);
  model->move_to(device);
  return {model, TokenizerPair::load(options.model_folder), read_generation_config(options.model_folder),
          options.model_folder, options.model};
}

// All of report.html but the history.
ReportContent report_content(RunOptions options, const RunText& text, const Transformer& model) {
  RunOptions usual;
  usual.preset = options.preset;
  usual.model = model_preset(options.preset);
  ReportContent content;
  content.name = std::filesystem::path(options.model_folder).lexically_normal().filename().string();
  if (content.name.empty()) content.name = options.model_folder;
  content.facts = {{"parameters", with_commas(model->parameter_count())},
                   {"vocabulary", with_commas(options.model.vocab_size)},
                   {"device", describe_device(model->device())},
                   {"threads", std::to_string(at::get_num_threads())},
                   {"LibTorch", libtorch_version()}};
  content.corpora = {text.train};
  if (text.valid_text.size() > 0) content.corpora.push_back(text.valid);
  content.settings = report_settings(options.describe(), usual.describe());
  content.valid_metric = options.training.valid_metric;
  return content;
}

}  // namespace

OptionList RunOptions::describe() {
  return grouped(
             "Text",
             {
                 option(train.source, "train-source", "F",
                        "training text, source side; several files by commas or repeated flags; .gz is read "
                        "as it is")
                     .alias("train-src"),
                 option(train.target, "train-target", "F",
                        "training text, target side: line N translates line N")
                     .alias("train-tgt"),
                 option(train.pairs, "train-pairs", "F",
                        "training text with a source, a tab and a target on each line"),
                 option(valid.source, "valid-source", "F",
                        "validation text, source side; without any, 1 % of the pairs (at most 1000) are held "
                        "out")
                     .alias("valid-src"),
                 option(valid.target, "valid-target", "F", "validation text, target side").alias("valid-tgt"),
                 option(valid.pairs, "valid-pairs", "F",
                        "validation text with a source, a tab and a target on each line"),
                 option(model_folder, "model", "DIR",
                        "the model folder: made by the run, and resumed when it is there")
                     .short_form('m')
                     .changeable(),
                 option(plan, "plan",
                        "measure some updates, print what the run would take in memory, time and disk, and "
                        "stop; "
                        "--model is not touched")
                     .only_flag(),
             }) +
         grouped("Text", corpus.describe()) + grouped("Tokenizer", tokenizer.describe()) +
         grouped(
             "Model",
             {option(preset, "preset", "NAME",
                     "the shape that the flags below change: tiny, small, base or big; characters is for "
                     "letters, sounds and other small alphabets")
                  .one_of(model_presets()),
              option(from_model, "from-model", "DIR",
                     "fine-tuning: begin with the weights, tokenizers and shape of this model folder, which "
                     "the flags below must not change (dropout aside); optimiser and schedule begin anew")}) +
         model.describe() + training.describe();
}

namespace {

// `plan`: measure instead of validating and reporting.
StopReason run_in_folder(RunOptions options, Log& log, RunRequests& requests, TrainingPlan* plan) {
  const torch::Device device = open_device(options.training.device);
  set_threads(options.training.threads);
  log_start(options, device, log);
  const bool resuming = folder_has_run(options.model_folder);
  if (resuming) compare_with_run(options, log);

  RunText text(options.train);
  read_text(options, text, log);
  std::optional<FolderLock> lock;  // two trainers in one folder would destroy each other's work
  if (is_folder(options.model_folder)) lock.emplace(options.model_folder, "--model");
  const auto checkpoint = resuming ? newest_checkpoint(options.model_folder, log) : std::nullopt;
  if (!checkpoint) begin_folder(options, text, lock, log);
  ModelFolder folder = open_folder(options, device);
  if (!checkpoint && !options.from_model.empty()) {
    load_first_weights(folder.model, options.from_model);
    log.info("beginning with the weights of " + options.from_model);
  }
  log.info("model: " + with_commas(folder.model->parameter_count()) + " parameters");
  const EncodedCorpus corpus = encode_training_text(text, folder.tokenizers, options, log);
  if (plan != nullptr) {
    plan->parameters = folder.model->parameter_count();
    plan->corpus_tokens = corpus.target_tokens();
    plan->device = describe_device(device) + ", threads " + std::to_string(at::get_num_threads());
    Trainer trainer(std::move(folder), corpus, nullptr, options.training, log, requests);
    PlanWatcher watcher(*plan);
    trainer.watch(watcher);
    return trainer.run();
  }
  EncodedCorpus valid_corpus;
  std::unique_ptr<Validator> validator;
  if (text.valid_text.size() > 0 && options.training.valid_every > 0) {
    valid_corpus = encode_validation_text(text, folder.tokenizers, options, log);
    validator = std::make_unique<Validator>(text.valid_text, valid_corpus, options.training);
  } else {
    log.info(std::string("no validation (") +
             (options.training.valid_every > 0 ? "there is no validation text" : "--valid-every 0") +
             "): the last model is kept; --valid-metric and --early-stopping have no effect");
  }
  ReportContent content = report_content(options, text, folder.model);
  Trainer trainer(std::move(folder), corpus, validator.get(), options.training, log, requests);
  if (checkpoint) {
    trainer.resume(*checkpoint);
    log.info("resuming from update " + std::to_string(trainer.state().update));
  }
  RunWatch watch(options.model_folder, std::move(content), options.training.tensorboard,
                 trainer.state().update, log);
  trainer.watch(watch);
  return trainer.run();
}

uint64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<uint64_t>(usage.ru_maxrss) << 10;
}

uint64_t bytes_of_files(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

}  // namespace

StopReason run_training(const RunOptions& options, Log& log, RunRequests& requests) {
  check_run_options(options);
  return run_in_folder(options, log, requests, nullptr);
}

TrainingPlan plan_training(const RunOptions& given, Log& log, RunRequests& requests) {
  check_run_options(given);
  const TemporaryFolder folder;
  TrainingPlan plan;
  plan.options = given.training;
  RunOptions options = given;
  options.model_folder = folder.path();
  TrainingOptions& training = options.training;
  training.max_time = training.max_time > 0 ? std::min(training.max_time, kPlanSeconds) : kPlanSeconds;
  training.log_every = 1;
  training.save_every = 0, training.average = 0;
  run_in_folder(options, log, requests, &plan);
  plan.peak_memory = peak_memory();
  plan.model_bytes = bytes_of_files(folder.path());
  plan.weights_bytes = file_size(folder.path("model.safetensors"), ErrorKind::kModel);
  const auto checkpoint = newest_checkpoint(folder.path(), log);
  if (checkpoint) plan.checkpoint_bytes = bytes_of_files(*checkpoint);
  return plan;
}

}  // namespace dragoman
