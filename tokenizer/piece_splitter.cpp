#include "tokenizer/piece_splitter.h"

#include <sentencepiece_processor.h>

#include "core/error.h"
#include "core/files.h"
#include "tokenizer/sentencepiece_model.h"

namespace dragoman {
namespace {

constexpr uint64_t kMaxModel = uint64_t{1} << 30;

}  // namespace

struct PieceSplitter::State {
  sentencepiece::SentencePieceProcessor processor;
};

PieceSplitter::PieceSplitter(std::shared_ptr<const State> state) : state_(std::move(state)) {}

PieceSplitter PieceSplitter::load(const std::string& spm_path) {
  auto state = std::make_shared<State>();
  load_sentencepiece_model(read_file(spm_path, ErrorKind::kModel, kMaxModel), spm_path, state->processor);
  return PieceSplitter(std::move(state));
}

std::vector<std::string> PieceSplitter::pieces(std::string_view text) const {
  std::vector<std::string> pieces;
  const auto status = state_->processor.Encode({text.data(), text.size()}, &pieces);
  if (!status.ok())
    throw DataError("tokenizer", "expected text that SentencePiece can split, got " + status.ToString());
  return pieces;
}

}  // namespace dragoman
