// Finds the pieces that begin at a position of a text, byte by byte, until no longer piece can match.
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
    int64_t id = kNone;  // kNone: only a prefix of pieces
    double score = 0;    // unigram: log probability; BPE: earlier merges have higher scores
  };

  PieceTrie();
  void add(std::string_view text, const Piece& piece);
  int32_t root() const { return 0; }
  // The node after one more byte, or kNone if no piece continues with it.
  int32_t next(int32_t node, char byte) const;
  const Piece& at(int32_t node) const { return pieces_[node]; }
  const Piece* find(std::string_view text) const;  // null if it is not a piece

 private:
  struct Edge {
    uint64_t key = kFree;
    int32_t node = kNone;
  };
  static constexpr uint64_t kFree = ~uint64_t{0};
  size_t place_of(uint64_t key) const;  // the index of the edge, or the free slot for it
  void grow();

  std::vector<Piece> pieces_;  // by node
  std::vector<Edge> edges_;    // a hash table, at most half full; its size is a power of two
};

}  // namespace dragoman
