#include <charconv>
#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/idle_flags.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/tokenizer_file.h"
#include "core/files.h"
#include "core/input_bytes.h"
#include "core/lines.h"
#include "core/log.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/trainer.h"

namespace dragoman {
namespace {

// How encoded text is written.
enum class Encoding { kPieces, kIds };
constexpr auto names_of(Encoding) {
  return choice_names("pieces", "ids");
}

struct TokenizerFlags {
  StringList input;
  std::string model;
};

struct TrainTokenizerFlags : TokenizerFlags {
  TokenizerOptions tokenizer;

  OptionList describe() {
    return grouped("Text",
                   {
                       option(input, "input", "F",
                              "training text; several files by commas or repeated flags; - is standard input")
                           .short_form('i'),
                       option(model, "model", "F", "the .spm file to write").short_form('m'),
                   }) +
           grouped("Tokenizer", tokenizer.describe());
  }
};

// --model names an .spm file, or a model folder, of which `side` is used.
struct CodingFlags : TokenizerFlags {
  std::string output = "-";
  Side side = Side::kSource;
  Encoding encoding = Encoding::kPieces;

  OptionList options(const std::string& what) {
    return grouped(
        "Text",
        {
            option(model, "model", "F", "an .spm file, or a model folder").short_form('m'),
            option(side, "side", "NAME", "side whose tokenizer is used, for a model folder"),
            option(input, "input", "F", what + ", one line each; - is standard input").short_form('i'),
            option(output, "output", "F", "file for the results; - is standard output").short_form('o'),
            option(encoding, "output-format", "NAME", "pieces or ids").alias("input-format"),
        });
  }
};

struct EncodeFlags : CodingFlags {
  OptionList describe() { return options("text to encode"); }
};

struct DecodeFlags : CodingFlags {
  OptionList describe() { return options("pieces or ids to decode"); }
};

void check(const TokenizerFlags& flags) {
  if (flags.model.empty()) throw UsageError("--model", "expected an .spm file, got none");
}

void warn_of_replaced(const TextReader& reader, Log& log) {
  for (const auto& text : reader.replaced_texts()) log.warning(text);
}

int run_tokenizer_train(TrainTokenizerFlags& flags) {
  check(flags);
  if (flags.input.empty()) flags.input = {"-"};
  check_text_outputs({{"--model", flags.model}}, named_paths({{"--input", flags.input}}));
  TextReader reader("--input", flags.input);
  Output output(flags.model);
  const LineSource lines = [&](std::string& line) { return reader.next(line); };
  const TrainedTokenizer trained = train_tokenizer(lines, flags.tokenizer, input_name(flags.input[0]));
  output.write(trained.model);
  output.close();
  Log log(std::cerr);
  warn_of_replaced(reader, log);
  for (const auto& note : trained.notes) log.info(note);
  log.info(flags.model + ": " + with_commas(trained.pieces) + " pieces");
  return 0;
}

// Calls `transform` with the tokenizer, every line of the input and its reader, and writes what it gives.
template <typename Transform>
int for_each_line(CodingFlags& flags, const Flags& given, Transform transform) {
  check(flags);
  if (!is_folder(flags.model))
    refuse_idle(given, "side", "a model folder in --model, which has two tokenizers");
  if (flags.input.empty()) flags.input = {"-"};
  check_text_outputs({{"--output", flags.output}},
                     named_paths({{"--input", flags.input}, {"--model", {flags.model}}}));
  TextReader reader("--input", flags.input);
  Output output(flags.output);
  const Tokenizer tokenizer = load_tokenizer(flags.model, flags.side);
  for (std::string line; reader.next(line);) output.line(transform(tokenizer, line, reader.current()));
  output.close();
  Log log(std::cerr);
  warn_of_replaced(reader, log);
  return 0;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

std::vector<std::string> words_of(const std::string& line) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < line.size();) {
    const size_t end = std::min(line.find(' ', begin), line.size());
    if (end > begin) words.push_back(line.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

int run_tokenizer_encode(CodingFlags& flags, const Flags& given) {
  return for_each_line(
      flags, given, [&](const Tokenizer& tokenizer, const std::string& line, const LineReader&) {
        const bool source = flags.side == Side::kSource;
        if (flags.encoding == Encoding::kPieces)
          return joined(source ? tokenizer.encode_source_pieces(line) : tokenizer.encode_pieces(line));
        std::vector<std::string> words;
        for (const int64_t id : source ? tokenizer.encode_source(line) : tokenizer.encode(line))
          words.push_back(std::to_string(id));
        return joined(words);
      });
}

int64_t parse_id(const std::string& word, int64_t vocabulary, const LineReader& reader) {
  int64_t id = -1;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), id);
  if (parsed.ec == std::errc() && parsed.ptr == word.data() + word.size() && id >= 0 && id < vocabulary)
    return id;
  throw DataError(reader.place(),
                  "expected ids below " + std::to_string(vocabulary) + ", got '" + word + "'");
}

int run_tokenizer_decode(CodingFlags& flags, const Flags& given) {
  return for_each_line(flags, given,
                       [&](const Tokenizer& tokenizer, const std::string& line, const LineReader& reader) {
                         if (flags.encoding == Encoding::kPieces)
                           return tokenizer.decode_pieces(words_of(line));
                         std::vector<int64_t> ids;
                         for (const auto& word : words_of(line))
                           ids.push_back(parse_id(word, tokenizer.vocabulary().size(), reader));
                         return tokenizer.decode(ids);
                       });
}

}  // namespace

Command tokenizer_train_command() {
  return command<TrainTokenizerFlags>(
      {.name = "tokenizer train",
       .summary = "Trains a SentencePiece model on text (train does this automatically).",
       .usage = "--input F --model F.spm [flags]",
       .examples =
           "  dragoman tokenizer train --input train.en,train.de --model shared.spm --vocab-size 8000\n"},
      run_tokenizer_train);
}

Command tokenizer_encode_command() {
  return command<EncodeFlags>({.name = "tokenizer encode",
                               .summary = "Splits text into pieces or ids, one line out for each line in.",
                               .usage = "--model F.spm|DIR [flags]",
                               .examples = "  dragoman tokenizer encode --model en-de < text.en\n"},
                              run_tokenizer_encode);
}

Command tokenizer_decode_command() {
  return command<DecodeFlags>(
      {.name = "tokenizer decode",
       .summary = "Joins pieces or ids to text, one line out for each line in.",
       .usage = "--model F.spm|DIR [flags]",
       .examples = "  dragoman tokenizer decode --model en-de --side target --input-format ids < ids.txt\n"},
      run_tokenizer_decode);
}

}  // namespace dragoman
