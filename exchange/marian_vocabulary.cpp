#include "exchange/marian_vocabulary.h"

#include <algorithm>
#include <unordered_set>

#include "core/error.h"
#include "core/special_tokens.h"
#include "core/utf8.h"
#include "exchange/input_files.h"
#include "exchange/marian_yaml.h"
#include "tokenizer/trainer.h"

namespace dragoman {
namespace {

// "piece<tab>score" in each line: the list that SentencePiece writes next to its model.
bool is_sentencepiece_list(std::string_view line) {
  const size_t tab = line.rfind('\t');
  return tab != std::string_view::npos && tab + 1 < line.size() &&
         line.find_first_not_of("-+.0123456789e", tab + 1) == std::string_view::npos;
}

std::vector<std::string> text_pieces(std::string_view content, const std::string& where) {
  if (content.substr(0, 3) == "\xEF\xBB\xBF") content.remove_prefix(3);
  if (!is_valid_utf8(content)) throw ModelError(where, "expected UTF-8, got other bytes");
  std::vector<std::string> pieces;
  std::unordered_set<std::string_view> seen;
  while (!content.empty()) {
    const size_t end = std::min(content.find('\n'), content.size());
    std::string_view line = content.substr(0, end);
    content.remove_prefix(std::min(end + 1, content.size()));
    const auto place = [&] { return where + ":" + std::to_string(pieces.size() + 1); };
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line.empty()) throw ModelError(place(), "expected one piece per line, got an empty line");
    if (pieces.empty() && is_sentencepiece_list(line))
      throw ModelError(
          place(),
          "expected one piece per line, got a piece with its score: give SentencePiece's model (.spm, "
          ".model) instead of its list");
    if (!seen.insert(line).second)
      throw ModelError(place(),
                       "expected each piece once, got '" + std::string(line.substr(0, 80)) + "' twice");
    pieces.emplace_back(line);
  }
  return pieces;
}

// The limit of the ids of so many pieces. With it, a short file cannot cause a large allocation.
int64_t id_limit(int64_t pieces) {
  return 2 * pieces + 1000;
}

// The pieces by id. If a piece has several ids, the first counts, as in Marian.
std::vector<std::string> numbered_pieces(std::string_view content, const std::string& where,
                                         std::vector<std::string>& notes) {
  const std::vector<PieceId> entries = parse_marian_vocabulary(content, where);
  const int64_t limit = id_limit(entries.size());
  std::vector<std::string> pieces;
  std::unordered_set<std::string_view> seen;
  int64_t repeated = 0;
  for (const auto& [piece, id] : entries) {
    if (id >= limit)
      throw ModelError(where, "expected ids below " + std::to_string(limit) + " for " +
                                  std::to_string(entries.size()) + " pieces, got " + std::to_string(id) +
                                  " for '" + piece + "'");
    if (id >= std::ssize(pieces)) pieces.resize(id + 1);
    std::string& place = pieces[id];
    if (!seen.insert(piece).second) {
      ++repeated;
      continue;
    }
    if (!place.empty())
      throw ModelError(where, "expected one piece for the id " + std::to_string(id) + ", got '" + place +
                                  "' and '" + piece + "'");
    place = piece;
  }
  if (repeated > 0)
    notes.push_back(where + ": " + std::to_string(repeated) + " pieces have two ids; the first counts");
  return pieces;
}

// Replaces Nematus' names of the first two ids. Marian accepts them in a YAML vocabulary without its own.
void use_nematus_names(std::vector<std::string>& pieces) {
  const auto has = [&](const char* piece) {
    return std::find(pieces.begin(), pieces.end(), piece) != pieces.end();
  };
  const auto rename = [&](size_t id, const char* old, const char* piece) {
    if (id < pieces.size() && (pieces[id].empty() || pieces[id] == old) && !has(piece)) pieces[id] = piece;
  };
  rename(0, "eos", kEndOfSentencePiece);
  rename(1, "UNK", kUnknownPiece);
}

// Names of unused entries, which occur in no text.
class UnusedNames {
 public:
  explicit UnusedNames(const std::vector<std::string>& pieces) : taken_(pieces.begin(), pieces.end()) {}
  std::string next() {
    std::string name;
    do name = "<unused" + std::to_string(number_++) + ">";
    while (taken_.count(name) > 0);
    return name;
  }

 private:
  std::unordered_set<std::string> taken_;
  int64_t number_ = 0;
};

}  // namespace

bool is_sentencepiece_name(std::string_view path) {
  return has_suffix(path, ".spm") || has_suffix(path, ".model");
}

void fill_vocabulary(std::vector<std::string>& pieces, size_t count) {
  UnusedNames names(pieces);
  while (pieces.size() < count) pieces.push_back(names.next());
}

std::vector<std::string> read_marian_vocabulary(std::string_view content, const std::string& where,
                                                int64_t entries, std::vector<std::string>& notes) {
  if (has_suffix(where, ".fsv"))
    throw ModelError(where, "expected a vocabulary without factors, got a factored one (.fsv)");
  const bool is_model = is_sentencepiece_name(where);
  const bool is_yaml = has_suffix(where, ".yml") || has_suffix(where, ".yaml") || has_suffix(where, ".json");
  std::vector<std::string> pieces = is_model  ? sentencepiece_pieces(content, where)
                                    : is_yaml ? numbered_pieces(content, where, notes)
                                              : text_pieces(content, where);
  if (is_yaml) use_nematus_names(pieces);
  UnusedNames names(pieces);
  for (auto& piece : pieces) {
    // Marian starts the decoder with zeros, not with <pad>. A <pad> in the file is an ordinary entry.
    if (piece.empty() || piece == kPaddingPiece) piece = names.next();
  }
  const int64_t found = pieces.size();
  if (entries == 0 || entries == found) return pieces;
  if (is_model || entries > id_limit(pieces.size()))
    throw ModelError(where, "expected the vocabulary of this model, which has " + std::to_string(entries) +
                                " entries, got one of " + std::to_string(found));
  notes.push_back(where + ": " + std::to_string(found) + " pieces where the model has " +
                  std::to_string(entries) +
                  (found > entries ? "; the last are never used" : "; the rest are unused entries"));
  pieces.resize(std::min(entries, found));
  fill_vocabulary(pieces, entries);
  return pieces;
}

}  // namespace dragoman
