#include <unistd.h>

#include <csignal>
#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/signals.h"
#include "core/file_options.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "planning/removed_options.h"
#include "training/fine_tuning.h"
#include "training/run.h"

namespace dragoman {
namespace {

struct TrainFlags {
  RunOptions run;
  std::string config;

  OptionList describe() {
    return run.describe() +
           grouped("Settings",
                   {option(config, "config", "F", "a run.json with settings for the flags that are not given")
                        .only_flag()});
  }
  void apply(const Flags& flags);
};

// The settings in the file and on the command line.
GivenSettings given_settings(const OptionList& options, const nlohmann::json& file, const Flags& flags) {
  GivenSettings given;
  for (const Option& option : options)
    if (flags.has(option.name) || (file.is_object() && file.contains(option.json_key())))
      given.insert(option.name);
  return given;
}

// default < preset (or the folder of --from-model) < --config < flag
void TrainFlags::apply(const Flags& flags) {
  nlohmann::json file = nlohmann::json::object();
  if (flags.has("config")) file = read_json_file(flags.last("config"), ErrorKind::kConfig);
  if (file.is_object() && file.contains("preset") && file["preset"].is_string())
    run.preset = file["preset"].get<std::string>();
  // The updates that fit into the time are in the file: a run is repeated by them, not by the clock.
  if (file.is_object() && file.contains("preset") && run.preset == kAutoPreset &&
      file.contains("max_updates"))
    file.erase("max_time");
  if (flags.has("preset")) run.preset = flags.last("preset");
  const auto text_of = [&](const char* flag, const char* key) -> std::string {
    if (flags.has(flag)) return flags.last(flag);
    return file.is_object() && file.contains(key) ? string_from_json(file[key]).value_or("") : "";
  };
  const std::string from = text_of("from-model", "from_model");
  if (!from.empty() && flags.has("preset"))
    throw UsageError("--preset",
                     "expected no preset with --from-model, whose folder determines the shape, "
                     "got '" +
                         flags.last("preset") + "'");
  if (!from.empty()) run.shape = ModelConfig::read(shape_folder(text_of("model", "model"), from));
  run.model = run.shape ? run.shape->options : shape_of_preset(run.preset);
  set_from_json(run.describe(), without_removed(file, flags.last("config")), flags.last("config"));
  apply_flags(describe(), flags);
  run.given = given_settings(run.describe(), file, flags);
}

int run_train(const TrainFlags& flags) {
  const RunOptions& options = flags.run;
  const NamedPaths inputs = named_paths({{"--train-source", options.train.source},
                                         {"--train-target", options.train.target},
                                         {"--train-pairs", options.train.pairs},
                                         {"--valid-source", options.valid.source},
                                         {"--valid-target", options.valid.target},
                                         {"--valid-pairs", options.valid.pairs}});
  check_output_folder({"--model", options.model_folder}, inputs);
  if (options.plan) check_outputs({{"standard output", "-"}}, inputs);
  Log log(std::cerr, isatty(STDERR_FILENO) == 1);
  if (options.plan) {
    Output output("-");
    for (const auto& text : plan_training(options, log, run_requests()).lines()) output.line(text);
    output.close();
    return 0;
  }
  const StopReason reason = run_training(options, log, run_requests());
  return reason == StopReason::kSignal ? 128 + interrupt_signal() : 0;
}

}  // namespace

Command train_command() {
  return command<TrainFlags>(
      {.name = "train",
       .summary = "Trains a model from parallel text. Resumes an earlier run with the same settings.",
       .usage = "--train-source F --train-target F --model DIR [flags]",
       .examples =
           "  dragoman train --train-source train.en --train-target train.de --model en-de --max-time 2h\n"
           "  dragoman train --train-source train.en --train-target train.de --model en-de --preset base "
           "--plan\n"
           "  dragoman train --train-pairs pairs.tsv.gz --model en-de --vocab-size 4000 --max-updates 20000\n"
           "  dragoman train --config en-de/run.json --model en-de --max-updates +10000\n"},
      run_train);
}

}  // namespace dragoman
