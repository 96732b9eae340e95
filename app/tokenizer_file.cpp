#include "app/tokenizer_file.h"

#include "core/files.h"
#include "tokenizer/trainer.h"

namespace dragoman {

Tokenizer load_tokenizer(const std::string& path, const std::string& side) {
  if (!is_folder(path)) return Tokenizer::load(path, vocabulary_of(read_file(path, ErrorKind::kModel), path));
  const std::string target_vocabulary = join_path(path, "target_vocab.json");
  const bool separate = side == "target" && file_exists(target_vocabulary);
  const Vocabulary vocabulary =
      Vocabulary::load(separate ? target_vocabulary : join_path(path, "vocab.json"));
  return Tokenizer::load(join_path(path, side + ".spm"), vocabulary);
}

}  // namespace dragoman
