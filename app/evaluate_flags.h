// The flags of `dragoman evaluate`, and their checks before a file is read.
#pragma once

#include <string>

#include "app/command_line.h"
#include "app/output.h"
#include "decoding/engine_options.h"
#include "decoding/translator.h"
#include "evaluation/comparison.h"

namespace dragoman {

struct EvaluateFlags {
  std::string source, save_hypothesis, language_pair, device = "auto";
  OutputFormat output_format = OutputFormat::kText;
  StringList models, references, hypotheses, names;
  int64_t num_references = 1, threads = 0, seed = 1;
  bool sentence_level = false, force = false, quiet = false, no_color = false;
  ScoreFormat format;
  EngineOptions engine;
  MetricOptions metrics;
  ComparisonOptions comparison;
  TranslateOptions translate;

  OptionList describe();
  // As sacreBLEU's command line (sacrebleu_arguments.h).
  static Arguments in_our_words(const Arguments& words, const OptionList& options);
  // Fills in what follows from other flags: the model that comes with the program where there is text to
  // translate and no model, the tokenizer of --language-pair, the metric of --sentence-level, and the
  // variables SACREBLEU_SEED and SACREBLEU_FORMAT. UsageError for flags that do not fit together or would
  // have no effect.
  void apply(const Flags& given);

  bool translates() const { return !models.empty(); }
  bool reads_standard_input() const { return hypotheses.empty() && !translates(); }
  bool resamples() const { return metrics.confidence || comparison.paired(); }
  // The value of --tokenize, or else the tokenisation that sacreBLEU uses for the language of the references.
  static Tokenization tokenizer_of_language(const std::string& language_pair);
};

}  // namespace dragoman
