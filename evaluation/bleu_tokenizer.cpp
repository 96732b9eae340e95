#include "evaluation/bleu_tokenizer.h"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "core/error.h"
#include "core/files.h"
#include "core/utf8.h"
#include "evaluation/mecab.h"
#include "evaluation/unicode_text.h"
#include "tokenizer/piece_splitter.h"

namespace dragoman {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_period_or_comma(char c) {
  return c == '.' || c == ',';
}
bool is_dash(char c) {
  return c == '-';
}

// The rules below are regular expressions over two adjacent characters, replaced from left to right. Matches
// do not overlap. The rules test for ASCII only, so they can work on bytes: a byte of a longer character is
// "no digit", as the character is.
//
// (first)(second) -> before + "\1 \2" + after
template <typename First, typename Second>
std::string separate_pairs(std::string_view text, First first, Second second, std::string_view before,
                           std::string_view after) {
  std::string result;
  result.reserve(text.size() + text.size() / 2);
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
      result += text[i];
      continue;
    }
    result += before;
    result += text[i];
    result += ' ';
    result += text[i + 1];
    result += after;
    ++i;
  }
  return result;
}

std::string tokenize_13a(std::string_view line) {
  std::string text(line);
  replace_all(text, "<skipped>", "");
  replace_all(text, "-\n", "");
  replace_all(text, "\n", " ");
  replace_all(text, "&quot;", "\"");
  replace_all(text, "&amp;", "&");
  replace_all(text, "&lt;", "<");
  replace_all(text, "&gt;", ">");
  return separate_periods_commas_and_dashes(separate_ascii_symbols(" " + text + " "));
}

std::string tokenize_char(std::string_view line) {
  std::string result;
  result.reserve(2 * line.size());
  while (!line.empty()) {
    const size_t length = decode_code_point(line).length;
    result += line.substr(0, length);
    result += ' ';
    line.remove_prefix(length);
  }
  return result;
}

// Matches two adjacent characters as above, but by Unicode's categories.
template <typename First, typename Second>
std::u32string separate_unicode_pairs(const std::u32string& text, First first, Second second,
                                      bool space_before) {
  std::u32string result;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i + 1 == text.size() || !first(text[i]) || !second(text[i + 1])) {
      result += text[i];
      continue;
    }
    if (space_before) result += U' ';
    result += {text[i], U' ', text[i + 1]};
    if (!space_before) result += U' ';
    ++i;
  }
  return result;
}

std::string tokenize_intl(std::string_view line) {
  const auto is_no_number = [](char32_t c) { return !is_number(c); };
  std::u32string text = to_code_points(line);
  text = separate_unicode_pairs(text, is_no_number, is_punctuation, false);
  text = separate_unicode_pairs(text, is_punctuation, is_no_number, true);
  std::u32string result;
  for (const char32_t c : text) {
    if (is_symbol(c)) {
      result += {U' ', c, U' '};
    } else {
      result += c;
    }
  }
  return to_utf8(result);
}

std::string tokenize_none(std::string_view line) {
  return std::string(line);
}

// sacreBLEU's list, as it works. Its two ranges beyond U+FFFF have only four hexadecimal digits each, so they
// mean U+2001 to U+2A6D (which includes much punctuation) and U+2F81 to U+2FA1. They are kept, for equal
// scores.
bool is_chinese(char32_t c) {
  static constexpr std::pair<char32_t, char32_t> kRanges[] = {
      {0x3400, 0x4DB5}, {0x4E00, 0x9FBB}, {0xF900, 0xFA2D}, {0xFA30, 0xFA6A}, {0xFA70, 0xFAD9},
      {0x2001, 0x2A6D}, {0x2F81, 0x2FA1}, {0xFF00, 0xFFEF}, {0x2E80, 0x2EFF}, {0x3000, 0x303F},
      {0x31C0, 0x31EF}, {0x2F00, 0x2FDF}, {0x2FF0, 0x2FFF}, {0x3100, 0x312F}, {0x31A0, 0x31BF},
      {0xFE10, 0xFE1F}, {0xFE30, 0xFE4F}, {0x2600, 0x26FF}, {0x2700, 0x27BF}, {0x3200, 0x33FF}};
  return std::any_of(std::begin(kRanges), std::end(kRanges),
                     [c](const auto& range) { return c >= range.first && c <= range.second; });
}

std::string tokenize_zh(std::string_view line) {
  std::string spaced;
  for (const char32_t c : to_code_points(without_space_around(line))) {
    const bool is_word = is_chinese(c);
    if (is_word) spaced += ' ';
    append_utf8(spaced, c);
    if (is_word) spaced += ' ';
  }
  return separate_periods_commas_and_dashes(separate_ascii_symbols(spaced));
}

