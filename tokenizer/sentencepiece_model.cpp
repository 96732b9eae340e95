#include "tokenizer/sentencepiece_model.h"

#include <sentencepiece_processor.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/error.h"
#include "core/little_endian.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

constexpr size_t kMaxPiece = 8000;        // bytes
constexpr size_t kMaxReplacement = 1024;  // bytes, of one rule: U+FDFA takes 33
constexpr float kMaxScore = 1e9f;

[[noreturn]] void refuse(const std::string& where, const std::string& rule, const std::string& got) {
  throw ModelError(where, "expected a SentencePiece model" + rule + ", got " + got);
}

// One field of a protocol buffer message.
struct Field {
  uint64_t number = 0, wire_type = 0;
  uint64_t value = 0;      // of a varint (wire type 0) or of 4 or 8 fixed bytes (5 and 1)
  std::string_view bytes;  // of a length-delimited field (2)
};

// Reads a message field by field (protobuf.dev, "Encoding").
class Message {
 public:
  Message(std::string_view bytes, const std::string& where) : rest_(bytes), where_(where) {}

  bool next(Field& field) {
    if (rest_.empty()) return false;
    const uint64_t key = varint();
    field = {key >> 3, key & 7, 0, {}};
    switch (field.wire_type) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2:
        field.bytes = take(varint());
        break;
      case 5:
        field.value = fixed(4);
        break;
      default:
        refuse(where_, "", "a field of wire type " + std::to_string(field.wire_type));
    }
    return true;
  }

 private:
  std::string_view take(uint64_t length) {
    if (length > rest_.size())
      refuse(where_, "",
             "a field of " + std::to_string(length) + " bytes where " + std::to_string(rest_.size()) +
                 " remain");
    const std::string_view bytes = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return bytes;
  }
  uint64_t fixed(uint64_t length) { return little_endian(take(length)); }
  uint64_t varint() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const uint64_t byte = fixed(1);
      value |= (byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    refuse(where_, "", "a number of more than ten bytes");
  }

  std::string_view rest_;
  const std::string& where_;
};

void append_varint(std::string& message, uint64_t value) {
  for (; value >= 0x80; value >>= 7) message.push_back((value & 0x7F) | 0x80);
  message.push_back(value);
}

void append_bytes_field(std::string& message, uint64_t number, std::string_view bytes) {
  append_varint(message, number << 3 | 2);
  append_varint(message, bytes.size());
  message += bytes;
}

float as_float(uint64_t bits) {
  const uint32_t low = bits;
  return std::bit_cast<float>(low);
}

void check_piece(std::string_view message, const std::string& where, int64_t id) {
  const auto place = [&] { return where + ": piece " + std::to_string(id); };
  Message fields(message, where);
  std::string_view piece;
  for (Field field; fields.next(field);) {
    if (field.number == 1 && field.wire_type == 2) piece = field.bytes;
    const bool is_score = field.number == 2 && field.wire_type == 5;
    if (is_score && !(std::abs(as_float(field.value)) <= kMaxScore))
      refuse(place(), " whose scores are numbers", std::to_string(as_float(field.value)));
  }
  if (piece.empty() || piece.size() > kMaxPiece)
    refuse(place(), " with pieces of 1 to " + std::to_string(kMaxPiece) + " bytes",
           std::to_string(piece.size()));
  if (piece.find('\0') != std::string_view::npos) refuse(place(), " without NUL in a piece", "one");
}

// One 32-bit unit of a double array, in the layout of Darts-clone.
struct TrieUnit {
  uint32_t bits;

  bool is_value() const { return (bits >> 31) != 0; }  // never matches a byte of text
  bool has_value() const { return ((bits >> 8) & 1) != 0; }
  uint64_t value() const { return bits & 0x7FFFFFFFu; }
  uint64_t offset() const { return (bits >> 10) << ((bits & (1u << 9)) >> 6); }
  bool is_reached_by(uint32_t byte) const { return (bits & ((1u << 31) | 0xFF)) == byte; }
};

TrieUnit unit_of(std::string_view trie, uint64_t at) {
  uint32_t bits;
  std::memcpy(&bits, trie.data() + 4 * at, sizeof bits);
  return {bits};
}

// The parts of a charsmap that was checked.
struct Charsmap {
  std::string_view trie, replacements;

  explicit Charsmap(std::string_view charsmap) {
    uint32_t trie_bytes = 0;
    std::memcpy(&trie_bytes, charsmap.data(), sizeof trie_bytes);
    trie = charsmap.substr(sizeof trie_bytes, trie_bytes);
    replacements = charsmap.substr(sizeof trie_bytes + trie_bytes);
  }
};

// Whether a text that leads through the trie contains this byte. Texts share units: each is visited once.
bool trie_reads(std::string_view trie, uint32_t wanted) {
  std::vector<bool> seen(trie.size() / 4);
  std::vector<uint64_t> todo = {0};
  while (!todo.empty()) {
    const uint64_t at = todo.back(), next = at ^ unit_of(trie, at).offset();
    todo.pop_back();
    for (uint32_t byte = 1; byte <= 0xFF; ++byte) {
      const uint64_t child = next ^ byte;
      if (!unit_of(trie, child).is_reached_by(byte) || seen[child]) continue;
      if (byte == wanted) return true;
      seen[child] = true;
      todo.push_back(child);
    }
  }
  return false;
}

