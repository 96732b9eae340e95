// The vocabulary of a model that Marian trained, in each format that Marian reads:
//
//   vocab.spm               a SentencePiece model; its ids are the model's
//   vocab.yml, vocab.json   "piece": id
//   anything else           one piece per line; the line is the id
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// The pieces by id, `entries` of them (0: as many as the file has). Import adds <pad> as the last one later.
// As in Marian, ids from `entries` on are dropped (the text then has <unk> for these pieces), and ids without
// a piece become <unused0>, <unused1>, .... `notes` reports both. ModelError naming `where` for a file in
// another format, for a duplicate piece in a text file, and for factored vocabularies.
std::vector<std::string> read_marian_vocabulary(std::string_view content, const std::string& where,
                                                int64_t entries, std::vector<std::string>& notes);

// Appends <unusedN> entries until there are `count`.
void fill_vocabulary(std::vector<std::string>& pieces, size_t count);

// Whether Marian treats a file of this name as a SentencePiece model.
bool is_sentencepiece_name(std::string_view path);

}  // namespace dragoman
