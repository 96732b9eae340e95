// The vocabulary maps pieces of text to ids. It is vocab.json of the model folder:
//
//   {"</s>": 0, "<unk>": 1, ...}
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Immutable and cheap to copy: copies share one table.
class Vocabulary {
 public:
  // pieces[i] gets the id i. An empty piece means an id without a piece, which find() never returns.
  // ModelError naming `where` and the piece for a duplicate piece, or when </s>, <unk> or <pad> is missing.
  explicit Vocabulary(std::vector<std::string> pieces, const std::string& where = "vocabulary");

  // {"piece": id, ...}, the ids 0..V-1 in any order, each once. ModelError naming the file and the piece.
  // most: the number of rows of the embedding. Entries with this id and above are dropped.
  static Vocabulary load(const std::string& path, int64_t most = INT64_MAX);
  static Vocabulary parse(std::string_view json, const std::string& where);

  int64_t size() const;                      // V
  int64_t id(std::string_view piece) const;  // the id of <unk> for a missing piece
  std::optional<int64_t> find(std::string_view piece) const;
  const std::string& piece(int64_t id) const;  // std::out_of_range for an id outside 0..V-1

  // In the models that Dragoman trains, </s> is 0, <unk> is 1 and <pad> is V-1. Folders of other programs may
  // have other ids.
  int64_t eos_id() const;
  int64_t unk_id() const;
  int64_t pad_id() const;
  bool is_special(int64_t id) const;  // one of these three

  // The pieces of the form >>xx<<, by id. They select the target language of a multilingual model.
  const std::vector<std::string>& language_codes() const;
  static bool is_language_code(std::string_view piece);

  // The text of vocab.json, by id.
  std::string to_json() const;

 private:
  static Vocabulary from_json(const nlohmann::json& object, const std::string& where);

  struct Table;
  std::shared_ptr<const Table> table_;
};

}  // namespace dragoman
