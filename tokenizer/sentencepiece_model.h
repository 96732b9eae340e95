// Checks an .spm file before SentencePiece reads it. The library (0.1.97) trusts the tables in a model: a
// damaged or crafted model makes it read outside of its memory or end the process. The format is a protocol
// buffer (github.com/google/sentencepiece, sentencepiece_model.proto):
//
//   1 pieces { 1 text  2 score  3 type }   3 normalizer { 2 charsmap }   5 denormalizer { 2 charsmap }
//
// A charsmap is a trie of texts and their replacements (Darts-clone: a double array of 32-bit units):
//
//   4 bytes   N, the size of the trie
//   N bytes   the trie
//   the rest  replacements, each followed by a NUL
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace dragoman {

// ModelError naming `where` when SentencePiece cannot read the model safely: a broken protocol buffer, a
// piece that is empty, too long or contains a NUL, a score that is not a number, a charsmap that leads
// outside of its table. SentencePiece checks the rest, such as the types of the pieces.
void check_sentencepiece_model(std::string_view model, const std::string& where);

// Checks and loads. ModelError naming `where`.
void load_sentencepiece_model(std::string_view model, const std::string& where,
                              sentencepiece::SentencePieceProcessor& processor);

// Whether each piece is a user-defined symbol, which is found before all others. For a checked model.
std::vector<bool> symbols_of(std::string_view model);

// The table of the model's normaliser, empty for "identity". check_sentencepiece_model() must have accepted
// the model.
std::string_view charsmap_of(std::string_view model);
// The model with another table for its normaliser.
std::string with_charsmap(std::string model, std::string_view charsmap);
// Whether the rules of a checked charsmap treat each word by itself: none of them reads a space, and none
// writes U+2581 or two spaces. SentencePiece's own rules do.
bool charsmap_keeps_words_apart(std::string_view charsmap);

}  // namespace dragoman
