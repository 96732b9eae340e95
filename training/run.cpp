#include "training/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "core/files.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "folder/manifest.h"
#include "fused/linear.h"
#include "planning/removed_options.h"
#include "report/run_watch.h"
#include "runtime/device.h"
#include "training/checkpoint.h"
#include "training/fine_tuning.h"
#include "training/run_text.h"
#include "training/update.h"
#include "training/validation.h"

namespace dragoman {
namespace {

constexpr char kRunName[] = "run.json";
constexpr double kPlanSeconds = 15;  // of updates, if these are enough

// What a run finds in its folder.
struct FoundRun {
  std::optional<std::string> checkpoint;  // none: there is no run
  bool from_model_moved = false;          // --from-model is another path than when the run began
};

// What a run writes, and what else a model is made of: a new run would write over it or remove it.
void refuse_foreign_files(const std::string& folder) {
  if (file_exists(join_path(folder, kRunName))) return;
  for (const char* name : {"config.json", "generation_config.json", "model.safetensors", "pytorch_model.bin",
                           "vocab.json", "target_vocab.json", "source.spm", "target.spm", "added_tokens.json",
                           "tokenizer_config.json", "special_tokens_map.json", "manifest.json", "checkpoints",
                           "snapshots", "train.log.jsonl", "report.html", "tensorboard"}) {
    const std::string path = join_path(folder, name);
    if (!file_exists(path) || (is_folder(path) && list_folder(path).empty())) continue;
    throw UsageError("--model", "expected a new folder or one of an earlier run, got " + folder +
                                    ", which holds " + name +
                                    " but no run.json; name another folder, or, for a run whose run.json is "
                                    "lost, write it again from the same flags");
  }
}

// A start that was interrupted before it saved anything leaves run.json alone, and loses nothing when it is
// written again. Settings of the user's own would be lost.
void refuse_foreign_settings(const RunOptions& options) {
  const std::string path = join_path(options.model_folder, kRunName);
  if (!file_exists(path)) return;
  RunOptions there;
  const nlohmann::json written = read_json_file(path, ErrorKind::kConfig);
  set_from_json(there.describe(), written, path);
  if (written == nlohmann::json::parse(json_text(to_json(there.describe())))) return;
  throw UsageError("--model", "expected a new folder or one of an earlier run, got " + options.model_folder +
                                  ", whose run.json no run has written; give it as --config " + path +
                                  " with another folder");
}

// Settings that differ from those of the run in the folder: an error, but for those that may change, which
// are reported.
void compare_with_run(RunOptions options, FoundRun& found, Log& log) {
  const std::string path = join_path(options.model_folder, kRunName);
  RunOptions before;
  before.model_folder = options.model_folder;
  set_from_json(before.describe(), without_removed(read_json_file(path, ErrorKind::kConfig), path), path);
  found.from_model_moved =
      !before.from_model.empty() && !options.from_model.empty() && before.from_model != options.from_model;
  const OptionList old_list = before.describe(), new_list = options.describe();
  std::string differences;
  for (size_t i = 0; i < new_list.size(); ++i) {
    const Option &old_option = old_list[i], &new_option = new_list[i];
    if (new_option.flag_only || old_option.value_text() == new_option.value_text()) continue;
    const std::string change =
        "--" + new_option.name + " " + old_option.value_text() + " -> " + new_option.value_text();
    if (new_option.may_change || (new_option.name == "from-model" && found.from_model_moved))
      log.info("changed since the run began: " + change);
    else
      differences += (differences.empty() ? "" : "; ") + change;
  }
  if (!differences.empty()) {
    throw UsageError("--model", "expected the settings with which the run in " + options.model_folder +
                                    " began, got " + differences);
  }
}

FoundRun find_run(const RunOptions& options, Log& log) {
  FoundRun found;
  const std::string& folder = options.model_folder;
  refuse_foreign_files(folder);
  if (!holds_run(folder)) return refuse_foreign_settings(options), found;
  compare_with_run(options, found, log);
  found.checkpoint = newest_checkpoint(folder, log);
  if (!found.checkpoint)
    throw UsageError("--model", "expected a whole checkpoint in " + join_path(folder, "checkpoints") +
                                    ", got none: a run from the beginning would write over what is there; to "
                                    "train its model on, give --from-model " +
                                    folder + " and another folder as --model");
  return found;
}

// A checksum of the weights in a model folder.
std::string checksum_of_weights(const std::string& folder) {
  return checksum_of_file(join_path(folder, kWeightsName));
}

// Makes the folder of a new run, without weights.
void begin_folder(RunOptions& options, RunText& text, Log& log) {
  const auto write_run = [&] {
    RunOptions written = options;
    written.training.max_updates_is_relative = false;
    write_file_atomically(join_path(options.model_folder, kRunName), json_text(to_json(written.describe())));
  };
  if (!options.from_model.empty()) {
    const LoadedModelFolder from = load_model_folder(options.from_model, torch::kCPU);
    write_run();
    copy_settings(from, options.model_folder, options.model);
    return;
  }
  const TrainedPair tokenizers = train_tokenizers(options, text, log);
  options.model.vocab_size = tokenizers.source.size();
  options.model.decoder_vocab_size = tokenizers.target.size();
  options.model.pad_token_id = tokenizers.target.pad_id();
  check_model_options(options.model, "model", ErrorKind::kUsage);
  write_run();
  write_model_settings(options.model_folder, options.model, GenerationDefaults(), tokenizers.source_spm,
                       tokenizers.target_spm, tokenizers.source, tokenizers.target);
}

// The folder that a run is alone in: two trainers in one folder would destroy each other's work.
class HeldFolder {
 public:
  explicit HeldFolder(const std::string& path) : path_(path), is_new_(!is_folder(path)) {
    make_folder(path);
    lock_.emplace(path, "--model");
  }

