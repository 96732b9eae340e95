// Text to ids and back: one SentencePiece model (Kudo and Richardson, "SentencePiece", EMNLP 2018) cuts text
// into pieces, and the vocabulary numbers them.
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

// A source line in two: ">>de<< The file."
struct SourceLine {
  std::optional<int64_t> code;    // of the language that it asks for, when the vocabulary has it
  std::string_view text;          // what is behind; with a code that the vocabulary lacks, the whole line
  std::string_view unknown_code;  // that code, else ""
};

struct ScoredPiece {
  int64_t id;
  double score;  // unigram: log probability; BPE: the higher, the earlier it was merged
};

// Never changes once loaded and cheap to copy; every method may be called from several threads at once.
class Tokenizer {
 public:
  // ModelError naming the file, or `where` for a model held in memory (the bytes of an .spm file).
  // added: cut out of a text before SentencePiece sees it; the vocabulary has them.
  static Tokenizer load(const std::string& spm_path, const Vocabulary& vocabulary,
                        std::vector<AddedToken> added = {});
  static Tokenizer from_bytes(std::string_view model, const Vocabulary& vocabulary, const std::string& where,
                              std::vector<AddedToken> added = {});

  // The ids without </s>, which the caller adds. What is written in the text is text: "</s>", "<pad>" and
  // "<unk>" in it never become a special token. A piece that the vocabulary lacks is <unk>. (A character that
  // the SentencePiece model does not know but the vocabulary does, as happens where two models share one
  // vocab.json, gets its id, as in transformers.)
  std::vector<int64_t> encode(std::string_view text) const;

  // How every command reads a leading language code, ">>de<< The file.": it becomes one id when the
  // vocabulary has it; if not, it is text. The views are of `line`.
  SourceLine source_line(std::string_view line) const;
  // Its ids: the code, if there is one, and the text.
  std::vector<int64_t> encode_source(std::string_view line) const;
  std::vector<std::string> encode_source_pieces(std::string_view line) const;

  // The pieces that encode() looks up, as text.
  std::vector<std::string> encode_pieces(std::string_view text) const;

  // What SubwordSampler draws from: the pieces that can stand for each other, by the ids of the vocabulary.
  // Special tokens, user-defined symbols and pieces of bytes are not among them.
  std::vector<ScoredPiece> scored_pieces() const;
  bool is_unigram() const;  // else byte pair encoding

  // Text without white space around it. Special tokens are skipped, as transformers does with
  // skip_special_tokens; with `show_unknown`, <unk> is written as SentencePiece writes it, " ⁇ ". A piece
  // that this SentencePiece model lacks (a language code, or a piece of the other side) is kept as its text,
  // again as in transformers. std::out_of_range for an id outside the vocabulary.
  std::string decode(const std::vector<int64_t>& ids, bool show_unknown = false) const;
  // From pieces as encode_pieces() gives them.
  std::string decode_pieces(const std::vector<std::string>& pieces) const;

  // Text as SentencePiece sees it (its model's normalisation, runs of spaces made one): what
  // decode(encode(text)) gives when no piece is unknown.
  std::string normalized(std::string_view text) const;

  const Vocabulary& vocabulary() const;

 private:
  struct State;
  explicit Tokenizer(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace dragoman
