#include <unistd.h>

#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "core/json.h"
#include "core/log.h"
#include "evaluation/evaluator.h"
#include "model/device.h"
#include "training/training_options.h"

namespace dragoman {
namespace {

struct EvaluateFlags {
  std::string model, source, hypothesis, save_hypothesis, output_format = "text", device = "auto";
  StringList references;
  int64_t threads = 0;
  MetricOptions metrics;
  TranslateOptions translate;

  OptionList describe() {
    return grouped(
               "Input and output",
               {
                   option(model, "model", "DIR", "a model folder: its translations of --source are scored")
                       .short_form('m'),
                   option(source, "source", "F", "the text to translate"),
                   option(references, "reference", "F",
                          "human translations of it; repeat the flag for several"),
                   option(hypothesis, "hypothesis", "F", "score this text; no model is needed"),
                   option(save_hypothesis, "save-hypothesis", "F", "write the model's translations here"),
                   option(output_format, "output-format", "NAME",
                          "text: one line a metric; json: sacreBLEU's list")
                       .one_of({"text", "json"}),
               }) +
           grouped("Metrics", metrics.describe()) + translate.describe() +
           grouped("Machine", {device_option(device), threads_option(threads)});
  }
};

void check(const EvaluateFlags& flags) {
  if (flags.references.empty())
    throw UsageError("--reference", "required a file of human translations, got none");
  if (flags.hypothesis.empty() == flags.model.empty())
    throw UsageError("--hypothesis", "required either --hypothesis or --model with --source, got " +
                                         std::string(flags.model.empty() ? "neither" : "both"));
  if (!flags.model.empty() && flags.source.empty())
    throw UsageError("--source", "required the text to translate, got none");
}

StringList hypotheses_of(const EvaluateFlags& flags) {
  if (!flags.hypothesis.empty()) return read_lines(flags.hypothesis);
  const torch::Device device = open_device(flags.device);
  set_threads(flags.threads);
  const Translator translator(ModelFolder::load(flags.model, device), flags.translate);
  const StringList texts = translate_lines(translator, read_lines(flags.source));
  if (!flags.save_hypothesis.empty()) {
    Output file(flags.save_hypothesis);
    for (const auto& text : texts) file.line(text);
    file.close();
  }
  return texts;
}

int run_evaluate(const Arguments& arguments) {
  EvaluateFlags flags;
  apply_flags(flags.describe(), parse_flags(flags.describe(), arguments));
  check(flags);
  std::vector<StringList> references;
  for (const auto& path : flags.references) references.push_back(read_lines(path));
  const auto scores = score_corpus(hypotheses_of(flags), references, flags.metrics);
  Output output("-");
  if (flags.output_format == "json")
    output.write(json_text(as_json(scores)));
  else
    for (const auto& score : scores) output.line(as_text(score));
  output.close();
  return 0;
}

}  // namespace

Command evaluate_command() {
  Command command;
  command.name = "evaluate";
  command.summary = "Scores translations by BLEU, chrF and TER, as sacreBLEU does.";
  command.usage = "--model DIR --source F --reference F, or --hypothesis F --reference F";
  command.examples =
      "  dragoman evaluate --model en-de --source test.en --reference test.de\n"
      "  dragoman evaluate --hypothesis out.de --reference test.de --metrics bleu,chrf,ter --confidence\n"
      "  dragoman evaluate --hypothesis out.de --reference a.de --reference b.de --output-format json\n";
  command.with_options = [](const auto& use) {
    EvaluateFlags flags;
    use(flags.describe());
  };
  command.run = run_evaluate;
  return command;
}

}  // namespace dragoman
