#include "app/evaluate_flags.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "app/idle_flags.h"
#include "app/sacrebleu_arguments.h"
#include "app/shipped_model.h"
#include "core/shared_options.h"

namespace dragoman {
namespace {

OptionList file_options(EvaluateFlags& f) {
  return {
      option(
          f.models, "model", "DIR",
          "a model folder: its translations of --source are scored; without it and --hypothesis, the "
          "English-German one that comes with dragoman. Repeat the flag for an ensemble, which is one system")
          .short_form('m')
          .one_each(),
      option(f.source, "source", "F", "the text to translate"),
      option(f.references, "reference", "F",
             "human translations of the source; repeat the flag for several. The flag's name may be omitted")
          .one_each(),
      option(f.num_references, "num-refs", "N",
             "the file of --reference has N references on each line, with a tab between two")
          .at_least(1)
          .at_most(1 << 10),
      option(
          f.hypotheses, "hypothesis", "F",
          "score this text; no model is needed. Repeat the flag to compare systems: the first is the "
          "baseline, and a --model comes last. Without it, --model and --source, standard input is scored, "
          "with a tab between systems")
          .one_each()
          .alias("input"),
      option(f.names, "name", "NAME",
             "name of a system in the comparison, in the order of the systems; default: its file or folder")
          .one_each(),
      option(f.save_hypothesis, "save-hypothesis", "F", "write the model's translations to this file"),
      option(f.language_pair, "language-pair", "XX-YY",
             "languages of source and reference. Unless --tokenize is given, BLEU uses the tokenisation zh "
             "for Chinese (zh), ja-mecab for Japanese (ja) and ko-mecab for Korean (ko)")
          .alias("langpair"),
  };
}

OptionList output_options(EvaluateFlags& f) {
  return {
      option(f.output_format, "output-format", "NAME",
             "text: one line per metric, or a table for several systems; json: sacreBLEU's list")
          .alias("format"),
      option(f.sentence_level, "sentence-level",
             "score each line instead of the whole text, by one metric (BLEU if --metrics names none)"),
      option(f.format.score_only, "score-only", "print only the scores (-b)"),
      option(f.format.width, "width", "N", "decimals; -1: two in text, all in json (-w)")
          .at_least(-1)
          .at_most(20),
      option(f.format.short_signature, "short", "shorter signatures, in text"),
      option(f.quiet, "quiet", "no warnings and no progress (-q)"),
      option(f.force, "force", "no warning when the hypotheses look tokenised"),
      option(f.no_color, "no-color", "for scripts of sacreBLEU: nothing is ever coloured"),
  };
}

// What is printed, and how many lines are read before they are translated, mean nothing here.
OptionList translation_options(EvaluateFlags& f) {
  OptionList options = f.translate.describe();
  std::erase_if(options, [](const Option& option) {
    return option.name == "n-best" || option.name == "max-batch-lines";
  });
  return options;
}

OptionList machine_options(EvaluateFlags& f) {
  return f.engine.describe() + OptionList{device_option(f.device)};
}

// sacreBLEU's own variable: a number, or "none" for other numbers each time.
std::optional<uint64_t> resampling_seed() {
  const char* text = std::getenv("SACREBLEU_SEED");
  if (text == nullptr) return MetricOptions().seed;
  if (std::string(text) == "none" || std::string(text) == "None") return std::nullopt;
  uint64_t seed = 0;
  const char* end = text + std::string_view(text).size();
  if (const auto read = std::from_chars(text, end, seed); read.ec != std::errc() || read.ptr != end) {
    throw UsageError("SACREBLEU_SEED",
                     "expected an integer or none in this variable, got '" + std::string(text) + "'");
  }
  return seed;
}

void fill_in(EvaluateFlags& flags, const Flags& given) {
  if (flags.hypotheses.empty() && !flags.source.empty()) flags.models = models_or_shipped(flags.models);
  if (flags.sentence_level && !given.has("metrics")) flags.metrics.metrics = {MetricName::kBleu};
  if (!flags.language_pair.empty() && !given.has("tokenize"))
    flags.metrics.bleu.tokenize = EvaluateFlags::tokenizer_of_language(flags.language_pair);
  const char* format = std::getenv("SACREBLEU_FORMAT");
  if (format != nullptr && !given.has("output-format"))
    flags.output_format = choice_of<OutputFormat>(format).value_or(flags.output_format);
  flags.metrics.seed = given.has("seed") ? std::optional<uint64_t>(flags.seed) : resampling_seed();
  flags.translate.search.seed = flags.seed;
}

// "-" is standard input, which can be read once.
void check_files(const EvaluateFlags& flags) {
  StringList inputs = flags.references;
  inputs.insert(inputs.end(), flags.hypotheses.begin(), flags.hypotheses.end());
  inputs.push_back(flags.reads_standard_input() ? "-" : flags.source);
  if (std::count(inputs.begin(), inputs.end(), "-") > 1)
    throw UsageError("--reference", "expected one text from standard input, got two");
  if (flags.num_references > 1 && flags.references.size() > 1)
    throw UsageError("--num-refs",
                     "expected one file of references, got " + std::to_string(flags.references.size()));
  if (flags.translates() && flags.source.empty())
    throw UsageError("--source", "expected the text to translate, got none");
}

void check_systems(const EvaluateFlags& flags) {
  if (flags.reads_standard_input()) return;  // how many there are is not known yet
  const size_t systems = flags.hypotheses.size() + (flags.translates() ? 1 : 0);
  if (!flags.names.empty() && flags.names.size() != systems)
    throw UsageError("--name", "expected one for each of the " + std::to_string(systems) + " systems, got " +
                                   std::to_string(flags.names.size()));
  flags.comparison.check(systems);
  if (systems == 1 && !flags.names.empty())
    throw UsageError("--name", "expected several systems (only their table has names), got one");
}

void check_sentence_level(const EvaluateFlags& flags, const Flags& given) {
  if (!flags.sentence_level) return;
  if (flags.metrics.metrics.size() > 1)
    throw UsageError("--sentence-level",
                     "expected one of --metrics, got " + std::to_string(flags.metrics.metrics.size()));
  if (flags.hypotheses.size() + (flags.translates() ? 1 : 0) > 1)
    throw UsageError("--sentence-level", "expected one system, got several");
  for (const char* name : {"confidence", "confidence-n", "paired-bs", "paired-ar", "name"}) {
    if (given.has(name))
      throw UsageError("--sentence-level", "expected scores of lines or of the whole text, got --" +
                                               std::string(name) + " as well");
  }
}

void refuse_idle_flags(EvaluateFlags& flags, const Flags& given) {
  if (!flags.translates()) {
    const std::string model = "a model that translates (--model DIR --source F)";
    refuse_idle(given, "source", model);
    refuse_idle(given, "save-hypothesis", model);
    refuse_idle(given, translation_options(flags), model);
    refuse_idle(given, machine_options(flags), model);
    if (!flags.resamples()) refuse_idle(given, "seed", model + ", --confidence or a paired test");
  }
  if (!flags.metrics.asks_for(MetricName::kBleu)) {
    refuse_idle(given, flags.metrics.bleu.describe(), "bleu among --metrics");
    refuse_idle(given, "force", "bleu among --metrics");
  }
  if (!flags.metrics.asks_for(MetricName::kChrf))
    refuse_idle(given, flags.metrics.chrf.describe(), "chrf among --metrics");
  if (!flags.metrics.asks_for(MetricName::kTer))
    refuse_idle(given, flags.metrics.ter.describe(), "ter among --metrics");
  if (!takes_value(flags.metrics.bleu.smooth_method))
    refuse_idle(given, "smooth-value", "--smooth-method floor or add-k");
  if (!flags.metrics.confidence || flags.comparison.paired_bootstrap)
    refuse_idle(given, "confidence-n", "--confidence (a paired bootstrap has --paired-bs-n)");
  if (!flags.comparison.paired_bootstrap) refuse_idle(given, "paired-bs-n", "--paired-bs");
  if (!flags.comparison.paired_randomisation) refuse_idle(given, "paired-ar-n", "--paired-ar");
  if (flags.output_format == OutputFormat::kJson) refuse_idle(given, "short", "--output-format text");
}

// Before the list of names refuses it: see make_metrics().
void explain_word_error_rate(const Flags& given) {
  const auto found = given.values.find("metrics");
  if (found == given.values.end()) return;
  for (const auto& value : found->second) {
    if (value == "wer") refuse_word_error_rate();
  }
}

}  // namespace

OptionList EvaluateFlags::describe() {
  return grouped("Input", file_options(*this)) + grouped("Output", output_options(*this)) +
         grouped("Metrics", metrics.describe()) + comparison.describe() + translation_options(*this) +
         grouped("Machine", machine_options(*this) + OptionList{threads_option(threads), seed_option(seed)});
}

Tokenization EvaluateFlags::tokenizer_of_language(const std::string& language_pair) {
  const size_t dash = language_pair.find('-');
  if (dash == std::string::npos || dash == 0 || dash + 1 == language_pair.size())
    throw UsageError("--language-pair", "expected two languages such as en-ja, got '" + language_pair + "'");
  const std::string target = language_pair.substr(dash + 1, language_pair.find('-', dash + 1) - dash - 1);
  if (target == "zh") return Tokenization::kZh;
  if (target == "ja") return Tokenization::kJaMecab;
  return target == "ko" ? Tokenization::kKoMecab : Tokenization::k13a;
}

Arguments EvaluateFlags::in_our_words(const Arguments& words, const OptionList& options) {
  return from_sacrebleu(words, options);
}

void EvaluateFlags::apply(const Flags& given) {
  explain_word_error_rate(given);
  apply_flags(describe(), given);
  if (references.empty()) throw UsageError("--reference", "expected a file of human translations, got none");
  fill_in(*this, given);
  check_files(*this);
  check_systems(*this);
  check_sentence_level(*this, given);
  refuse_idle_flags(*this, given);
}

}  // namespace dragoman
