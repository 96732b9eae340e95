// Finds the pieces that begin at a place of a text, byte by byte, and stops where no longer one can follow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace dragoman {

class PieceTrie {
 public:
  static constexpr int32_t kNone = -1;
  struct Piece {
    int32_t id = kNone;  // kNone: only the beginning of pieces
    double score = 0;    // unigram: log probability; BPE: the higher, the earlier it was merged
  };

  PieceTrie();
  void add(std::string_view text, const Piece& piece);
  int32_t root() const { return 0; }
  // The node behind one more byte; kNone where no piece goes on so.
  int32_t next(int32_t node, char byte) const;
  const Piece& at(int32_t node) const { return pieces_[static_cast<size_t>(node)]; }
  const Piece* find(std::string_view text) const;  // null when it is no piece

 private:
  struct Edge {
    uint64_t key = kFree;
    int32_t node = kNone;
  };
  static constexpr uint64_t kFree = ~uint64_t{0};
  size_t place_of(uint64_t key) const;  // of the edge, or where it would stand
  void grow();

  std::vector<Piece> pieces_;  // by node
  std::vector<Edge> edges_;    // a hash table, at most half full; its size is a power of two
};

}  // namespace dragoman
