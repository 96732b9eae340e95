#include <unistd.h>

#include <chrono>
#include <iostream>
#include <optional>

#include "app/commands.h"
#include "app/evaluate_flags.h"
#include "app/line_counts.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/search_settings.h"
#include "app/translation_counts.h"
#include "core/json.h"
#include "core/lines.h"
#include "core/log.h"
#include "decoding/folder_ids.h"
#include "decoding/torch/engine_factory.h"
#include "decoding/translator.h"
#include "evaluation/unicode_text.h"
#include "evaluation/word_spaces.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

constexpr int64_t kManyTokenisedLines = 100;  // sacreBLEU's

std::string shown(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

struct NamedText {
  std::string path;
  StringList lines;
};

// All that is read, before anything is translated.
struct TestSet {
  std::vector<NamedText> references, hypotheses;
  NamedText source;
};

// A file as so many columns, with a tab between two. DataError naming the line with another number of them.
std::vector<NamedText> columns_of(const NamedText& text, size_t count) {
  std::vector<NamedText> columns(count, {text.path, {}});
  for (size_t i = 0; i < text.lines.size(); ++i) {
    std::string_view rest = without_trailing_space(text.lines[i]);
    size_t column = 0;
    for (; column < count; ++column) {
      const size_t end = column + 1 == count ? std::string_view::npos : rest.find('\t');
      columns[column].lines.emplace_back(rest.substr(0, end));
      if (end == std::string_view::npos) break;
      rest.remove_prefix(end + 1);
    }
    if (column + 1 < count)
      throw DataError(shown(text.path) + ":" + std::to_string(i + 1),
                      "expected " + std::to_string(count) + " texts with a tab between two, got " +
                          std::to_string(column + 1));
  }
  return columns;
}

// Standard input holds one system, or several with a tab between two, as its first line says. In a paired
// test the first is the baseline and has no number, as in sacreBLEU.
std::vector<NamedText> systems_on_standard_input(bool paired) {
  const NamedText text{"-", read_lines("-")};
  if (text.lines.empty())
    throw UsageError(
        "--hypothesis",
        "expected a text to score, in a file or on standard input, or --source to translate, got "
        "neither");
  const std::string_view first = without_trailing_space(text.lines.front());
  const auto tabs = std::count(first.begin(), first.end(), '\t');
  if (tabs == 0) return {text};
  for (size_t i = 0; i < text.lines.size(); ++i) {
    const std::string_view line = without_trailing_space(text.lines[i]);
    if (std::count(line.begin(), line.end(), '\t') != tabs)
      throw DataError("standard input:" + std::to_string(i + 1),
                      "expected " + std::to_string(tabs + 1) +
                          " systems with a tab between two, as on line 1, got " +
                          std::to_string(std::count(line.begin(), line.end(), '\t') + 1));
  }
  auto systems = columns_of(text, tabs + 1);
  for (size_t i = 0; i < systems.size(); ++i)
    systems[i].path = paired && i == 0 ? "" : "System " + std::to_string(paired ? i : i + 1);
  return systems;
}

void check_lines(const NamedText& text, const NamedText& other) {
  if (text.lines.size() != other.lines.size())
    refuse_line_counts(shown(text.path), text.lines.size(), shown(other.path), other.lines.size());
}

TestSet read_test_set(const EvaluateFlags& flags) {
  TestSet test;
  for (const auto& path : flags.references) test.references.push_back({path, read_lines(path)});
  if (flags.num_references > 1) test.references = columns_of(test.references.front(), flags.num_references);
  if (flags.reads_standard_input()) {
    if (isatty(STDIN_FILENO) == 1)
      throw UsageError("--hypothesis", "expected a text to score, or --source to translate, got neither");
    test.hypotheses = systems_on_standard_input(flags.comparison.paired());
  }
  for (const auto& path : flags.hypotheses) test.hypotheses.push_back({path, read_lines(path)});
  if (flags.translates()) test.source = {flags.source, read_lines(flags.source)};
  const NamedText& first = test.hypotheses.empty() ? test.source : test.hypotheses.front();
  for (const auto& hypothesis : test.hypotheses) check_lines(hypothesis, first);
  if (flags.translates()) check_lines(test.source, first);
  for (const auto& reference : test.references) check_lines(reference, first);
  if (first.lines.empty()) throw DataError(shown(first.path), "expected at least one line, got none");
  return test;
}

// What a system is called that has no name: "A", or "A + B".
std::string ensemble_name(const StringList& models) {
  std::string name;
  for (const auto& model : models) name += (name.empty() ? "" : " + ") + model;
  return name;
}

// In the order in which they are compared; a model comes last.
StringList names_of_systems(const EvaluateFlags& flags, const TestSet& test) {
  StringList names;
  for (const auto& hypothesis : test.hypotheses) names.push_back(shown(hypothesis.path));
  if (flags.translates()) names.push_back(ensemble_name(flags.models));
  if (!flags.names.empty()) {
    if (flags.names.size() != names.size())
      throw UsageError("--name", "expected one for each of the " + std::to_string(names.size()) +
                                     " systems, got " + std::to_string(flags.names.size()));
    names = flags.names;
  }
  if (names.size() > 1) check_names(names);
  return names;
}

// What standard input holds is known only now.
void check_number_of_systems(const EvaluateFlags& flags, size_t systems) {
  flags.comparison.check(systems);
  if (systems > 1 && flags.sentence_level)
    throw UsageError("--sentence-level", "expected one system, got " + std::to_string(systems));
  if (systems > 1 && flags.format.score_only)
    throw UsageError("--score-only", "expected one system, got " + std::to_string(systems));
}

// BLEU counts words: warns where it hardly finds any, and where the text was split before.
class WordWarnings {
 public:
  WordWarnings(const EvaluateFlags& flags, bool tokenizer_is_given, Log& log)
      : flags_(flags), tokenizer_is_given_(tokenizer_is_given), log_(log) {}

  void check(const std::vector<NamedText>& references) const {
    const Tokenization tokenization = flags_.metrics.bleu.tokenize;
    const BleuTokenizer tokenizer = bleu_tokenizer(tokenization, flags_.metrics.bleu.tokenizer_model);
    for (const auto& reference : references) {
      const std::string advice = word_spaces_advice(word_spaces(reference.lines));
      if (!advice.empty() && tokenization == Tokenization::k13a && !tokenizer_is_given_)
        log_.warning(shown(reference.path) + ": " + advice +
                     "; BLEU with the tokenisation 13a says little "
                     "here");
      if (!tokenizer.differs_on.empty() && holds(reference, tokenizer.differs_on))
        log_.warning(shown(reference.path) + ": sacreBLEU's dictionary lacks the word " +
                     tokenizer.differs_on + ", which the dictionary in use has: BLEU may differ slightly");
    }
    if (flags_.language_pair.empty() || !tokenizer_is_given_) return;
    const Tokenization usual = EvaluateFlags::tokenizer_of_language(flags_.language_pair);
    if (usual != Tokenization::k13a && usual != tokenization)
      log_.warning("--language-pair " + flags_.language_pair + ": --tokenize " + name_of(usual) +
                   " or flores200 is usual, got " + name_of(tokenization));
  }

  // sacreBLEU's warning about text that should be raw.
  void check_is_raw(const std::string& name, const StringList& hypotheses) const {
    if (flags_.force || flags_.metrics.bleu.tokenize == Tokenization::kNone) return;
    const auto ends_so = [](const std::string& line) {
      const std::string_view text = without_trailing_space(line);
      return text.size() > 1 && text.substr(text.size() - 2) == " .";
    };
    const auto lines = std::count_if(hypotheses.begin(), hypotheses.end(), ends_so);
    if (lines >= kManyTokenisedLines)
      log_.warning(name + ": " + with_commas(lines) +
                   " lines end in a tokenised period (' .'): scores are of raw text, so detokenise it first "
                   "(--force says that it is raw)");
  }

 private:
  static bool holds(const NamedText& text, const std::string& word) {
    return std::any_of(text.lines.begin(), text.lines.end(),
                       [&](const std::string& line) { return line.find(word) != std::string::npos; });
  }

  const EvaluateFlags& flags_;
  bool tokenizer_is_given_;
  Log& log_;
};

StringList translations(const EvaluateFlags& flags, std::vector<ModelFolder> folders,
                        const torch::Device& device, const NamedText& source, std::optional<Output>& saved,
                        Log& log) {
  set_threads(flags.threads);
  EngineOptions engine = flags.engine;
  engine.threads = flags.threads;
  const Translator translator(std::move(folders), flags.translate, engine_on(device, engine));
  const std::string language =
      language_warning(translator.folder(), flags.translate.target_language, source.lines, 0);
  if (!language.empty()) log.warning(language);
  const auto began = std::chrono::steady_clock::now();
  TranslationCounts counts;
  const StringList texts = translate_lines(translator, source.lines, [&](const auto& latest) {
    for (const auto& translation : latest) counts.add(translation, 1);
    if (!log.on_terminal()) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    log.progress(with_commas(counts.lines) + " of " + with_commas(std::ssize(source.lines)) + " lines  " +
                 fixed(counts.lines / std::max(seconds, 1e-9), 1) + " lines/s");
  });
  counts.report(log, flags.translate.split_sentences);
  if (saved) {
    for (const auto& text : texts) saved->line(text);
    saved->close();
  }
  return texts;
}

std::string text_of_sentences(const EvaluateFlags& flags, const StringList& hypotheses,
                              const std::vector<StringList>& references) {
  const bool json = flags.output_format == OutputFormat::kJson && !flags.format.score_only;
  std::string text;
  for (const auto& score : score_sentences(hypotheses, references, flags.metrics))
    text += (json ? as_json(score, flags.format).dump() : as_text(score, flags.format)) + "\n";
  return text;
}

std::string text_of_scores(const EvaluateFlags& flags, const StringList& hypotheses,
                           const std::vector<StringList>& references) {
  const auto scores = score_corpus(hypotheses, references, flags.metrics);
  if (flags.output_format == OutputFormat::kJson && !flags.format.score_only)
    return json_text(as_json(scores, flags.format));
  std::string text;
  for (const auto& score : scores) text += as_text(score, flags.format) + "\n";
  return text;
}

std::string result_text(const EvaluateFlags& flags, const std::vector<SystemOutput>& systems,
                        const std::vector<StringList>& references) {
  if (flags.sentence_level) return text_of_sentences(flags, systems.front().lines, references);
  if (systems.size() == 1) return text_of_scores(flags, systems.front().lines, references);
  const Comparison comparison = compare_systems(systems, references, flags.metrics, flags.comparison);
  return flags.output_format == OutputFormat::kJson ? json_text(as_json(comparison, flags.format))
                                                    : as_text(comparison, flags.format);
}

// Everything is checked before the model translates: a test set may take hours to translate.
int run_evaluate(EvaluateFlags& flags, const Flags& given) {
  std::ostream silence(nullptr);
  Log log(flags.quiet ? silence : std::cerr, !flags.quiet && isatty(STDERR_FILENO) == 1);
  check_text_outputs({{"--save-hypothesis", flags.save_hypothesis}, {"standard output", "-"}},
                     named_paths({{"--source", {flags.source}},
                                  {"--reference", flags.references},
                                  {"--hypothesis", flags.hypotheses},
                                  {"--model", flags.models}}));
  std::optional<Output> saved;
  if (!flags.save_hypothesis.empty()) saved.emplace(flags.save_hypothesis);
  make_metrics(flags.metrics);  // their settings, and the dictionaries that they need
  const TestSet test = read_test_set(flags);
  const StringList names = names_of_systems(flags, test);
  check_number_of_systems(flags, names.size());
  const torch::Device device = open_device(flags.translates() ? flags.device : "cpu");
  std::vector<ModelFolder> folders = read_folders(flags.models);
  if (flags.translates())
    resolve_search(flags.describe(), given, folders.front(), flags.translate.search, log);
  const WordWarnings warnings(flags, given.has("tokenize"), log);
  if (flags.metrics.asks_for(MetricName::kBleu)) warnings.check(test.references);
  std::vector<SystemOutput> systems;
  for (const auto& hypothesis : test.hypotheses) systems.push_back({names[systems.size()], hypothesis.lines});
  if (flags.translates())
    systems.push_back(
        {names.back(), translations(flags, std::move(folders), device, test.source, saved, log)});
  if (flags.metrics.asks_for(MetricName::kBleu)) {
    for (const auto& system : systems) warnings.check_is_raw(system.name, system.lines);
  }
  std::vector<StringList> references;
  for (const auto& reference : test.references) references.push_back(reference.lines);
  Output output("-");
  output.write(result_text(flags, systems, references));
  output.close();
  return 0;
}

}  // namespace

Command evaluate_command() {
  return command<EvaluateFlags>(
      {.name = "evaluate",
       .summary = "Scores translations by BLEU, chrF and TER, and compares systems by paired tests, as "
                  "sacreBLEU does.",
       .usage =
           "[--model DIR] --source F --reference F, or --hypothesis F [--hypothesis F ...] --reference F, or "
           "REFERENCE [REFERENCE ...] < HYPOTHESIS",
       .examples =
           "  dragoman evaluate --model en-de --source test.en --reference test.de\n"
           "  dragoman evaluate --hypothesis out.de --reference test.de --metrics bleu,chrf,ter "
           "--confidence\n"
           "  dragoman evaluate --hypothesis out.de --reference a.de --reference b.de --output-format json\n"
           "  dragoman evaluate --hypothesis old.de --hypothesis new.de --reference test.de --paired-bs\n"
           "  dragoman evaluate test.ja --language-pair en-ja < out.ja\n"
           "  dragoman evaluate test.de -i out.de -m bleu chrf -b -w 1\n"},
      run_evaluate);
}

}  // namespace dragoman
