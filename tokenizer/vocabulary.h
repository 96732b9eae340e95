// The vocabulary: which piece of text has which number. It is vocab.json of the model folder, {"</s>": 0,
// "<unk>": 1, ...}.
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// Never changes once made, and cheap to copy: copies share one table.
class Vocabulary {
 public:
  // pieces[i] gets the id i; an empty one stands for an id without a piece, which nothing finds. ModelError
  // naming `where` and the piece when a piece stands twice, or when </s>, <unk> or <pad> is not among them.
  explicit Vocabulary(std::vector<std::string> pieces, const std::string& where = "vocabulary");

  // {"piece": id, ...}, the ids 0..V-1 in any order, each once. ModelError naming the file and the piece.
  // most: entries of this id and above are left out, since an embedding of so many rows has none for them.
  static Vocabulary load(const std::string& path, int64_t most = INT64_MAX);
  static Vocabulary parse(std::string_view json, const std::string& where);

  int64_t size() const;                      // V
  int64_t id(std::string_view piece) const;  // <unk>'s when the piece is not there
  std::optional<int64_t> find(std::string_view piece) const;
  const std::string& piece(int64_t id) const;  // std::out_of_range for an id outside 0..V-1

  // </s> and <unk> are 0 and 1 and <pad> is V-1 in what we train; in the folders of others they are where
  // they are.
  int64_t eos_id() const;
  int64_t unk_id() const;
  int64_t pad_id() const;
  bool is_special(int64_t id) const;  // one of these three

  // The pieces of the form >>xx<<, which ask a model of several target languages for one of them, by id.
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
