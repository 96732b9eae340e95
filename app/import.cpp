#include "exchange/import.h"

#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/output_check.h"
#include "core/log.h"
#include "folder/model_folder.h"
#include "folder/weight_file.h"

namespace dragoman {
namespace {

struct ImportFlags : ImportOptions {
  // PATH may come first, as in most programs that convert something.
  static Arguments in_our_words(Arguments words, const OptionList&) {
    if (!words.empty() && words[0].rfind('-', 0) != 0) words.insert(words.begin(), "--from");
    return words;
  }
};

int run_import(const ImportFlags& options) {
  const NamedPaths inputs = named_paths({{"PATH", {options.path}},
                                         {"--vocab", options.vocabularies},
                                         {"--source-spm", {options.source_spm}},
                                         {"--target-spm", {options.target_spm}}});
  check_output_folder({"--model", options.model}, inputs);
  check_outputs({{"standard output", "-"}}, inputs);
  const ImportReport report = import_model(options, [](const std::string& folder) {
    const ModelFolder read = ModelFolder::read(folder);  // all that translate would check
    map_weights(read.options, read.weights);
  });
  Log log(std::cerr);
  for (const auto& note : report.notes) log.warning(note);
  Output output("-");
  output.line(options.model + ": " + report.line());
  output.close();
  return 0;
}

}  // namespace

Command import_command() {
  return command<ImportFlags>({.name = "import",
                               .summary = "Makes a model folder of a pytorch_model.bin (read as data: "
                                          "nothing in it is executed) or of a model trained by Marian.",
                               .usage = "PATH --model DIR",
                               .examples = "  dragoman import opus-mt-en-de --model en-de\n"
                                           "  dragoman import opus-2020-02-26.zip --model en-de\n"
                                           "  dragoman import model/model.npz.best-chrf.npz --model en-de\n"
                                           "  dragoman import model.npz --vocab vocab.spm --model en-de\n"},
                              run_import);
}

}  // namespace dragoman