// The lookup of a text starts at unit 0. The unit at p leads to the 256 units around p ^ offset. The first of
// them contains its value, if it has one. Every unit is checked, whether it is reachable or not.
void check_trie(std::string_view trie, std::string_view replacements, const std::string& place) {
  const uint64_t size = trie.size() / 4;
  const auto unit = [&](uint64_t at) { return unit_of(trie, at); };
  const auto inside = [&](bool ok) {
    if (!ok) refuse(place, " with a charsmap that stays inside its table", "one that leads outside of it");
  };
  inside(size > 0);
  for (uint64_t at = 0; at < size; ++at) {
    if (unit(at).is_value() && at > 0) continue;
    const uint64_t next = at ^ unit(at).offset();
    inside((next | 0xFF) < size);
    if (!unit(at).has_value()) continue;
    const uint64_t value = unit(next).value();
    inside(value < replacements.size());
    const size_t length = replacements.find('\0', value) - value;
    if (length > kMaxReplacement)
      refuse(place, " whose charsmap gives at most " + std::to_string(kMaxReplacement) + " bytes",
             std::to_string(length));
  }
}

void check_charsmap(std::string_view charsmap, const std::string& place) {
  if (charsmap.empty()) return;
  uint32_t trie_bytes = 0;
  if (charsmap.size() >= sizeof trie_bytes) std::memcpy(&trie_bytes, charsmap.data(), sizeof trie_bytes);
  if (sizeof trie_bytes + trie_bytes > charsmap.size())
    refuse(place, " with a charsmap that contains its trie",
           "a trie of " + std::to_string(trie_bytes) + " bytes in " + std::to_string(charsmap.size()));
  const std::string_view replacements = charsmap.substr(sizeof trie_bytes + trie_bytes);
  if (!replacements.empty() && replacements.back() != '\0')
    refuse(place, " with a charsmap that ends in NUL", "another byte");
  if (!is_valid_utf8(replacements)) refuse(place, " with a charsmap of UTF-8", "something else");
  check_trie(charsmap.substr(sizeof trie_bytes, trie_bytes), replacements, place);
}

void check_normalizer(std::string_view message, const std::string& place) {
  Message fields(message, place);
  for (Field field; fields.next(field);) {
    if (field.number == 2 && field.wire_type == 2) check_charsmap(field.bytes, place);
  }
}

}  // namespace

void check_sentencepiece_model(std::string_view model, const std::string& where) {
  Message fields(model, where);
  int64_t pieces = 0;
  for (Field field; fields.next(field);) {
    if (field.wire_type != 2) continue;
    if (field.number == 1) check_piece(field.bytes, where, pieces++);
    if (field.number == 3) check_normalizer(field.bytes, where + ": normalizer_spec");
    if (field.number == 5) check_normalizer(field.bytes, where + ": denormalizer_spec");
  }
  if (pieces == 0) refuse(where, " with pieces", "none");
}

std::vector<bool> symbols_of(std::string_view model) {
  constexpr uint64_t kUserDefined = 4;
  const std::string where = "SentencePiece model";
  std::vector<bool> symbols;
  Message fields(model, where);
  for (Field field; fields.next(field);) {
    if (field.number != 1 || field.wire_type != 2) continue;
    symbols.push_back(false);
    Message piece(field.bytes, where);
    for (Field part; piece.next(part);) {
      if (part.number == 3 && part.wire_type == 0) symbols.back() = part.value == kUserDefined;
    }
  }
  return symbols;
}

std::string_view charsmap_of(std::string_view model) {
  const std::string where = "SentencePiece model";
  std::string_view charsmap;
  Message fields(model, where);
  for (Field field; fields.next(field);) {
    if (field.number != 3 || field.wire_type != 2) continue;
    Message normalizer(field.bytes, where);
    for (Field part; normalizer.next(part);) {
      if (part.number == 2 && part.wire_type == 2) charsmap = part.bytes;
    }
  }
  return charsmap;
}

// A repeated message is merged, and the last value of a field counts (protobuf.dev, "Last One Wins").
std::string with_charsmap(std::string model, std::string_view charsmap) {
  std::string field;
  append_bytes_field(field, 2, charsmap);
  append_bytes_field(model, 3, field);
  return model;
}

bool charsmap_keeps_words_apart(std::string_view charsmap) {
  if (charsmap.empty()) return true;
  const Charsmap parts(charsmap);
  return parts.replacements.find("\xE2\x96\x81") == std::string_view::npos &&
         parts.replacements.find("  ") == std::string_view::npos && !trie_reads(parts.trie, ' ');
}

void load_sentencepiece_model(std::string_view model, const std::string& where,
                              sentencepiece::SentencePieceProcessor& processor) {
  check_sentencepiece_model(model, where);
  std::string complaint;
  try {
    const auto status = processor.LoadFromSerializedProto(model);
    if (status.ok()) return;
    complaint = status.ToString();
  } catch (const std::exception& error) {
    complaint = error.what();
  }
  throw ModelError(where, "expected a SentencePiece model, got: " + complaint);
}

}  // namespace dragoman
