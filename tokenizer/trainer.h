// Trains a SentencePiece model on text: unigram (Kudo 2018) or byte-pair encoding (Sennrich et al. 2016).
//
// Its ids are those of the model folder: </s> 0, <unk> 1, then the pieces. <pad> comes last and is not part
// of the SentencePiece model. The same lines always give the same bytes: the seed and the number of threads
// are fixed.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/options.h"
#include "tokenizer/vocabulary.h"

namespace dragoman {

enum class TokenizerType { kUnigram, kBpe };
constexpr auto names_of(TokenizerType) {
  return choice_names("unigram", "bpe");
}

// SentencePiece's rules that text goes through first.
enum class Normalization { kIdentity, kNmtNfkc, kNfkc, kNmtNfkcCf, kNfkcCf };
constexpr auto names_of(Normalization) {
  return choice_names("identity", "nmt_nfkc", "nfkc", "nmt_nfkc_cf", "nfkc_cf");
}

// SentencePiece's memory grows with the bytes of its text (about 25 for each with a unigram model), not with
// its lines.
inline constexpr int64_t kSampleBytesPerLine = 100;

struct TokenizerOptions {
  TokenizerType tokenizer_type = TokenizerType::kUnigram;
  int64_t vocab_size = 8000;        // pieces, </s> and <unk> included; V is one more
  double character_coverage = 1.0;  // share of the text whose characters get a piece; rarer ones are <unk>
  bool byte_fallback = false;       // unknown characters are spelt in 256 byte pieces
  StringList user_symbols;          // each is always one piece
  Normalization normalization = Normalization::kIdentity;
  // Training lines; a uniform sample if there are more, or more than kSampleBytesPerLine for each.
  int64_t tokenizer_sample = 500'000;

  OptionList describe();
};

struct TrainedTokenizer {
  std::string model;               // the bytes of an .spm file
  int64_t pieces = 0;              // of the model, </s> and <unk> included
  std::vector<std::string> notes;  // for the user: "vocabulary lowered from 8000 to 497: ..."
};

// The training lines: a uniform sample of the added lines, in their order. A hash of its number gives each
// line a random key. The lines with the smallest keys are kept, as many as the limits allow. ConfigError for
// options that are invalid for every text.
class TokenizerLines {
 public:
  // Keeps at most `capacity` lines, and for each of them kSampleBytesPerLine (in total at least a mebibyte).
  TokenizerLines(const TokenizerOptions& options, int64_t capacity);

  // Any length and any bytes: see train_tokenizer.
  void add(const std::string& line);

  int64_t seen() const { return seen_; }
  int64_t sampled() const { return sampled_.size(); }
  std::vector<const std::string*> lines() const;

 private:
  struct Sampled {
    uint64_t key;
    int64_t number;
    std::string line;
    bool operator<(const Sampled& other) const { return key < other.key; }
  };

  void sample(std::string_view line);
  void remove_last();

  StringList cut_out_;  // texts that are always pieces
  int64_t capacity_, max_bytes_, seen_ = 0, bytes_ = 0;
  uint64_t limit_ = ~uint64_t{0};  // lines with larger keys are not kept
  std::vector<Sampled> sampled_;   // a heap: the largest key is first
};

// Gives the next line, or false at the end.
using LineSource = std::function<bool(std::string&)>;

// Lines may have any length and any bytes (invalid UTF-8 and U+FFFD count as a space). SentencePiece's own
// log is disabled for the whole process. `where` names the text in messages. DataError when the text is
// empty. ConfigError when vocab_size is too small for the characters, with the smallest possible value. A
// value that is too large for the text is lowered and noted. Language tags that begin lines become user
// symbols. With the rule "identity" and without byte_fallback, the model's own table replaces white space and
// U+200B without a piece by a space, and removes other invisible characters without a piece. Otherwise "a\tb"
// would be one word with an <unk> inside.
TrainedTokenizer train_tokenizer(const LineSource& next_line, const TokenizerOptions& options,
                                 const std::string& where);
// The same for sampled lines of several texts, in their order. Only the symbols of the options count. The
// texts are shared with the training thread, which may outlive an interrupted call (core/abandonable.h).
TrainedTokenizer train_tokenizer(const std::vector<std::shared_ptr<const TokenizerLines>>& texts,
                                 const TokenizerOptions& options, const std::string& where);

// The model's pieces by SentencePiece id. ModelError naming `where`.
std::vector<std::string> sentencepiece_pieces(std::string_view model, const std::string& where);
// The same, followed by the missing language codes and <pad>: V = pieces + codes + 1.
Vocabulary vocabulary_of(std::string_view model, const std::string& where,
                         const std::vector<std::string>& language_codes = {});

}  // namespace dragoman
