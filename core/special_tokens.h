// The ids that every model of ours shares with the Hugging Face Marian layout.
#pragma once

#include <cstdint>

namespace dragoman {

inline constexpr int64_t kEndOfSentence = 0;  // </s>: ends every source and every target
inline constexpr int64_t kUnknown = 1;        // <unk>
// <pad> is the last id, V-1. It starts the decoder (targets are shifted right after it) and is never
// generated.

inline constexpr char kEndOfSentencePiece[] = "</s>";
inline constexpr char kUnknownPiece[] = "<unk>";
inline constexpr char kPaddingPiece[] = "<pad>";

}  // namespace dragoman
