// Tokens that transformers' add_tokens() appended to a vocabulary. They are in added_tokens.json or in the
// added_tokens_decoder of tokenizer_config.json, not in vocab.json. They are cut out of a text before
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
  bool strips_left = false, strips_right = false;  // adjacent white space in the text
  bool is_hidden = false;                          // "special": not shown in translations
};

// The added tokens of a folder by id, without </s>, <unk> and <pad>. ModelError naming the file.
std::vector<AddedToken> read_added_tokens(const std::string& folder);

// The vocabulary followed by these tokens. ModelError naming `where` for an id that another piece has.
Vocabulary with_added_tokens(const Vocabulary& vocabulary, const std::vector<AddedToken>& added,
                             const std::string& where);

// A part of a text, or an added token.
struct TextPart {
  std::string_view text;
  const AddedToken* token = nullptr;
};

// Splits the text at added tokens. Of several tokens at one position, the longest counts.
std::vector<TextPart> split_at_added_tokens(std::string_view text, const std::vector<AddedToken>& added);

}  // namespace dragoman
