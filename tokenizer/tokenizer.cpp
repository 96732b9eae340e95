#include "tokenizer/tokenizer.h"

#include <sentencepiece_processor.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "core/error.h"
#include "core/files.h"
#include "core/utf8.h"
#include "tokenizer/sentencepiece_model.h"

namespace dragoman {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";  // U+2581, SentencePiece's symbol for a space
// A model file has a few MB. A larger file is something else.
constexpr uint64_t kMaxModel = uint64_t{1} << 30;

// SentencePiece joins unknown characters to one <unk> in quadratic time: a megabyte of them took half a
// minute. Longer text is encoded in parts that are split at spaces, which no piece crosses. (A word that is
// longer than this is also split, and its second part is then encoded like a new word.)
constexpr size_t kMaxPart = 1 << 15;  // bytes

std::string_view without_leading_space(std::string_view text) {
  while (!text.empty()) {
    const DecodedCodePoint next = decode_code_point(text);
    if (!is_white_space(next.value)) break;
    text.remove_prefix(next.length);
  }
  return text;
}

std::string without_outer_space(std::string_view text) {
  text = without_leading_space(text);
  size_t end = 0;  // of the last code point that is not white space
  for (size_t at = 0; at < text.size();) {
    const DecodedCodePoint next = decode_code_point(text.substr(at));
    at += next.length;
    if (!is_white_space(next.value)) end = at;
  }
  return std::string(text.substr(0, end));
}

// The length of a leading ">>xx<<", or 0.
size_t language_code_length(std::string_view text) {
  if (text.substr(0, 2) != ">>") return 0;
  const size_t end = text.find("<<", 2);
  return end == std::string_view::npos ? 0 : end + 2;
}

// The concatenated results of `encode` for each part of a text.
template <typename Item, typename Encode>
std::vector<Item> joined_parts(std::string_view text, const Encode& encode) {
  if (text.size() <= kMaxPart) return encode(text);
  std::vector<Item> all;
  while (!text.empty()) {
    std::vector<Item> some = encode(take_part(text, kMaxPart));
    std::move(some.begin(), some.end(), std::back_inserter(all));
  }
  return all;
}

// The same for a text that may contain added tokens. `use` converts each of them to an item.
template <typename Item, typename Encode, typename Use>
std::vector<Item> around_added_tokens(std::string_view text, const std::vector<AddedToken>& added,
                                      const Encode& encode, const Use& use) {
  if (added.empty()) return joined_parts<Item>(text, encode);
  std::vector<Item> all;
  for (const auto& part : split_at_added_tokens(text, added)) {
    if (part.token != nullptr) {
      all.push_back(use(*part.token));
    } else {
      std::vector<Item> some = joined_parts<Item>(part.text, encode);
      std::move(some.begin(), some.end(), std::back_inserter(all));
    }
  }
  return all;
}

}  // namespace

struct Tokenizer::State {
  explicit State(const Vocabulary& numbers) : vocabulary(numbers) {}

  // The vocabulary's id of a piece of a text. The text of a special token is never that token.
  int64_t text_id(std::string_view piece) const {
    const int64_t id = vocabulary.id(piece);
    return vocabulary.is_special(id) ? vocabulary.unk_id() : id;
  }
  // The same for characters that SentencePiece does not know. It returns them unchanged.
  int64_t unknown_id(std::string_view surface) const {
    return Vocabulary::is_language_code(surface) ? vocabulary.unk_id() : text_id(surface);
  }

  std::vector<int64_t> encode(std::string_view text) const;
  std::vector<int64_t> ids_of(const sentencepiece::ImmutableSentencePieceText& pieces) const;

  Vocabulary vocabulary;
  sentencepiece::SentencePieceProcessor processor;
  std::vector<int64_t> id_of_spm;  // the vocabulary's id for each id of SentencePiece
  std::vector<AddedToken> added;
  bool has_nbest = false;
};

std::vector<int64_t> Tokenizer::State::ids_of(const sentencepiece::ImmutableSentencePieceText& pieces) const {
  std::vector<int64_t> ids;
  ids.reserve(pieces.pieces_size());
  for (const auto& piece : pieces.pieces()) {
    const int spm_id = piece.id();
    ids.push_back(processor.IsUnknown(spm_id) ? unknown_id(piece.piece()) : id_of_spm[spm_id]);
  }
  return ids;
}

std::vector<int64_t> Tokenizer::State::encode(std::string_view text) const {
  const std::vector<int> spm_ids = processor.EncodeAsIds(text);
  // Only a line with unknown characters, which is rare, also needs the text of its pieces.
  for (const int id : spm_ids) {
    if (processor.IsUnknown(id)) return ids_of(processor.EncodeAsImmutableProto(text));
  }
  std::vector<int64_t> ids;
  ids.reserve(spm_ids.size() + 2);
  for (const int id : spm_ids) ids.push_back(id_of_spm[id]);
  return ids;
}

Tokenizer::Tokenizer(std::shared_ptr<const State> state) : state_(std::move(state)) {}

Tokenizer Tokenizer::load(const std::string& spm_path, const Vocabulary& vocabulary,
                          std::vector<AddedToken> added) {
  return from_bytes(read_file(spm_path, ErrorKind::kModel, kMaxModel), vocabulary, spm_path,
                    std::move(added));
}

