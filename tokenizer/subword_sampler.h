// Subword regularisation: another way to cut the same text into pieces at each pass over the corpus, so that
// a model learns from many segmentations (and words from their parts).
//
//   unigram  a segmentation with probability proportional to P(segmentation)^alpha, of all there are
//            (Kudo, ACL 2018, section 3; drawn by forward filtering and backward sampling)
//   BPE      each merge is left out with probability p (BPE-dropout: Provilkov et al., ACL 2020, algorithm 1)
//
// It works on ids: the pieces of one segmentation spell the text, from which another is drawn.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/random.h"
#include "tokenizer/tokenizer.h"

namespace dragoman {

// Finds the pieces that begin at a place of a text, byte by byte, and stops where no longer one can follow.
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

class SubwordSampler {
 public:
  // strength: alpha > 0 of a unigram model (0.1 varies much, 1 little), p in (0,1) of BPE (0.1 is usual).
  SubwordSampler(const Tokenizer& tokenizer, double strength);

  // ids: what encode() gives, </s> behind it or not. Special tokens, language codes, user-defined symbols and
  // pieces of bytes stay as they are. A pure function of its arguments.
  std::vector<int32_t> sample(std::span<const int32_t> ids, uint64_t seed) const;

 private:
  void sample_unigram(const std::string& text, SplitMix64& random, std::vector<int32_t>& ids) const;
  bool sample_merges(std::string_view word, SplitMix64& random, std::vector<int32_t>& ids) const;
  bool sample_bpe(const std::string& text, SplitMix64& random, std::vector<int32_t>& ids) const;

  Vocabulary vocabulary_;
  bool is_unigram_;
  double strength_;
  std::vector<bool> may_change_;  // by id
  PieceTrie pieces_;              // those that may change
};

}  // namespace dragoman
