#include "training/run_options.h"

#include <algorithm>

#include "core/files.h"
#include "folder/model_examination.h"
#include "training/fine_tuning.h"

namespace dragoman {

namespace {

StringList all_presets() {
  StringList names = model_presets();
  names.insert(names.begin(), kAutoPreset);
  return names;
}

}  // namespace

ModelOptions shape_of_preset(const std::string& name) {
  return name == kAutoPreset ? ModelOptions() : model_preset(name);
}

GivenSettings RunOptions::all_given() const {
  RunOptions here = *this, usual;
  const OptionList ours = here.describe(), defaults = usual.describe();
  GivenSettings all = given;
  for (size_t i = 0; i < ours.size(); ++i)
    if (ours[i].value_text() != defaults[i].value_text()) all.insert(ours[i].name);
  return all;
}

OptionList RunOptions::describe() {
  return grouped(
             "Text",
             {
                 option(train.source, "train-source", "F",
                        "training text, source side; several files by commas or repeated flags; files may "
                        "be compressed (.gz, .xz, .zst, .bz2)")
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
                        "validation text, source side; if it is not given, 1 % of the pairs (at most 1000) "
                        "are held out")
                     .alias("valid-src")
                     .changeable(),
                 option(valid.target, "valid-target", "F", "validation text, target side")
                     .alias("valid-tgt")
                     .changeable(),
                 option(valid.pairs, "valid-pairs", "F",
                        "validation text with a source, a tab and a target on each line")
                     .changeable(),
                 option(model_folder, "model", "DIR",
                        "the model folder. The run creates it; if it holds an interrupted run, that run is "
                        "resumed")
                     .short_form('m')
                     .changeable(),
                 option(plan, "plan",
                        "measure some updates, print the memory, time and disk space that the run needs, "
                        "and stop; --model is not changed")
                     .only_flag(),
             }) +
         grouped("Text", corpus.describe()) + grouped("Tokenizer", tokenizer.describe()) +
         grouped(
             "Model",
             {option(
                  preset, "preset", "NAME",
                  "auto chooses model size and settings from the text, the machine and --max-time. It keeps the "
                  "flags that you give, and adapts the rest to them (docs/auto.md). The others are model sizes "
                  "with fixed settings; characters is for letters and phonemes")
                  .one_of(all_presets()),
              option(from_model, "from-model", "DIR",
                     "fine-tuning: start with the weights, tokenizers and shape of this model folder. The "
                     "flags below must not change them, except dropout. Optimiser and schedule start from "
                     "scratch")}) +
         model.describe() + training.describe();
}

ModelConfig RunOptions::config_of(const std::string& folder) const {
  return shape && shape->folder == folder ? *shape : ModelConfig::read(folder);
}

RunOptions checked(RunOptions options) {
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
    if (!file_exists(join_path(folder, kRunName))) require_model_folder(folder);
    options.shape = options.config_of(folder);
    check_fine_tuning(*options.shape, options.model, options.tokenizer);
    options.training.augmentation.check(has_unigram_tokenizer(*options.shape));
  }
  if (options.training.average > 0 && options.training.valid_every == 0)
    throw UsageError("--average", "expected validations, whose weights it averages, got --valid-every 0");
  if (options.training.precision == Precision::kInt8) {
    throw UsageError("--precision",
                     "expected float32, bfloat16 or float16, got 'int8': gradients vanish in 8 bits; train "
                     "in float32 and translate with --precision int8");
  }
  return options;
}

}  // namespace dragoman
