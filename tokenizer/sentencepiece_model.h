// An .spm file, checked before SentencePiece reads it. The library (0.1.97) trusts the tables in a model: a
// damaged or crafted one makes it read outside of its memory, or end the process. Its format is a protocol
// buffer (github.com/google/sentencepiece, sentencepiece_model.proto):
//
//   1 pieces { 1 text  2 score  3 type }   3 normalizer { 2 charsmap }   5 denormalizer { 2 charsmap }
//
// A charsmap is a trie of texts and what takes their place (Darts-clone: a double array of 32-bit units):
//
//   4 bytes   N, the size of the trie        N bytes   the trie        the rest   replacements, a NUL behind
//   each
#pragma once

#include <string>
#include <string_view>

namespace sentencepiece {
class SentencePieceProcessor;
}

namespace dragoman {

// ModelError naming `where` when the bytes are not a model that SentencePiece can read safely: a broken
// protocol buffer, a piece that is empty, too long or holds a NUL, a score that is no number, a charsmap that
// leads outside of itself. What it does not check (which piece is what) SentencePiece does.
void check_sentencepiece_model(std::string_view model, const std::string& where);

// Checks and loads. ModelError naming `where`.
void load_sentencepiece_model(std::string_view model, const std::string& where,
                              sentencepiece::SentencePieceProcessor& processor);

// The table of the model's normaliser, or nothing for "identity". The bytes passed
// check_sentencepiece_model().
std::string_view charsmap_of(std::string_view model);
// The model with another table for its normaliser.
std::string with_charsmap(std::string model, std::string_view charsmap);

}  // namespace dragoman
