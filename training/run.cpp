#include "training/run.h"

#include <filesystem>
#include <memory>
#include <optional>

#include "core/files.h"
#include "core/json.h"
#include "data/corpus_doctor.h"
#include "data/held_out.h"
#include "model/device.h"
#include "training/run_watch.h"
#include "training/validation.h"

namespace dragoman {
namespace {

constexpr char kRunName[] = "run.json";

struct Corpora {
  TextPairs train_text, valid_text;
  ReportCorpus train{.title = "Training text"}, valid{.title = "Validation text"};
};

void report(Log& log, const std::string& title, const CorpusReport& corpus_report) {
  for (const auto& line : corpus_report.lines()) log.info(title + ": " + line);
}

bool has_files(const ParallelFiles& files) {
  return !files.source.empty() || !files.target.empty() || !files.pairs.empty();
}

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

Corpora read_text(const RunOptions& options, Log& log) {
  Corpora corpora;
  corpora.train_text = read_parallel_text(options.train, corpora.train.text);
  report(log, "training text", corpora.train.text);
  if (has_files(options.valid)) {
    corpora.valid_text = read_parallel_text(options.valid, corpora.valid.text);
    report(log, "validation text", corpora.valid.text);
  } else if (options.training.valid_every > 0) {
    HeldOutSplit split = split_held_out(corpora.train_text);
    corpora.train_text = std::move(split.train);
    corpora.valid_text = std::move(split.held_out);
    corpora.train.held_out = corpora.valid.text.read = corpora.valid_text.size();
    log.info("validation text: " + with_commas(corpora.valid_text.size()) +
             " pairs held out of the training text by a hash of the source");
  }
  for (const auto& finding : examine(corpora.train_text, corpora.valid_text).findings())
    log.info("training text: " + finding);
  return corpora;
}

LineSource lines_of(const std::vector<const std::vector<std::string>*>& sides) {
  return [sides, side = size_t{0}, line = size_t{0}](std::string& text) mutable {
    while (side < sides.size() && line == sides[side]->size()) ++side, line = 0;
    if (side == sides.size()) return false;
    text = (*sides[side])[line++];
    return true;
  };
}

struct TrainedPair {
  std::string source_spm, target_spm;
  Vocabulary source, target;
};

TrainedTokenizer train_side(const std::vector<const std::vector<std::string>*>& sides,
                            const TokenizerOptions& options, const std::string& name, Log& log) {
  TrainedTokenizer trained = train_tokenizer(lines_of(sides), options, "training text");
  for (const auto& note : trained.notes) log.info(name + ": " + note);
  log.info(name + ": " + options.tokenizer_type + ", " + with_commas(trained.pieces) + " pieces");
  return trained;
}

TrainedPair train_tokenizers(const RunOptions& options, const TextPairs& text, Log& log) {
  if (options.model.share_encoder_decoder_embeddings) {
    const TrainedTokenizer both =
        train_side({&text.source, &text.target}, options.tokenizer, "tokenizer", log);
    const Vocabulary vocabulary = vocabulary_of(both.model, "tokenizer");
    return {both.model, both.model, vocabulary, vocabulary};
  }
  TokenizerOptions side_options = options.tokenizer;
  TrainedTokenizer source = train_side({&text.source}, side_options, "source tokenizer", log);
  TrainedTokenizer target = train_side({&text.target}, side_options, "target tokenizer", log);
  // transformers reads one pad_token_id for both sides: both vocabularies get the size of the smaller one.
  if (source.pieces != target.pieces) {
    side_options.vocab_size = std::min(source.pieces, target.pieces);
    log.info("both vocabularies are lowered to " + with_commas(side_options.vocab_size) +
             " pieces, since <pad> has one id for both sides");
    if (source.pieces > target.pieces)
      source = train_side({&text.source}, side_options, "source tokenizer", log);
    else
      target = train_side({&text.target}, side_options, "target tokenizer", log);
  }
  return {source.model, target.model, vocabulary_of(source.model, "source tokenizer"),
          vocabulary_of(target.model, "target tokenizer")};
}

// Makes the folder of a new run, without weights.
void begin_folder(RunOptions& options, const TextPairs& text, std::optional<FolderLock>& lock, Log& log) {
  const TrainedPair tokenizers = train_tokenizers(options, text, log);
  options.model.vocab_size = tokenizers.source.size();
  options.model.decoder_vocab_size = tokenizers.target.size();
  options.model.pad_token_id = tokenizers.target.pad_id();
  check_model_options(options.model, "model", ErrorKind::kUsage);
  make_folder(options.model_folder);
  if (!lock) lock.emplace(options.model_folder, "--model");
  write_model_settings(options.model_folder, options.model, GenerationDefaults(), tokenizers.source_spm,
                       tokenizers.target_spm, tokenizers.source, tokenizers.target);
  RunOptions written = options;
  if (written.training.max_updates_is_relative) written.training.max_updates_is_relative = false;
  write_file_atomically(join_path(options.model_folder, kRunName), json_text(to_json(written.describe())));
}

void log_start(const RunOptions& options, const torch::Device& device, Log& log) {
  log.info("device " + describe_device(device) + ", LibTorch " + libtorch_version() + ", threads " +
           std::to_string(at::get_num_threads()) + ", seed " + std::to_string(options.training.seed));
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
  if (options.model_folder.empty()) throw UsageError("--model", "required the folder of the run, got none");
  if (!has_files(options.train))
    throw UsageError(
        "--train-source",
        "required training text (--train-source and --train-target, or --train-pairs), got none");
  options.training.augmentation.check(options.tokenizer.tokenizer_type == "unigram");
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
    model.pad_token_id = written.pad_token_id;
    return model;
  }();
  torch::manual_seed(static_cast<uint64_t>(options.training.seed));
  Transformer model(options.model);
  model->move_to(device);
  return {model, TokenizerPair::load(options.model_folder), read_generation_config(options.model_folder),
          options.model_folder, options.model};
}

EncodedCorpus encode(const TextPairs& text, const TokenizerPair& tokenizers, const RunOptions& options,
                     const std::string& title, ReportCorpus& facts, Log& log) {
  CorpusReport& encoding_report = facts.encoding;
  encoding_report.read = encoding_report.kept = text.size();
  EncodedCorpus corpus = EncodedCorpus::encode(text, tokenizers.source, tokenizers.target, options.corpus,
                                               at::get_num_threads(), encoding_report);
  if (encoding_report.kept != encoding_report.read) report(log, title + ", encoded", encoding_report);
  log.info(title + ": " + with_commas(corpus.size()) + " pairs, " + with_commas(corpus.source_tokens()) +
           " source and " + with_commas(corpus.target_tokens()) + " target tokens");
  facts.source = source_statistics(corpus), facts.target = target_statistics(corpus);
  return corpus;
}

// All of report.html but the history.
ReportContent report_content(RunOptions options, const Corpora& text, const Transformer& model) {
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
             }) +
         grouped("Text", corpus.describe()) + grouped("Tokenizer", tokenizer.describe()) +
         grouped("Model", {option(preset, "preset", "NAME",
                                  "the shape that the flags below change: tiny, small, base or big")
                               .one_of(model_presets())}) +
         model.describe() + training.describe();
}

