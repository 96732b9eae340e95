// Splits text into the pieces of any SentencePiece model, without ids. For code that only counts pieces.
// tokenizer.h reads the models that Dragoman trains and translates with.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

class PieceSplitter {
 public:
  // ModelError naming the file.
  static PieceSplitter load(const std::string& spm_path);

  std::vector<std::string> pieces(std::string_view text) const;

 private:
  struct State;
  explicit PieceSplitter(std::shared_ptr<const State> state);
  std::shared_ptr<const State> state_;
};

}  // namespace dragoman
