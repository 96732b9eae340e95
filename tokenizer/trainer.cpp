#include "tokenizer/trainer.h"

#include <sentencepiece_processor.h>
#include <sentencepiece_trainer.h>

#include <algorithm>
#include <memory>
#include <set>
#include <sstream>
#include <unordered_map>
#include <utility>

#include "core/abandonable.h"
#include "core/error.h"
#include "core/log.h"
#include "core/memory_file.h"
#include "core/random.h"
#include "core/special_tokens.h"
#include "core/utf8.h"
#include "tokenizer/language_tags.h"
#include "tokenizer/sentencepiece_model.h"

namespace dragoman {
namespace {

constexpr uint64_t kSampleSeed = 1;
constexpr int64_t kMinSampleBytes = 1 << 20;  // a few long lines are no sample
// Longer lines are split into parts. SentencePiece skips lines above its limit, and byte-pair training ends
// the whole process at a word of 65536 characters. Normalisation makes up to 18 characters from one of 3
// bytes.
constexpr size_t kMaxPart = 8192;  // bytes
// SentencePiece computes one partial sum per thread, so the result depends on the number of threads.
constexpr char kTrainerThreads[] = "4";

// SentencePiece drops a whole line that contains U+2585, which it uses internally. U+FFFD comes from invalid
// bytes.
void clean(std::string& line) {
  replace_invalid_utf8(line);
  for (const std::string_view nothing : {std::string_view("\xE2\x96\x85"), kReplacementCharacter}) {
    if (line.find(nothing) != std::string::npos) line = replace_all(line, nothing, " ");
  }
}

// False for characters that normalisation removes (control characters, spaces, some format characters,
// U+FFFD), for U+2585, and for some others. SentencePiece ends the whole process if it has no character to train with.
bool is_surely_visible(char32_t c) {
  if (c < 0x7F) return c > 0x20;
  const bool format = (c >= 0x2000 && c <= 0x206F) || c == 0x2581 || c == 0x2585 || c == 0xFEFF ||
                      (c >= 0xFFF0 && c <= 0xFFFF);
  return c > 0xA0 && !is_white_space(c) && !format;
}

bool has_visible(std::string_view text) {
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    if (is_surely_visible(next.value)) return true;
    text.remove_prefix(next.length);
  }
  return false;
}

// Whether a line has a visible character outside `symbols`, which SentencePiece cuts out.
bool has_text(std::string_view line, const StringList& symbols) {
  std::string rest;
  for (const std::string& symbol : symbols) {
    if (line.find(symbol) == std::string_view::npos) continue;
    rest = replace_all(line, symbol, " ");
    line = rest;
  }
  return has_visible(line);
}

void check_symbols(const StringList& symbols) {
  const std::set<std::string> special = {kEndOfSentencePiece, kUnknownPiece, kPaddingPiece};
  std::set<std::string> seen;
  const auto refuse = [](const std::string& rule, const std::string& symbol) {
    throw ConfigError("--user-symbols", "expected " + rule + ", got '" + symbol + "'");
  };
  for (const std::string& symbol : symbols) {
    if (special.count(symbol) > 0) refuse("symbols other than the special tokens", symbol);
    if (!seen.insert(symbol).second) refuse("each symbol once", symbol);
    if (symbol.empty() || !is_valid_utf8(symbol)) refuse("symbols of UTF-8 text", symbol);
    for (const char32_t c : to_code_points(symbol)) {
      if (is_white_space(c) || c == 0 || c == 0x2581 || c == 0x2585) {
        refuse("symbols without white space, NUL, U+2581 and U+2585", symbol);
      }
    }
  }
}

// SentencePiece reads a list as one line of comma-separated values.
std::string as_csv(const StringList& values) {
  std::string text;
  for (const std::string& value : values) {
    text += text.empty() ? "\"" : ",\"";
    for (const char c : value) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    text += '"';
  }
  return text;
}

// sentencepiece::util::Status; from SentencePiece 0.2.2 on absl::Status, whose message is a std::string_view.
using SentencePieceStatus = decltype(std::declval<const sentencepiece::SentenceIterator&>().status());

class MemoryLines : public sentencepiece::SentenceIterator {
 public:
  explicit MemoryLines(const std::vector<const std::string*>& lines) : lines_(lines) {}
  bool done() const override { return next_ >= lines_.size(); }
  void Next() override { ++next_; }
  const std::string& value() const override { return *lines_[next_]; }
  SentencePieceStatus status() const override { return {}; }