using Rules = std::string (*)(std::string_view line);
constexpr std::pair<Tokenization, Rules> kRules[] = {{Tokenization::k13a, tokenize_13a},
                                                     {Tokenization::kChar, tokenize_char},
                                                     {Tokenization::kIntl, tokenize_intl},
                                                     {Tokenization::kNone, tokenize_none},
                                                     {Tokenization::kZh, tokenize_zh}};

// A published SentencePiece model: its name, sacreBLEU's file name for it, and its download address.
struct PublishedModel {
  Tokenization tokenization;
  const char *signature, *file, *address;
};
constexpr const char* kFlores101 =
    "https://dl.fbaipublicfiles.com/fairseq/models/flores/sacrebleu_tokenizer_spm.model";
constexpr PublishedModel kPublishedModels[] = {
    {Tokenization::kSpm, "flores101", "sacrebleu_tokenizer_spm.model", kFlores101},
    {Tokenization::kFlores101, "flores101", "sacrebleu_tokenizer_spm.model", kFlores101},
    {Tokenization::kFlores200, "flores200", "flores200sacrebleuspm",
     "https://tinyurl.com/flores200sacrebleuspm"},
    {Tokenization::kSpBleu1K, "spBLEU-1K", "spbleu-1k_tokenizer_spm.model",
     "https://www.dlnlp.ai/spBLEU-1K/spbleu-1k_tokenizer_spm.model"}};

// sacreBLEU's own folder of models.
std::string models_folder() {
  if (const char* folder = std::getenv("SACREBLEU")) return join_path(folder, "models");
  const char* home = std::getenv("HOME");
  return join_path(home != nullptr ? home : "", ".sacrebleu/models");
}

BleuTokenizer pieces_tokenizer(const PublishedModel& published, const std::string& given) {
  const std::string path = given.empty() ? join_path(models_folder(), published.file) : given;
  if (!file_exists(path))
    throw UsageError("--tokenize " + name_of(published.tokenization),
                     "expected the SentencePiece model " + path + ", got no such file; download it from " +
                         published.address + ", or name the file by --tokenizer-model");
  return {[splitter = PieceSplitter::load(path)](std::string_view line) {
            std::string joined;
            for (const auto& piece : splitter.pieces(line)) joined += (joined.empty() ? "" : " ") + piece;
            return joined;
          },
          published.signature};
}

BleuTokenizer mecab_tokenizer(const Mecab& mecab, Tokenization tokenization, const std::string& dictionary) {
  return {[mecab](std::string_view line) { return mecab.words(line); },
          name_of(tokenization) + "-" + mecab.version() + "-" + dictionary};
}

BleuTokenizer japanese_tokenizer(const std::string& dictionary) {
  const Mecab mecab = japanese_mecab(dictionary);
  BleuTokenizer tokenizer = mecab_tokenizer(mecab, Tokenization::kJaMecab, "IPA");
  if (mecab.dictionary_size() == kDebianIpaEntries) tokenizer.differs_on = "\u4EE4\u548C";  // Reiwa
  return tokenizer;
}

}  // namespace

BleuTokenizer bleu_tokenizer(Tokenization tokenization, const std::string& model) {
  if (tokenization == Tokenization::kJaMecab) return japanese_tokenizer(model);
  if (tokenization == Tokenization::kKoMecab) return mecab_tokenizer(korean_mecab(model), tokenization, "KO");
  for (const auto& published : kPublishedModels) {
    if (tokenization == published.tokenization) return pieces_tokenizer(published, model);
  }
  for (const auto& [known, rules] : kRules) {
    if (tokenization != known) continue;
    if (!model.empty())
      throw UsageError(
          "--tokenizer-model",
          "expected --tokenize with a model (flores200, ja-mecab, ...), got " + name_of(tokenization));
    return {rules, name_of(tokenization)};
  }
  throw std::logic_error("bleu_tokenizer: no rules for " + name_of(tokenization));
}

std::string separate_ascii_symbols(std::string_view line) {
  static constexpr std::string_view kSymbols = "!\"#$%&()*+/:;<=>?@[\\]^_`{|}~";
  std::string result;
  result.reserve(2 * line.size());
  for (const char c : line) {
    if (kSymbols.find(c) == std::string_view::npos) {
      result += c;
    } else {
      result += {' ', c, ' '};
    }
  }
  return result;
}

std::string separate_periods_commas_and_dashes(std::string_view line) {
  const auto is_no_digit = [](char c) { return !is_digit(c); };
  std::string text = separate_pairs(line, is_no_digit, is_period_or_comma, "", " ");
  text = separate_pairs(text, is_period_or_comma, is_no_digit, " ", "");
  return separate_pairs(text, is_digit, is_dash, "", " ");
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t i = text.find(from); i != std::string::npos; i = text.find(from, i + to.size())) {
    text.replace(i, from.size(), to);
  }
}

}  // namespace dragoman
