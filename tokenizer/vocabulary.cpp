#include "tokenizer/vocabulary.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "core/error.h"
#include "core/json.h"
#include "core/special_tokens.h"

namespace dragoman {
namespace {

// Allows lookups in a map of strings by string_view, without a copy.
struct TextHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};
using IdOfPiece = std::unordered_map<std::string, int64_t, TextHash, std::equal_to<>>;

int64_t required_id(const IdOfPiece& ids, const std::string& piece, const std::string& where) {
  const auto found = ids.find(piece);
  if (found == ids.end())
    throw ModelError(where, "expected the piece '" + piece + "', got a vocabulary without it");
  return found->second;
}

// The lowest id without a piece.
int64_t first_free_id(const nlohmann::json& object) {
  std::vector<bool> taken(object.size() + 1, false);
  for (const auto& value : object) {
    if (value.is_number_unsigned() && value.get<uint64_t>() < taken.size())
      taken[value.get<uint64_t>()] = true;
  }
  return std::find(taken.begin(), taken.end(), false) - taken.begin();
}

// The piece of each id. Ids may be in any order in the file, so a gap is known only at the end.
std::vector<std::string> by_id(const nlohmann::json& object, const std::string& where) {
  std::vector<std::string> pieces(object.size());
  std::vector<const std::string*> owner(object.size(), nullptr);
  const std::string range = "expected an id from 0 to " + std::to_string(object.size()) + " - 1, got ";
  for (const auto& [piece, value] : object.items()) {
    const std::string place = where + ": '" + piece + "'";
    if (!value.is_number_integer()) throw ModelError(place, range + value.dump());
    const int64_t id =
        value.is_number_unsigned() && value.get<uint64_t>() > INT64_MAX ? -1 : value.get<int64_t>();
    if (id < 0) throw ModelError(place, range + value.dump());
    if (id >= std::ssize(pieces))
      throw ModelError(where, "expected each id from 0 to " + std::to_string(object.size()) +
                                  " - 1, got none with the id " + std::to_string(first_free_id(object)) +
                                  ", and '" + piece + "' with " + value.dump());
    if (owner[id] != nullptr) {
      throw ModelError(place,
                       "expected a unique id, got " + value.dump() + ", which '" + *owner[id] + "' has");
    }
    pieces[id] = piece;
    owner[id] = &pieces[id];
  }
  return pieces;
}

}  // namespace

struct Vocabulary::Table {
  std::vector<std::string> pieces;
  IdOfPiece ids;
  std::vector<std::string> language_codes;
  int64_t eos = 0, unk = 0, pad = 0;
};

Vocabulary::Vocabulary(std::vector<std::string> pieces, const std::string& where) {
  auto table = std::make_shared<Table>();
  table->ids.reserve(pieces.size());
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].empty()) continue;  // a row of the embedding without a piece
    const auto [place, is_new] = table->ids.emplace(pieces[i], i);
    if (!is_new) {
      throw ModelError(where, "expected each piece once, got '" + pieces[i] + "' as " +
                                  std::to_string(place->second) + " and " + std::to_string(i));
    }
    if (is_language_code(pieces[i])) table->language_codes.push_back(pieces[i]);
  }
  table->eos = required_id(table->ids, kEndOfSentencePiece, where);
  table->unk = required_id(table->ids, kUnknownPiece, where);
  table->pad = required_id(table->ids, kPaddingPiece, where);
  table->pieces = std::move(pieces);
  table_ = std::move(table);
}

Vocabulary Vocabulary::load(const std::string& path, int64_t most) {
  nlohmann::json object = read_json_file(path, ErrorKind::kModel);
  if (object.is_object() && std::ssize(object) > most) {
    for (auto entry = object.begin(); entry != object.end();) {
      const bool beyond = entry->is_number_unsigned() && std::cmp_greater_equal(entry->get<uint64_t>(), most);
      entry = beyond ? object.erase(entry) : std::next(entry);
    }
  }
  return from_json(object, path);
}

Vocabulary Vocabulary::parse(std::string_view json, const std::string& where) {
  return from_json(parse_json(json, where, ErrorKind::kModel), where);
}

Vocabulary Vocabulary::from_json(const nlohmann::json& object, const std::string& where) {
  if (!object.is_object())
    throw ModelError(where, "expected an object of pieces and ids, got " + std::string(object.type_name()));
  return Vocabulary(by_id(object, where), where);
}

int64_t Vocabulary::size() const {
  return table_->pieces.size();
}

int64_t Vocabulary::id(std::string_view piece) const {
  return find(piece).value_or(table_->unk);
}

std::optional<int64_t> Vocabulary::find(std::string_view piece) const {
  const auto found = table_->ids.find(piece);
  if (found == table_->ids.end()) return std::nullopt;
  return found->second;
}

const std::string& Vocabulary::piece(int64_t id) const {
  return table_->pieces.at(id);
}

int64_t Vocabulary::eos_id() const {
  return table_->eos;
}
int64_t Vocabulary::unk_id() const {
  return table_->unk;
}
int64_t Vocabulary::pad_id() const {
  return table_->pad;
}
bool Vocabulary::is_special(int64_t id) const {
  return id == table_->eos || id == table_->unk || id == table_->pad;
}

const std::vector<std::string>& Vocabulary::language_codes() const {
  return table_->language_codes;
}

bool Vocabulary::is_language_code(std::string_view piece) {
  return piece.size() > 4 && piece.substr(0, 2) == ">>" && piece.find("<<", 2) == piece.size() - 2;
}

std::string Vocabulary::to_json() const {
  // Written line by line: an ordered JSON object searches all its keys at each insertion.
  std::string text = "{";
  for (size_t id = 0; id < table_->pieces.size(); ++id) {
    if (table_->pieces[id].empty()) continue;
    text += (text.size() == 1 ? "\n  " : ",\n  ") + nlohmann::json(table_->pieces[id]).dump() + ": " +
            std::to_string(id);
  }
  return text + "\n}\n";
}

}  // namespace dragoman