 private:
  const std::vector<const std::string*>& lines_;
  size_t next_ = 0;
};

using Settings = std::unordered_map<std::string, std::string>;

Settings sentencepiece_settings(const TokenizerOptions& options) {
  Settings settings = {
      {"model_type", name_of(options.tokenizer_type)},
      {"vocab_size", std::to_string(options.vocab_size)},
      {"character_coverage", std::to_string(options.character_coverage)},
      {"byte_fallback", options.byte_fallback ? "true" : "false"},
      {"normalization_rule_name", name_of(options.normalization)},
      {"eos_id", std::to_string(kEndOfSentence)},
      {"unk_id", std::to_string(kUnknown)},
      {"bos_id", "-1"},
      {"pad_id", "-1"},
      // A text with fewer pieces than vocab_size gives a smaller model instead of an error.
      {"hard_vocab_limit", "false"},
      {"max_sentence_length", std::to_string(kMaxPart + 1)},
      {"num_threads", kTrainerThreads},
      {"minloglevel", "3"},
  };
  if (!options.user_symbols.empty()) settings["user_defined_symbols"] = as_csv(options.user_symbols);
  return settings;
}

// "... smaller than required_chars. 30 vs 51. ..." -> 51, or 0 for another message.
int64_t smallest_size_in(const std::string& message) {
  const std::string key = " vs ";
  const size_t at = message.find(key);
  if (message.find("required_chars") == std::string::npos || at == std::string::npos) return 0;
  return std::strtoll(message.c_str() + at + key.size(), nullptr, 10);
}

using Texts = std::vector<std::shared_ptr<const TokenizerLines>>;

std::vector<const std::string*> lines_of(const Texts& texts) {
  std::vector<const std::string*> lines;
  for (const auto& text : texts) {
    const auto some = text->lines();
    lines.insert(lines.end(), some.begin(), some.end());
  }
  return lines;
}

// The prefix that distinguishes a model from an error message.
constexpr std::string_view kLearned = "learned\n";

std::string run_sentencepiece(const Texts& texts, const TokenizerOptions& options, const std::string& where) {
  // SentencePiece cannot be interrupted, and a large text takes minutes.
  std::string model =
      run_abandonable("tokenizer training", [texts, settings = sentencepiece_settings(options)] {
        const std::vector<const std::string*> lines = lines_of(texts);
        MemoryLines source(lines);
        std::string learned;
        const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &source, &learned);
        return status.ok() ? std::string(kLearned) + learned : status.ToString();
      });
  if (model.compare(0, kLearned.size(), kLearned) == 0) return model.substr(kLearned.size());
  const int64_t smallest = smallest_size_in(model);
  if (smallest == 0) throw DataError(where, "expected text that SentencePiece can learn from, got: " + model);
  throw ConfigError("--vocab-size",
                    "expected at least " + std::to_string(smallest) + " for the characters of " + where +
                        " (or a lower --character-coverage), got " + std::to_string(options.vocab_size));
}

// SentencePiece's format for rules: code points in hexadecimal, a tab, their replacement.
std::string rules_for_unseen_spaces(const sentencepiece::SentencePieceProcessor& model) {
  constexpr char32_t kZeroWidthSpace = 0x200B, kLast = 0xE0FFF;
  std::ostringstream rules;
  rules << std::hex;
  for (char32_t c = 1; c <= kLast; ++c) {
    if (c == ' ' || !is_invisible(c) || !model.IsUnknown(model.PieceToId(to_utf8({&c, 1})))) continue;
    rules << static_cast<uint32_t>(c) << (is_white_space(c) || c == kZeroWidthSpace ? "\t20\n" : "\t\n");
  }
  return rules.str();
}

