#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <optional>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/line_counts.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/search_settings.h"
#include "app/shipped_model.h"
#include "app/translation_counts.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/lines.h"
#include "core/log.h"
#include "core/shared_options.h"
#include "decoding/folder_ids.h"
#include "decoding/torch/engine_factory.h"
#include "decoding/translator.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

struct TranslateFlags {
  StringList models, inputs = {"-"};
  std::string output = "-", target_prefix, device = "auto";
  OutputFormat output_format = OutputFormat::kText;
  int64_t threads = 0, seed = 1;
  EngineOptions engine;
  TranslateOptions translate;

  OptionList describe() {
    return grouped(
               "Input and output",
               {
                   option(models, "model", "DIR", kModelsHelp).short_form('m').one_each(),
                   option(inputs, "input", "F",
                          "text to translate, one segment per line; - is standard input. Repeat the flag "
                          "for several files, which are translated in order")
                       .short_form('i')
                       .one_each(),
                   option(output, "output", "F",
                          "file for the translations, one per line; - is standard output. The file is "
                          "replaced at the end. A command that is stopped keeps its translations so far in "
                          "F.partial (F.partial-2 if that exists, and so on)")
                       .short_form('o'),
                   option(output_format, "output-format", "NAME", "text, or json: one object per line"),
                   option(target_prefix, "target-prefix", "F",
                          "forced prefixes: line N is the start of translation N and may be empty. If a line "
                          "is translated in pieces, the prefix applies to the first piece"),
               }) +
           translate.describe() +
           grouped("Machine", engine.describe() + OptionList{device_option(device), threads_option(threads),
                                                             seed_option(seed)});
  }
};

