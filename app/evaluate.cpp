#include <charconv>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string_view>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/search_settings.h"
#include "app/shipped_model.h"
#include "core/json.h"
#include "core/log.h"
#include "evaluation/comparison.h"
#include "evaluation/evaluator.h"
#include "model/device.h"
#include "training/training_options.h"

namespace dragoman {
namespace {

struct EvaluateFlags {
  std::string source, save_hypothesis, output_format = "text", device = "auto";
  StringList models, references, hypotheses, names;
  int64_t threads = 0;
  EngineOptions engine;
  MetricOptions metrics;
  ComparisonOptions comparison;
  TranslateOptions translate;

  OptionList describe() {
    return grouped(
               "Input and output",
               {
                   option(
                       models, "model", "DIR",
                       "a model folder: its translations of --source are scored; without it and "
                       "--hypothesis, the English-German one that comes with dragoman. Repeat the flag for "
                       "an ensemble, which is one system")
                       .short_form('m')
                       .one_each(),
                   option(source, "source", "F", "the text to translate"),
                   option(references, "reference", "F",
                          "human translations of it; repeat the flag for several"),
                   option(
                       hypotheses, "hypothesis", "F",
                       "score this text; no model is needed. Repeat the flag to compare systems: the first "
                       "is the baseline, and a --model comes last")
                       .one_each(),
                   option(
                       names, "name", "NAME",
                       "what a system is called in the comparison, in the order of the systems; else by its "
                       "file or folder")
                       .one_each(),
                   option(save_hypothesis, "save-hypothesis", "F", "write the model's translations here"),
                   option(output_format, "output-format", "NAME",
                          "text: one line a metric, or a table of several systems; json: sacreBLEU's list")
                       .one_of({"text", "json"}),
               }) +
           grouped("Metrics", metrics.describe()) + comparison.describe() + translate.describe() +
           grouped("Machine", engine.describe() + OptionList{device_option(device), threads_option(threads)});
  }
};

// Fills in the model that comes with the program where there is text to translate and no model.
void check(EvaluateFlags& flags) {
  if (flags.references.empty())
    throw UsageError("--reference", "required a file of human translations, got none");
  if (flags.hypotheses.empty() && !flags.source.empty()) flags.models = models_or_shipped(flags.models);
  if (flags.hypotheses.empty() && flags.models.empty())
    throw UsageError("--hypothesis", "required --hypothesis, or --source to translate, got neither");
  if (!flags.models.empty() && flags.source.empty())
    throw UsageError("--source", "required the text to translate, got none");
  const size_t systems = flags.hypotheses.size() + (flags.models.empty() ? 0 : 1);
  if (!flags.names.empty() && flags.names.size() != systems) {
    throw UsageError("--name", "required one for each of the " + std::to_string(systems) + " systems, got " +
                                   std::to_string(flags.names.size()));
  }
  flags.comparison.check(systems);
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
                     "required a whole number or none in this variable, got '" + std::string(text) + "'");
  }
  return seed;
}

StringList translations(EvaluateFlags& flags, const Flags& given) {
  const torch::Device device = open_device(flags.device);
  set_threads(flags.threads);
  EngineOptions engine = flags.engine;
  engine.threads = flags.threads;
  Log log(std::cerr);
  resolve_search(flags.describe(), given, flags.models.front(), flags.translate.search, log);
  const Translator translator(load_for_engine(flags.models, device, engine), flags.translate, engine);
  const StringList texts = translate_lines(translator, read_lines(flags.source));
  if (!flags.save_hypothesis.empty()) {
    Output file(flags.save_hypothesis);
    for (const auto& text : texts) file.line(text);
    file.close();
  }
  return texts;
}

// What a system is called that has no name: "A", or "A + B".
std::string ensemble_name(const StringList& models) {
  std::string name;
  for (const auto& model : models) name += (name.empty() ? "" : " + ") + model;
  return name;
}

std::vector<SystemOutput> systems_of(EvaluateFlags& flags, const Flags& given) {
  std::vector<SystemOutput> systems;
  for (const auto& path : flags.hypotheses) systems.push_back({path, read_lines(path)});
  if (!flags.models.empty()) systems.push_back({ensemble_name(flags.models), translations(flags, given)});
  for (size_t i = 0; i < flags.names.size(); ++i) systems[i].name = flags.names[i];
  return systems;
}

std::string result_text(const EvaluateFlags& flags, const std::vector<SystemOutput>& systems,
                        const std::vector<StringList>& references) {
  const bool json = flags.output_format == "json";
  if (systems.size() > 1 || flags.comparison.paired()) {
    const Comparison comparison = compare_systems(systems, references, flags.metrics, flags.comparison);
    return json ? json_text(as_json(comparison)) : as_text(comparison);
  }
  const auto scores = score_corpus(systems.front().lines, references, flags.metrics);
  if (json) return json_text(as_json(scores));
  std::string text;
  for (const auto& score : scores) text += as_text(score) + "\n";
  return text;
}

int run_evaluate(const Arguments& arguments) {
  EvaluateFlags flags;
  const Flags given = parse_flags(flags.describe(), arguments);
  apply_flags(flags.describe(), given);
  check(flags);
  flags.metrics.seed = resampling_seed();
  std::vector<StringList> references;
  for (const auto& path : flags.references) references.push_back(read_lines(path));
  Output output("-");
  output.write(result_text(flags, systems_of(flags, given), references));
  output.close();
  return 0;
}

}  // namespace

Command evaluate_command() {
  Command command;
  command.name = "evaluate";
  command.summary =
      "Scores translations by BLEU, chrF and TER, and compares systems by paired tests, as sacreBLEU does.";
  command.usage =
      "[--model DIR] --source F --reference F, or --hypothesis F [--hypothesis F ...] --reference F";
  command.examples =
      "  dragoman evaluate --model en-de --source test.en --reference test.de\n"
      "  dragoman evaluate --hypothesis out.de --reference test.de --metrics bleu,chrf,ter --confidence\n"
      "  dragoman evaluate --hypothesis out.de --reference a.de --reference b.de --output-format json\n"
      "  dragoman evaluate --hypothesis old.de --hypothesis new.de --reference test.de --paired-bs\n";
  command.with_options = [](const auto& use) {
    EvaluateFlags flags;
    use(flags.describe());
  };
  command.run = run_evaluate;
  return command;
}

}  // namespace dragoman