// SentencePiece compiles rules only as a part of training, and only from a file.
std::string compiled_charsmap(const std::string& rules) {
  const MemoryFile file(rules);
  const std::string line = "a";
  const std::vector<const std::string*> lines = {&line};
  MemoryLines source(lines);
  const Settings settings = {{"model_type", "char"},
                             {"vocab_size", "8"},
                             {"hard_vocab_limit", "false"},
                             {"normalization_rule_tsv", file.path()},
                             {"minloglevel", "3"}};
  std::string model;
  const auto status = sentencepiece::SentencePieceTrainer::Train(settings, &source, &model);
  if (!status.ok())
    throw std::logic_error("SentencePiece does not compile rules for spaces: " + status.ToString());
  return std::string(charsmap_of(model));
}

// Refuses a vocabulary that symbols and special tokens fill. SentencePiece's message for this case is
// misleading.
void check_room(const TokenizerOptions& options) {
  const int64_t fixed = std::ssize(options.user_symbols) + (options.byte_fallback ? 256 : 0) + 2;
  if (options.vocab_size <= fixed) {
    throw ConfigError("--vocab-size", "expected more than the " + std::to_string(fixed) +
                                          " pieces that symbols, bytes and special tokens take, got " +
                                          std::to_string(options.vocab_size));
  }
}

}  // namespace

OptionList TokenizerOptions::describe() {
  return grouped(
      "Tokenizer",
      {
          option(tokenizer_type, "tokenizer-type", "TYPE", "training algorithm of the tokenizer"),
          option(vocab_size, "vocab-size", "N", "size of the vocabulary in pieces, </s> and <unk> included")
              .at_least(4)
              .at_most(1'000'000),
          option(character_coverage, "character-coverage", "X",
                 "share of the characters of the training text that get a piece; the rarest others become "
                 "<unk>")
              .at_least(0.98)
              .at_most(1),
          option(byte_fallback, "byte-fallback",
                 "encode characters without a piece as bytes (uses 256 pieces)"),
          option(user_symbols, "user-symbols", "LIST",
                 "strings that are always one piece, such as <sep>; train adds the language tags (>>de<<) "
                 "at the start of source lines"),
          option(
              normalization, "normalization", "RULE",
              "normalisation of text before it is split, on both sides. identity keeps every character. "
              "The others replace characters by equivalent ones: translations lose full-width punctuation, "
              "x\u00B2 and the Persian ZWNJ (docs/normalization.md)"),
          option(tokenizer_sample, "tokenizer-sample", "N",
                 "training lines of the tokenizer; if the text has more, or more than 100 bytes per line, a "
                 "uniform sample of them")
              .at_least(1)
              .changeable(),  // a run that is resumed has its tokenizer
      });
}

TokenizerLines::TokenizerLines(const TokenizerOptions& options, int64_t capacity)
    : cut_out_(options.user_symbols),
      capacity_(capacity),
      max_bytes_(std::max<int64_t>(capacity * kSampleBytesPerLine, kMinSampleBytes)) {
  check_symbols(options.user_symbols);
  check_room(options);
  cut_out_.insert(cut_out_.end(), {kEndOfSentencePiece, kUnknownPiece});
}

void TokenizerLines::add(const std::string& line) {
  if (line.size() <= kMaxPart) {
    if (has_text(line, cut_out_)) sample(line);
    return;
  }
  std::string cleaned = line;
  clean(cleaned);
  for (std::string_view rest = cleaned; !rest.empty();) {
    const std::string_view part = take_part(rest, kMaxPart);
    if (has_text(part, cut_out_)) sample(part);
  }
}

