#include "app/tokenizer_file.h"

#include "core/files.h"
#include "tokenizer/trainer.h"

namespace dragoman {

TokenizerPair load_tokenizers(const std::string& path) {
  if (is_folder(path)) return TokenizerPair::load(path);
  const Tokenizer both = Tokenizer::load(path, vocabulary_of(read_file(path, ErrorKind::kModel), path));
  return {both, both, true};
}

Tokenizer load_tokenizer(const std::string& path, Side side) {
  const TokenizerPair tokenizers = load_tokenizers(path);
  return side == Side::kTarget ? tokenizers.target : tokenizers.source;
}

}  // namespace dragoman