StopReason run_training(const RunOptions& given, Log& log, RunRequests& requests) {
  RunOptions options = given;
  check_run_options(options);
  const torch::Device device = open_device(options.training.device);
  set_threads(options.training.threads);
  log_start(options, device, log);
  const bool resuming = folder_has_run(options.model_folder);
  if (resuming) compare_with_run(options, log);

  Corpora text = read_text(options, log);
  std::optional<FolderLock> lock;  // two trainers in one folder would destroy each other's work
  if (is_folder(options.model_folder)) lock.emplace(options.model_folder, "--model");
  const auto checkpoint = resuming ? newest_checkpoint(options.model_folder, log) : std::nullopt;
  if (!checkpoint) begin_folder(options, text.train_text, lock, log);
  ModelFolder folder = open_folder(options, device);
  log.info("model: " + with_commas(folder.model->parameter_count()) + " parameters");
  const EncodedCorpus corpus =
      encode(text.train_text, folder.tokenizers, options, "training", text.train, log);
  EncodedCorpus valid_corpus;
  std::unique_ptr<Validator> validator;
  if (text.valid_text.size() > 0 && options.training.valid_every > 0) {
    valid_corpus = encode(text.valid_text, folder.tokenizers, options, "validation", text.valid, log);
    validator = std::make_unique<Validator>(text.valid_text, valid_corpus, options.training);
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

}  // namespace dragoman
