// Converts text to ids and back: a SentencePiece model (Kudo and Richardson, "SentencePiece", EMNLP 2018)
// splits text into pieces, and the vocabulary maps them to ids.
//
//   "The file."  --SentencePiece-->  ▁The ▁file .  --Vocabulary-->  210 1544 7
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/added_tokens.h"
#include "tokenizer/vocabulary.h"

namespace dragoman {

// The two parts of a source line: ">>de<< The file."
struct SourceLine {
  std::optional<int64_t> code;    // the id of the language code, if the vocabulary has it
  std::string_view text;          // the text after the code; the whole line if the code is unknown
  std::string_view unknown_code;  // a code that the vocabulary lacks, otherwise ""
};

struct ScoredPiece {
  int64_t id;
  double score;  // unigram: log probability; BPE: earlier merges have higher scores
};

// A piece that SentencePiece may find in a text.
struct TextPiece {
  std::string text;
  int64_t id;  // of the vocabulary; <unk> if it lacks the piece
  double score;
  bool is_symbol;  // user-defined: found before all others
};

// Immutable and cheap to copy. Several threads may call every method at the same time.
class Tokenizer {
 public:
  // ModelError naming the file, or `where` for a model held in memory (the bytes of an .spm file).
  // added: tokens that are cut out of a text before SentencePiece sees it. The vocabulary must have them.
  static Tokenizer load(const std::string& spm_path, const Vocabulary& vocabulary,
                        std::vector<AddedToken> added = {});
  static Tokenizer from_bytes(std::string_view model, const Vocabulary& vocabulary, const std::string& where,
                              std::vector<AddedToken> added = {});

  // The ids without </s>, which the caller adds. "</s>", "<pad>" and "<unk>" in the text never become special
  // tokens. A piece that the vocabulary lacks is <unk>. (Two SentencePiece models may share one vocab.json.
  // As in transformers, a character that only the vocabulary knows gets its id.)
  std::vector<int64_t> encode(std::string_view text) const;

  // Splits off a leading language code: ">>de<< The file." It becomes one id if the vocabulary has it,
  // otherwise it is text. All commands use this function. The views are of `line`.
  SourceLine source_line(std::string_view line) const;
  // The ids of a source line: the code, if there is one, and the text.
  std::vector<int64_t> encode_source(std::string_view line) const;
  std::vector<std::string> encode_source_pieces(std::string_view line) const;

  // The pieces that encode() looks up, as text.
  std::vector<std::string> encode_pieces(std::string_view text) const;

  // The pieces that SubwordSampler may exchange, with the ids of the vocabulary. Special tokens, user-defined
  // symbols and byte pieces are not among them.
  std::vector<ScoredPiece> scored_pieces() const;
  bool is_unigram() const;  // otherwise byte pair encoding

  // All pieces that SentencePiece may find, also those that the vocabulary lacks.
  std::vector<TextPiece> text_pieces() const;
  // Whether what becomes of a word does not depend on the words around it, except where unigram scores are
  // nearly equal: no piece, rule or added token contains or needs a space, and SentencePiece itself treats
  // spaces as it does by default.
  bool keeps_words_apart() const;

  // Text without white space around it. Special tokens are skipped, as transformers does with
  // skip_special_tokens; with `show_unknown`, <unk> is written as SentencePiece writes it, " ⁇ ". A piece
  // that this SentencePiece model lacks (a language code, or a piece of the other side) is kept as its text,
  // again as in transformers. std::out_of_range for an id outside the vocabulary.
  std::string decode(const std::vector<int64_t>& ids, bool show_unknown = false) const;
  // From pieces as encode_pieces() gives them.
  std::string decode_pieces(const std::vector<std::string>& pieces) const;

  // Text after the model's normalisation, with single spaces. Equals decode(encode(text)) if no piece is
  // unknown.
  std::string normalized(std::string_view text) const;

  const Vocabulary& vocabulary() const;

 private:
  struct State;
  explicit Tokenizer(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace dragoman
