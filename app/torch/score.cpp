#include <cmath>
#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/line_counts.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/shipped_model.h"
#include "core/input_bytes.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/lines.h"
#include "core/log.h"
#include "core/shared_options.h"
#include "decoding/folder_ids.h"
#include "decoding/scorer.h"
#include "decoding/torch/engine_factory.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

struct ScoreFlags {
  StringList models;
  std::string source, target, output = "-", target_language, device = "auto";
  OutputFormat output_format = OutputFormat::kText;
  int64_t threads = 0, max_tokens = 4096, max_batch_lines = 1024;
  EngineOptions engine;

  OptionList describe() {
    return grouped(
               "Input and output",
               {
                   option(models, "model", "DIR", kModelsHelp).short_form('m').one_each(),
                   option(source, "source", "F", "source text, one segment per line"),
                   option(target, "target", "F", "translations of the source text, line by line"),
                   option(output, "output", "F", "file for the scores, one per line; - is standard output")
                       .short_form('o'),
                   option(output_format, "output-format", "NAME",
                          "text: the log-probability of each pair (natural logarithm, </s> counted); json: "
                          "one object per line, with the log-probability of each token"),
               }) +
           grouped("Text",
                   {
                       option(max_tokens, "max-tokens", "N",
                              "maximum number of padded target positions "
                              "per batch")
                           .at_least(1)
                           .at_most(1 << 24),
                       option(max_batch_lines, "max-batch-lines", "N",
                              "number of lines to read before "
                              "scoring them")
                           .at_least(1)
                           .at_most(1 << 24),
                       option(target_language, "target-language", "CODE",
                              "puts >>CODE<< before each line, for models of several target languages"),
                   }) +
           grouped("Machine", engine.describe() + OptionList{device_option(device), threads_option(threads)});
  }
};

void check(const ScoreFlags& flags) {
  const auto require = [](const std::string& value, const char* flag, const char* what) {
    if (value.empty()) throw UsageError(flag, std::string("expected ") + what + ", got none");
  };
  require(flags.source, "--source", "the sources");
  require(flags.target, "--target", "the translations to score");
  if (flags.source == "-" && flags.target == "-")
    throw UsageError("--target", "expected a file where --source is standard input, got '-' too");
}

nlohmann::ordered_json as_json(const PairScore& score) {
  nlohmann::ordered_json tokens = nlohmann::ordered_json::array();
  for (const auto& token : score.tokens)
    tokens.push_back({{"piece", token.piece}, {"log_probability", token.log_probability}});
  return {{"log_probability", score.log_probability()}, {"tokens", tokens}};
}

// Reads the same number of lines of both, `most` at most. False at the end of both; DataError when one ends
// before the other.
bool read_pairs(LineReader& source, LineReader& target, const ScoreFlags& flags, int64_t before,
                std::vector<std::string>& sources, std::vector<std::string>& targets) {
  sources.clear(), targets.clear();
  std::string line, translation;
  while (std::ssize(sources) < flags.max_batch_lines) {
    const bool more = source.next(line), more_targets = target.next(translation);
    if (more != more_targets) {
      const auto lines = with_commas(before + std::ssize(sources));
      throw DataError(
          input_name(more ? target.path() : source.path()),
          "expected as many lines as " + input_name(more ? source.path() : target.path()) + ", got " + lines);
    }
    if (!more) break;
    sources.push_back(line), targets.push_back(translation);
  }
  return !sources.empty();
}

int run_score(ScoreFlags& flags) {
  check(flags);
  flags.models = models_or_shipped(flags.models);
  check_text_outputs(
      {{"--output", flags.output}},
      named_paths({{"--source", {flags.source}}, {"--target", {flags.target}}, {"--model", flags.models}}));
  check_line_counts(flags.target, flags.source, InvalidUtf8::kRefuse);
  // A replaced character would give a wrong score.
  LineReader source(flags.source, InvalidUtf8::kRefuse), target(flags.target, InvalidUtf8::kRefuse);
  Output output(flags.output);
  const torch::Device device = open_device(flags.device);
  set_threads(flags.threads);
  flags.engine.threads = flags.threads;
  const Scorer scorer(read_folders(flags.models), flags.target_language, flags.max_tokens,
                      engine_on(device, flags.engine));
  Log log(std::cerr, false);
  std::vector<std::string> sources, targets;
  int64_t lines = 0, tokens = 0;
  double sum = 0;
  std::string language;
  while (read_pairs(source, target, flags, lines, sources, targets)) {
    if (language.empty()) {
      language = language_warning(scorer.folder(), flags.target_language, sources, lines);
      if (!language.empty()) log.warning(language);
    }
    for (const auto& score : scorer.score(sources, targets)) {
      output.line(flags.output_format == OutputFormat::kJson ? as_json(score).dump()
                                                             : fixed(score.log_probability(), 6));
      ++lines, tokens += std::ssize(score.tokens), sum += score.log_probability();
    }
    output.flush();
    throw_if_interrupted();
  }
  output.close();
  if (tokens > 0)
    log.info(with_commas(lines) + " pairs, " + with_commas(tokens) + " tokens, perplexity " +
             fixed(std::exp(-sum / tokens), 4));
  return 0;
}

}  // namespace

Command score_command() {
  return command<ScoreFlags>(
      {.name = "score",
       .summary = "Prints the log-probability that a model gives to translations, per pair and per token.",
       .usage = "[--model DIR] --source F --target F [flags]",
       .examples = "  dragoman score --model en-de --source test.en --target test.de\n"
                   "  dragoman score --model en-de --source test.en --target test.de --output-format json\n"},
      run_score);
}

}  // namespace dragoman
