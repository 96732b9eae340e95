#include "tokenizer/piece_trie.h"

namespace dragoman {
namespace {

uint64_t key_of(uint64_t node, char byte) {
  return node << 8 | static_cast<uint8_t>(byte);
}

}  // namespace

PieceTrie::PieceTrie() : pieces_(1), edges_(1 << 10) {}

size_t PieceTrie::place_of(uint64_t key) const {
  const size_t mask = edges_.size() - 1;
  size_t place = (key * 0x9E3779B97F4A7C15u >> 32) & mask;
  while (edges_[place].key != key && edges_[place].key != kFree) place = (place + 1) & mask;
  return place;
}

void PieceTrie::grow() {
  std::vector<Edge> before(edges_.size() * 2);
  before.swap(edges_);
  for (const Edge& edge : before) {
    if (edge.key != kFree) edges_[place_of(edge.key)] = edge;
  }
}

int32_t PieceTrie::next(int32_t node, char byte) const {
  return edges_[place_of(key_of(node, byte))].node;
}

void PieceTrie::add(std::string_view text, const Piece& piece) {
  int32_t node = root();
  for (const char byte : text) {
    if (2 * pieces_.size() > edges_.size()) grow();
    const uint64_t key = key_of(node, byte);
    Edge& edge = edges_[place_of(key)];
    if (edge.node == kNone) {
      edge.key = key;
      edge.node = pieces_.size();
      pieces_.emplace_back();
    }
    node = edge.node;
  }
  pieces_[node] = piece;
}

const PieceTrie::Piece* PieceTrie::find(std::string_view text) const {
  int32_t node = root();
  for (const char byte : text) {
    node = next(node, byte);
    if (node == kNone) return nullptr;
  }
  return at(node).id == kNone ? nullptr : &at(node);
}

}  // namespace dragoman