void TokenizerLines::sample(std::string_view line) {
  const int64_t number = seen_++;
  const uint64_t key = mix_seeds(kSampleSeed, number);
  if (key > limit_) return;
  Sampled added{key, number, std::string(line)};
  clean(added.line);
  bytes_ += added.line.size();
  sampled_.push_back(std::move(added));
  std::push_heap(sampled_.begin(), sampled_.end());
  while (std::ssize(sampled_) > capacity_ || (bytes_ > max_bytes_ && sampled_.size() > 1)) remove_last();
}

void TokenizerLines::remove_last() {
  std::pop_heap(sampled_.begin(), sampled_.end());
  limit_ = sampled_.back().key;
  bytes_ -= sampled_.back().line.size();
  sampled_.pop_back();
}

std::vector<const std::string*> TokenizerLines::lines() const {
  std::vector<const Sampled*> order;
  for (const Sampled& line : sampled_) order.push_back(&line);
  std::sort(order.begin(), order.end(),
            [](const Sampled* a, const Sampled* b) { return a->number < b->number; });
  std::vector<const std::string*> result;
  for (const Sampled* line : order) result.push_back(&line->line);
  return result;
}

TrainedTokenizer train_tokenizer(const LineSource& next_line, const TokenizerOptions& options,
                                 const std::string& where) {
  const auto lines = std::make_shared<TokenizerLines>(options, options.tokenizer_sample);
  LanguageTags tags;
  for (std::string line; next_line(line);) {
    tags.add(line);
    lines->add(line);
  }
  TokenizerOptions with_tags = options;
  with_tags.user_symbols = tags.added_to(options.user_symbols);
  TrainedTokenizer trained = train_tokenizer({lines}, with_tags, where);
  if (!tags.codes().empty())
    trained.notes.push_back("lines begin with language tags: " + tags.text() +
                            "; each is one piece, as by --user-symbols");
  return trained;
}

TrainedTokenizer train_tokenizer(const std::vector<std::shared_ptr<const TokenizerLines>>& texts,
                                 const TokenizerOptions& options, const std::string& where) {
  check_room(options);
  int64_t lines = 0, seen = 0;
  for (const auto& text : texts) lines += text->sampled(), seen += text->seen();
  if (lines == 0)
    throw DataError(where,
                    "expected text to learn a tokenizer from, got none (no line has a visible character)");

  TrainedTokenizer trained;
  trained.model = run_sentencepiece(texts, options, where);
  sentencepiece::SentencePieceProcessor processor;
  const auto status = processor.LoadFromSerializedProto(trained.model);
  if (!status.ok())
    throw std::logic_error("a trained SentencePiece model does not load: " + status.ToString());
  trained.pieces = processor.GetPieceSize();
  if (options.normalization == Normalization::kIdentity && !options.byte_fallback)
    trained.model =
        with_charsmap(std::move(trained.model), compiled_charsmap(rules_for_unseen_spaces(processor)));

  if (trained.pieces < options.vocab_size) {
    trained.notes.push_back("vocabulary lowered from " + std::to_string(options.vocab_size) + " to " +
                            std::to_string(trained.pieces) + ": " + where + " has no more pieces");
  }
  if (seen > lines) {
    trained.notes.push_back("tokenizer trained on " + with_commas(lines) + " of " + with_commas(seen) +
                            " lines");
  }
  return trained;
}

std::vector<std::string> sentencepiece_pieces(std::string_view model, const std::string& where) {
  sentencepiece::SentencePieceProcessor processor;
  load_sentencepiece_model(model, where, processor);
  std::vector<std::string> pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) pieces.push_back(processor.IdToPiece(id));
  return pieces;
}

Vocabulary vocabulary_of(std::string_view model, const std::string& where,
                         const std::vector<std::string>& language_codes) {
  std::vector<std::string> pieces = sentencepiece_pieces(model, where);
  for (const std::string& code : language_codes) {
    if (std::find(pieces.begin(), pieces.end(), code) == pieces.end()) pieces.push_back(code);
  }
  pieces.push_back(kPaddingPiece);
  return Vocabulary(std::move(pieces), where);
}

}  // namespace dragoman
