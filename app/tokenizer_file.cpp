#include "app/tokenizer_file.h"

#include "core/files.h"
#include "folder/model_files.h"
#include "tokenizer/trainer.h"

namespace dragoman {

Tokenizer load_tokenizer(const std::string& path, Side side) {
  if (!is_folder(path)) return Tokenizer::load(path, vocabulary_of(read_file(path, ErrorKind::kModel), path));
  const TokenizerPair tokenizers = TokenizerPair::load(path);
  return side == Side::kTarget ? tokenizers.target : tokenizers.source;
}

}  // namespace dragoman
