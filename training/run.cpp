#include "training/run.h"

#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/files.h"
#include "core/interrupt.h"
#include "fused/linear.h"
#include "report/run_watch.h"
#include "runtime/device.h"
#include "training/checkpoint.h"
#include "training/run_inputs.h"
#include "training/trainer.h"
#include "training/update.h"
#include "training/validation.h"

namespace dragoman {
namespace {

constexpr double kPlanSeconds = 15;  // of updates, if these are enough

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
        "encoder and decoder have different numbers of heads: transformers supports this, CTranslate2 "
        "would convert the model wrongly");
  }
}

torch::Device start(const RunOptions& options, Log& log) {
  const torch::Device device = open_device(options.training.device);
  set_threads(options.training.threads);
  log_start(options, device, log);
  return device;
}

// The validation text as ids; nothing when the run does not validate.
std::optional<EncodedText> validation_of(const RunInputs& inputs, const RunOptions& options, Log& log) {
  const ValidationText& text = inputs.text.valid;
  if (text.pairs.size() > 0 && options.training.valid_every > 0)
    return encode_validation_text(text, inputs.folder.tokenizers, options, log);
  log.info(std::string("no validation (") +
           (options.training.valid_every > 0 ? "there is no validation text" : "--valid-every 0") +
           "): the last model is kept; --valid-metric and --early-stopping have no effect");
  return std::nullopt;
}

void log_bleu_tokenizer(const Validator& validator, Log& log) {
  if (validator.bleu_tokenizer() != Tokenization::k13a)
    log.info("validation: the targets have no spaces between words; BLEU uses --tokenize " +
             name_of(validator.bleu_tokenizer()));
}

// All of report.html but the history.
ReportContent report_content(RunOptions options, const RunInputs& inputs,
                             const std::optional<EncodedText>& validation) {
  RunOptions usual;
  usual.preset = options.preset;
  usual.model = shape_of_preset(options.preset);
  const Transformer& model = inputs.folder.model;
  ReportContent content;
  content.name = std::filesystem::path(options.model_folder).lexically_normal().filename().string();
  if (content.name.empty()) content.name = options.model_folder;
  content.facts = {{"parameters", with_commas(model->parameter_count())},
                   {"vocabulary", with_commas(model->options().vocab_size)},
                   {"device", describe_device(model->device())},
                   {"threads", std::to_string(at::get_num_threads())},
                   {"LibTorch", libtorch_version()}};
  content.corpora = {inputs.text.train.facts};
  if (inputs.text.valid.pairs.size() > 0)
    content.corpora.push_back(validation ? validation->facts : inputs.text.valid.facts);
  content.settings = report_settings(options.describe(), usual.describe());
  content.valid_metric = options.training.valid_metric;
  return content;
}

// Brings the trainer to where the run is: at a checkpoint or at its beginning.
// `preparation`: seconds since the command began.
void start_trainer(Trainer& trainer, const FoundRun& found, const RunOptions& options, double preparation,
                   Log& log) {
  if (found.is_new()) {
    if (options.is_auto()) trainer.count_preparation(preparation);
    if (options.is_fine_tuning()) trainer.begin_with(checksum_of_weights(options.from_model));
    return;
  }
  trainer.resume(*found.checkpoint);
  if (found.from_model_moved) check_same_model(options.from_model, trainer.state().from_model);
  log.info("resuming from update " + std::to_string(trainer.state().update));
}

uint64_t peak_memory() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return uint64_t{1024} * usage.ru_maxrss;  // it is in KiB
}

uint64_t bytes_of_files(const std::string& folder) {
  uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.is_regular_file()) bytes += entry.file_size();
  return bytes;
}

// The settings with which a plan is measured.
TrainingOptions options_of_plan(TrainingOptions training) {
  training.max_time = training.max_time > 0 ? std::min(training.max_time, kPlanSeconds) : kPlanSeconds;
  training.log_every = 1;
  training.save_every = 0, training.average = 0;
  return training;
}

TrainingPlan measured_plan(const RunOptions& options, Log& log, RunRequests& requests) {
  RunningClock clock;
  const torch::Device device = start(options, log);
  RunInputs inputs = prepare_run(options, device, clock, log);
  TrainingPlan plan;
  plan.choice = inputs.choice;
  plan.options = inputs.options.training;
  const TrainingOptions training = options_of_plan(plan.options);
  plan.parameters = inputs.folder.model->parameter_count();
  plan.corpus_tokens = inputs.text.train.corpus.target_tokens();
  plan.device = describe_device(device) + ", threads " + std::to_string(at::get_num_threads());
  Trainer trainer(std::move(inputs.folder), inputs.text.train.corpus, nullptr, training, log, requests);
  PlanWatcher watcher(plan);
  trainer.watch(watcher);
  trainer.run_at_least(PlanWatcher::kFewestUpdates);
  log.info("plan: training for " + clock_text(training.max_time) + " or " +
           std::to_string(PlanWatcher::kFewestUpdates) + " updates, whichever takes longer");
  trainer.run();
  return plan;
}

}  // namespace

StopReason run_training(const RunOptions& given, Log& log, RunRequests& requests) {
  RunningClock clock;
  const RunOptions complete = checked(with_settings_of_run(given));
  RunInputs inputs = prepare_run(complete, start(complete, log), clock, log);
  const RunOptions& options = inputs.options;
  const std::optional<EncodedText> validation = validation_of(inputs, options, log);
  std::optional<Validator> validator;
  if (validation) {
    validator.emplace(inputs.text.valid.pairs, validation->corpus, options.training);
    log_bleu_tokenizer(*validator, log);
  }
  ReportContent content = report_content(options, inputs, validation);
  Trainer trainer(std::move(inputs.folder), inputs.text.train.corpus, validator ? &*validator : nullptr,
                  options.training, log, requests);
  start_trainer(trainer, inputs.run.found, options, clock.seconds(), log);
  RunWatch watch(options.model_folder, std::move(content), options.training.tensorboard,
                 trainer.state().update, log);
  trainer.watch(watch);
  return trainer.run();
}

TrainingPlan plan_training(const RunOptions& given, Log& log, RunRequests& requests) {
  RunOptions options = checked(given);
  const TemporaryFolder folder;
  options.model_folder = folder.path();
  TrainingPlan plan = measured_plan(options, log, requests);
  throw_if_interrupted();
  plan.peak_memory = peak_memory();
  plan.model_bytes = bytes_of_files(folder.path());
  plan.weights_bytes = file_size(folder.path("model.safetensors"), ErrorKind::kModel);
  const auto checkpoint = newest_checkpoint(folder.path(), log);
  if (checkpoint) plan.checkpoint_bytes = bytes_of_files(*checkpoint);
  return plan;
}

}  // namespace dragoman
