#include <unistd.h>

#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/idle_flags.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/tokenizer_file.h"
#include "core/heartbeat.h"
#include "core/json.h"
#include "data/corpus_doctor.h"

namespace dragoman {
namespace {

struct CheckFlags {
  DoctorOptions doctor;
  std::string model;
  OutputFormat output_format = OutputFormat::kText;

  OptionList describe() {
    OptionList options = doctor.describe();
    // Nothing is kept here.
    std::erase_if(options, [](const Option& option) { return option.name == "corpus-memory"; });
    return options +
           grouped("Output",
                   {
                       option(output_format, "output-format", "NAME", "text, or json: one object")
                           .alias("format"),
                       option(model, "model", "F",
                              "an .spm file or a model folder: also count unknown characters and what "
                              "--max-train-length and --max-length-ratio would drop")
                           .short_form('m')
                           .alias("tokenizer"),
                   });
  }
};

NamedPaths inputs_of(const CheckFlags& flags) {
  NamedPaths inputs = {{"--model", flags.model}};
  for (const ParallelFiles* text : {&flags.doctor.text, &flags.doctor.valid, &flags.doctor.test}) {
    const NamedPaths files = named_paths(
        {{text->flags[0], text->source}, {text->flags[1], text->target}, {text->flags[2], text->pairs}});
    inputs.insert(inputs.end(), files.begin(), files.end());
  }
  return inputs;
}

int run_check(CheckFlags& flags, const Flags& given) {
  if (flags.model.empty()) {
    for (const char* name : {"max-train-length", "max-length-ratio"})
      refuse_idle(given, name, "--model, whose tokens are counted");
  }
  check_outputs({{"standard output", "-"}}, inputs_of(flags));
  std::optional<DoctorTokenizers> tokenizers;
  if (!flags.model.empty()) {
    const TokenizerPair pair = load_tokenizers(flags.model);
    tokenizers = {pair.source, pair.target};
  }
  const Diagnosis diagnosis = [&] {
    Log log(std::cerr, isatty(STDERR_FILENO) == 1);
    const Heartbeat beat(log, "checking");
    return diagnose(flags.doctor, tokenizers);
  }();
  Output output("-");
  if (flags.output_format == OutputFormat::kJson)
    output.write(json_text(diagnosis.json()));
  else
    for (const auto& line : diagnosis.lines()) output.line(line);
  output.close();
  if (!diagnosis.complaints.empty()) throw DataError(diagnosis.complaints.front());
  return 0;
}

}  // namespace

Command check_command() {
  return command<CheckFlags>(
      {.name = "check",
       .summary = "Searches parallel text for pairs that harm training. Exit code 3 when the pairs cannot "
                  "be trusted.",
       .usage = "--source F --target F, or --pairs F",
       .examples =
           "  dragoman check --source train.en --target train.de --test-source test.en --test-target "
           "test.de\n"
           "  dragoman check --pairs pairs.tsv.gz --model en-de --output-format json --max-examples 100\n"},
      run_check);
}

}  // namespace dragoman
