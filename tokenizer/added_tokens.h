// Tokens that transformers' add_tokens put behind a vocabulary: they stand in added_tokens.json or in the
// added_tokens_decoder of tokenizer_config.json, not in vocab.json, and are cut out of a text before
// SentencePiece sees it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tokenizer/vocabulary.h"

namespace dragoman {

struct AddedToken {
  std::string text;
  int64_t id = 0;
  bool strips_left = false, strips_right = false;  // white space beside it in the text
  bool is_hidden = false;                          // "special": not shown in translations
};

// Those of a folder beside </s>, <unk> and <pad>, by id. ModelError naming the file.
std::vector<AddedToken> read_added_tokens(const std::string& folder);

// The vocabulary with these behind it. ModelError naming `where` for an id that another piece has.
Vocabulary with_added_tokens(const Vocabulary& vocabulary, const std::vector<AddedToken>& added,
                             const std::string& where);

// A stretch of text, or an added token.
struct TextPart {
  std::string_view text;
  const AddedToken* token = nullptr;
};

// Cuts the text at added tokens: of those that begin at one place the longest counts.
std::vector<TextPart> split_at_added_tokens(std::string_view text, const std::vector<AddedToken>& added);

}  // namespace dragoman