void write_json(Output& output, int64_t line, const std::string& source, const Translation& t) {
  nlohmann::ordered_json candidates = nlohmann::ordered_json::array();
  for (const auto& candidate : t.candidates) {
    candidates.push_back({{"text", candidate.text},
                          {"score", candidate.score},
                          {"log_probability", candidate.log_probability},
                          {"tokens", candidate.tokens}});
  }
  const nlohmann::ordered_json object = {{"line", line},
                                         {"status", status_name(t.status)},
                                         {"source", source},
                                         {"translation", t.text()},
                                         {"candidates", candidates}};
  output.line(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

// "line ||| hypothesis ||| score", exactly n_best rows per input line: the last candidate is repeated where
// the search found fewer.
void write_n_best(Output& output, int64_t line, const Translation& t, int64_t n_best) {
  for (int64_t i = 0; i < n_best; ++i) {
    const auto& candidate = t.candidates[std::min<size_t>(i, t.candidates.size() - 1)];
    output.line(std::to_string(line) + " ||| " + candidate.text + " ||| " + fixed(candidate.score, 6));
  }
}

// What is read and written. It is opened before a model is loaded: what cannot be used is reported at once.
struct Streams {
  explicit Streams(const TranslateFlags& flags)
      : reader("--input", flags.inputs), output((check(flags), flags.output)) {
    if (!flags.target_prefix.empty()) prefixes.emplace(flags.target_prefix);
  }

  static void check(const TranslateFlags& flags) {
    const NamedPaths inputs = named_paths(
        {{"--input", flags.inputs}, {"--model", flags.models}, {"--target-prefix", {flags.target_prefix}}});
    if (flags.target_prefix == "-" && std::count(flags.inputs.begin(), flags.inputs.end(), "-") > 0)
      throw UsageError("--target-prefix", "expected a file where --input is standard input, got '-' too");
    check_text_outputs({{"--output", flags.output}}, inputs);
  }

  TextReader reader;
  std::optional<LineReader> prefixes;
  Output output;
};

class TranslateRun {
 public:
  TranslateRun(const TranslateFlags& flags, const Translator& translator, Streams& streams, Log& log)
      : flags_(flags),
        translator_(translator),
        log_(log),
        reader_(streams.reader),
        prefix_reader_(streams.prefixes),
        output_(streams.output) {}

  void run() {
    try {
      translate_all();
      output_.close();
    } catch (const Interrupted&) {
      if (const std::string kept = output_.keep_partial(); !kept.empty())
        log_.info("stopped: the translations so far are in " + kept);
      throw;
    }
    for (const auto& text : reader_.replaced_texts()) log_.warning(text);
    if (prefix_reader_ && prefix_reader_->replaced_lines() > 0) log_.warning(prefix_reader_->replaced_text());
    counts_.report(log_, flags_.translate.split_sentences);
  }

 private:
  void translate_all() {
    const bool interactive = flags_.inputs.front() == "-" && isatty(STDIN_FILENO) == 1;
    if (interactive) log_.info("Type a line to translate; Ctrl-D ends.");
    began_ = std::chrono::steady_clock::now();
    std::vector<std::string> lines;
    while (read_window(lines, interactive)) {
      throw_if_interrupted();
      warn_of_language(lines);
      const auto translations = translator_.translate(lines, prefixes_of(lines));
      for (size_t i = 0; i < lines.size(); ++i) write(lines[i], translations[i]);
      output_.flush();
      show_progress();
    }
    throw_if_interrupted();
    std::string more;
    if (prefix_reader_ && prefix_reader_->next(more)) throw wrong_number_of_prefixes("more");
  }

  // What is waiting, at most max_batch_lines; waits for the first line only.
  bool read_window(std::vector<std::string>& lines, bool interactive) {
    lines.clear();
    const int64_t most = interactive ? 1 : flags_.translate.max_batch_lines;
    std::string line;
    while (std::ssize(lines) < most && (lines.empty() || reader_.has_line_ready()) && reader_.next(line))
      lines.push_back(line);
    return !lines.empty();
  }

  std::vector<std::string> prefixes_of(const std::vector<std::string>& lines) {
    std::vector<std::string> prefixes;
    std::string prefix;
    while (prefix_reader_ && prefixes.size() < lines.size()) {
      if (!prefix_reader_->next(prefix)) throw wrong_number_of_prefixes("fewer");
      prefixes.push_back(prefix);
    }
    return prefixes;
  }

  void warn_of_language(const std::vector<std::string>& lines) {
    if (language_warned_) return;
    const std::string text =
        language_warning(translator_.folder(), flags_.translate.target_language, lines, counts_.lines);
    language_warned_ = !text.empty();
    if (language_warned_) log_.warning(text);
  }

  DataError wrong_number_of_prefixes(const char* got) const {
    return {flags_.target_prefix, std::string("expected a line for each line of --input, got ") + got};
  }

  void write(const std::string& source, const Translation& translation) {
    const int64_t line = counts_.lines;
    counts_.add(translation, flags_.translate.search.n_best);
    if (flags_.output_format == OutputFormat::kJson)
      write_json(output_, line, source, translation);
    else if (flags_.translate.search.n_best > 1)
      write_n_best(output_, line, translation, flags_.translate.search.n_best);
    else
      output_.line(translation.text());
  }

  void show_progress() {
    if (!log_.on_terminal() || output_.on_terminal()) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
    log_.progress(with_commas(counts_.lines) + " lines  " +
                  fixed(counts_.lines / std::max(seconds, 1e-9), 1) + " lines/s");
  }

  const TranslateFlags& flags_;
  const Translator& translator_;
  Log& log_;
  TextReader& reader_;
  std::optional<LineReader>& prefix_reader_;
  Output& output_;
  TranslationCounts counts_;
  bool language_warned_ = false;
  std::chrono::steady_clock::time_point began_;
};

int run_translate(TranslateFlags& flags, const Flags& given) {
  flags.models = models_or_shipped(flags.models);
  Streams streams(flags);
  if (!flags.target_prefix.empty() && flags.inputs.size() == 1)
    check_line_counts(flags.target_prefix, flags.inputs.front());
  flags.translate.search.seed = flags.seed;
  const torch::Device device = open_device(flags.device);
  set_threads(flags.threads);
  Log log(std::cerr, isatty(STDERR_FILENO) == 1);
  std::vector<ModelFolder> folders = read_folders(flags.models);
  resolve_search(flags.describe(), given, folders.front(), flags.translate.search, log);
  flags.engine.threads = flags.threads;
  if (device.is_cpu() && !packs(device, flags.engine.precision))
    log.warning("--precision " + name_of(flags.engine.precision) +
                " is slower than float32 on the CPU; bfloat16 and int8 are faster");
  const Translator translator(std::move(folders), flags.translate, engine_on(device, flags.engine));
  TranslateRun(flags, translator, streams, log).run();
  return 0;
}

}  // namespace

Command translate_command() {
  return command<TranslateFlags>(
      {.name = "translate",
       .summary = "Translates text, one line out for each line in.",
       .usage = "[--model DIR] [--input F] [--output F] [flags]",
       .examples = "  echo \"Good morning.\" | dragoman translate\n"
                   "  dragoman translate --model en-de --input book.en.gz --output book.de --beam-size 1\n"
                   "  dragoman translate --model en-de --n-best 4 --output-format json < text.en\n"},
      run_translate);
}

}  // namespace dragoman