  // A new folder in which no run could begin is gone afterwards.
  template <typename Begin>
  void begin(const Begin& begin) {
    try {
      begin();
    } catch (...) {
      if (is_new_) leave_nothing();
      throw;
    }
  }

 private:
  void leave_nothing() const {
    try {
      remove_all(path_);
    } catch (const DataError&) {
      // What went wrong is told already.
    }
  }

  std::string path_;
  bool is_new_;
  std::optional<FolderLock> lock_;
};

void log_start(const RunOptions& options, const torch::Device& device, Log& log) {
  log.info("device " + describe_device(device) + ", LibTorch " + libtorch_version() + ", threads " +
           std::to_string(at::get_num_threads()) + ", seed " + std::to_string(options.training.seed));
  const Precision precision = options.training.precision;
  if (device.is_cpu() && precision != Precision::kFloat32 && !multiplies_by_kernels(options.training, device))
    log.warning("--precision " + name_of(precision) + " is slower than float32 on this processor" +
                (can_multiply_in(torch::kFloat16)   ? "; float16 is faster"
                 : precision == Precision::kFloat16 ? ", which has no AVX512-FP16"
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
    throw UsageError("--model",
                     "expected the folder that the run makes, got none; for example --model en-de");
  if (options.train.empty())
    throw UsageError(
        "--train-source",
        "expected training text (--train-source and --train-target, or --train-pairs), got none");
  ModelOptions shape = options.model;  // before the text is read; its vocabulary is not known yet
  shape.vocab_size = shape.decoder_vocab_size = std::max<int64_t>(4, options.tokenizer.vocab_size + 1);
  shape.pad_token_id = shape.vocab_size - 1;
  check_model_options(shape, "--d-model", ErrorKind::kUsage);
  if (options.from_model.empty()) {
    options.training.augmentation.check(options.tokenizer.tokenizer_type == TokenizerType::kUnigram);
  } else {
    const std::string folder = shape_folder(options.model_folder, options.from_model);
    check_fine_tuning(folder, options.model, options.tokenizer);
    options.training.augmentation.check(has_unigram_tokenizer(folder));
  }
  if (options.training.average > 0 && options.training.valid_every == 0)
    throw UsageError("--average", "expected validations, whose weights it averages, got --valid-every 0");
  if (options.training.precision == Precision::kInt8) {
    throw UsageError("--precision",
                     "required float32, bfloat16 or float16, got 'int8': gradients vanish in 8 bits; train "
                     "in float32 and translate with --precision int8");
  }
}

// run.json's vocabulary sizes are not options: they come back from the folder's own config.json.
LoadedModelFolder open_folder(RunOptions& options, const torch::Device& device) {
  check_settings_of_run(options.model_folder, options.model);
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
  return {{options.model_folder, options.model, TokenizerPair::load(options.model_folder),
           read_generation_config(options.model_folder), nullptr},
          model};
}

// Another path of --from-model is fine when the same weights lie there. `began_with`: their checksum.
void check_same_model(const std::string& folder, const std::string& began_with) {
  const std::string checksum = checksum_of_weights(folder);
  if (checksum != began_with)
    throw UsageError("--from-model", "expected the model that this run began with (checksum " +
                                         (began_with.empty() ? "unknown" : began_with) + "), got " + folder +
                                         " (" + checksum + ")");
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
                        "training text, source side; several files by commas or repeated flags; "
                        "compressed files (.gz, .xz, .zst, .bz2) are read as they are")
                     .alias("train-src")
                     .changeable(),
                 option(train.target, "train-target", "F",
                        "training text, target side: line N translates line N")
                     .alias("train-tgt")
                     .changeable(),
                 option(train.pairs, "train-pairs", "F",
                        "training text with a source, a tab and a target on each line")
                     .changeable(),
                 option(valid.source, "valid-source", "F",
                        "validation text, source side; without any, 1 % of the pairs (at most 1000) are held "
                        "out")
                     .alias("valid-src")
                     .changeable(),
                 option(valid.target, "valid-target", "F", "validation text, target side")
                     .alias("valid-tgt")
                     .changeable(),
                 option(valid.pairs, "valid-pairs", "F",
                        "validation text with a source, a tab and a target on each line")
                     .changeable(),
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
  std::optional<HeldFolder> held;
  if (holds_run(options.model_folder)) held.emplace(options.model_folder);
  FoundRun found = find_run(options, log);
  check_folder_takes_files(options.model_folder);

  RunText text(options.train);
  read_text(options, text, log);
  if (!held) {
    held.emplace(options.model_folder);
    found = find_run(options, log);  // another one may have begun while the text was read
  }
  const auto& checkpoint = found.checkpoint;
  if (!checkpoint) held->begin([&] { begin_folder(options, text, log); });
  LoadedModelFolder folder = open_folder(options, device);
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
    trainer.run_at_least(PlanWatcher::kFewestUpdates);
    log.info("plan: training for " + clock_text(options.training.max_time) + " or " +
             std::to_string(PlanWatcher::kFewestUpdates) + " updates, whichever takes longer");
    return trainer.run();
  }
  EncodedCorpus valid_corpus;
  std::unique_ptr<Validator> validator;
  if (text.valid_text.size() > 0 && options.training.valid_every > 0) {
    valid_corpus = encode_validation_text(text, folder.tokenizers, options, log);
    validator = std::make_unique<Validator>(text.valid_text, valid_corpus, options.training);
    if (validator->bleu_tokenizer() != Tokenization::k13a)
      log.info("validation: the targets have no spaces between words; BLEU splits them by --tokenize " +
               name_of(validator->bleu_tokenizer()));
  } else {
    log.info(std::string("no validation (") +
             (options.training.valid_every > 0 ? "there is no validation text" : "--valid-every 0") +
             "): the last model is kept; --valid-metric and --early-stopping have no effect");
  }
  ReportContent content = report_content(options, text, folder.model);
  Trainer trainer(std::move(folder), corpus, validator.get(), options.training, log, requests);
  if (!checkpoint && !options.from_model.empty()) trainer.begin_with(checksum_of_weights(options.from_model));
  if (checkpoint) {
    trainer.resume(*checkpoint);
    if (found.from_model_moved) check_same_model(options.from_model, trainer.state().from_model);
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
  throw_if_interrupted();
  plan.peak_memory = peak_memory();
  plan.model_bytes = bytes_of_files(folder.path());
  plan.weights_bytes = file_size(folder.path("model.safetensors"), ErrorKind::kModel);
  const auto checkpoint = newest_checkpoint(folder.path(), log);
  if (checkpoint) plan.checkpoint_bytes = bytes_of_files(*checkpoint);
  return plan;
}

}  // namespace dragoman