Tokenizer Tokenizer::from_bytes(std::string_view model, const Vocabulary& vocabulary,
                                const std::string& where, std::vector<AddedToken> added) {
  auto state = std::make_shared<State>(vocabulary);
  state->added = std::move(added);
  load_sentencepiece_model(model, where, state->processor);
  const int pieces = state->processor.GetPieceSize();
  for (int id = 0; id < pieces; ++id) {
    const bool is_text = !state->processor.IsUnknown(id) && !state->processor.IsControl(id);
    state->id_of_spm.push_back(is_text ? state->text_id(state->processor.IdToPiece(id))
                                       : vocabulary.unk_id());
  }
  // Only a unigram model has a second-best segmentation. SentencePiece has no function for a model's type.
  state->has_nbest = !state->processor.NBestEncodeAsPieces("a", 2).empty();
  return Tokenizer(std::move(state));
}

std::vector<int64_t> Tokenizer::encode(std::string_view text) const {
  return around_added_tokens<int64_t>(
      text, state_->added, [&](std::string_view part) { return state_->encode(part); },
      [](const AddedToken& token) { return token.id; });
}

SourceLine Tokenizer::source_line(std::string_view line) const {
  const size_t length = language_code_length(line);
  if (length == 0) return {std::nullopt, line, {}};
  const auto code = state_->vocabulary.find(line.substr(0, length));
  if (!code) return {std::nullopt, line, line.substr(0, length)};
  return {code, without_leading_space(line.substr(length)), {}};
}

std::vector<int64_t> Tokenizer::encode_source(std::string_view line) const {
  const SourceLine parts = source_line(line);
  std::vector<int64_t> ids = encode(parts.text);
  if (parts.code) ids.insert(ids.begin(), *parts.code);
  return ids;
}

std::vector<std::string> Tokenizer::encode_source_pieces(std::string_view line) const {
  const SourceLine parts = source_line(line);
  std::vector<std::string> pieces = encode_pieces(parts.text);
  if (parts.code) pieces.insert(pieces.begin(), state_->vocabulary.piece(*parts.code));
  return pieces;
}

std::vector<std::string> Tokenizer::encode_pieces(std::string_view text) const {
  const auto encode_part = [&](std::string_view part) { return state_->processor.EncodeAsPieces(part); };
  return around_added_tokens<std::string>(text, state_->added, encode_part,
                                          [](const AddedToken& token) { return token.text; });
}

bool Tokenizer::is_unigram() const {
  return state_->has_nbest;
}

std::vector<ScoredPiece> Tokenizer::scored_pieces() const {
  const auto& processor = state_->processor;
  std::vector<ScoredPiece> pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    const float score = processor.GetScore(id);
    // SentencePiece gives user-defined symbols the score 0, and the first pair of BPE -0.
    const bool defined = score == 0 && !std::signbit(score);
    if (processor.IsUnknown(id) || processor.IsControl(id) || processor.IsByte(id) ||
        processor.IsUnused(id) || defined)
      continue;
    const int64_t number = state_->id_of_spm[id];
    if (number != state_->vocabulary.unk_id()) pieces.push_back({number, score});
  }
  return pieces;
}

std::vector<TextPiece> Tokenizer::text_pieces() const {
  const auto& processor = state_->processor;
  const std::vector<bool> is_symbol = symbols_of(processor.serialized_model_proto());
  std::vector<TextPiece> pieces;
  for (int id = 0; id < processor.GetPieceSize(); ++id) {
    if (processor.IsUnknown(id) || processor.IsControl(id) || processor.IsByte(id) || processor.IsUnused(id))
      continue;
    pieces.push_back(
        {processor.IdToPiece(id), state_->id_of_spm[id], processor.GetScore(id), is_symbol.at(id)});
  }
  return pieces;
}

bool Tokenizer::keeps_words_apart() const {
  if (!state_->added.empty()) return false;
  for (const TextPiece& piece : text_pieces()) {
    const size_t begin = piece.is_symbol || !piece.text.starts_with(kSpaceMark) ? 0 : kSpaceMark.size();
    if (piece.text.find(kSpaceMark, begin) != std::string::npos || piece.text.find(' ') != std::string::npos)
      return false;
  }
  // Settings of the model: a space before the first word, single spaces, spaces at the beginning of pieces.
  std::string text;
  for (const std::string& piece : state_->processor.EncodeAsPieces("  a  a ")) text += piece;
  const std::string expected = std::string(kSpaceMark) + "a" + std::string(kSpaceMark) + "a";
  return text == expected &&
         charsmap_keeps_words_apart(charsmap_of(state_->processor.serialized_model_proto()));
}

std::string Tokenizer::decode(const std::vector<int64_t>& ids, bool show_unknown) const {
  std::vector<std::string> pieces;
  pieces.reserve(ids.size());
  for (const int64_t id : ids) {
    const std::string& piece = state_->vocabulary.piece(id);
    const bool hidden = std::any_of(state_->added.begin(), state_->added.end(), [&](const AddedToken& token) {
      return token.is_hidden && token.id == id;
    });
    if (hidden) continue;
    if (!state_->vocabulary.is_special(id) || (show_unknown && id == state_->vocabulary.unk_id()))
      pieces.push_back(piece);
  }
  return decode_pieces(pieces);
}

std::string Tokenizer::decode_pieces(const std::vector<std::string>& pieces) const {
  // Pieces that SentencePiece does not know keep its symbol for a space.
  return without_outer_space(replace_all(state_->processor.DecodePieces(pieces), kSpaceMark, " "));
}

std::string Tokenizer::normalized(std::string_view text) const {
  return decode_pieces(encode_pieces(text));
}

const Vocabulary& Tokenizer::vocabulary() const {
  return state_->vocabulary;
}

}  // namespace dragoman
