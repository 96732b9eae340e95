#include "tokenizer/subword_sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/utf8.h"

namespace dragoman {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
constexpr double kNever = -std::numeric_limits<double>::infinity();

// The offsets of the characters of a text, and its end.
std::vector<size_t> boundaries(std::string_view text) {
  std::vector<size_t> all;
  for (size_t at = 0; at < text.size();) {
    all.push_back(at);
    at += decode_code_point(text.substr(at)).length;
  }
  all.push_back(text.size());
  return all;
}

double log_sum(double a, double b) {
  if (a == kNever) return b;
  return std::max(a, b) + std::log(1 + std::exp(-std::abs(a - b)));
}

}  // namespace

SubwordSampler::SubwordSampler(const Tokenizer& tokenizer, double strength)
    : vocabulary_(tokenizer.vocabulary()),
      is_unigram_(tokenizer.is_unigram()),
      strength_(strength),
      may_change_(tokenizer.vocabulary().size()) {
  for (const ScoredPiece& piece : tokenizer.scored_pieces()) {
    may_change_[piece.id] = true;
    pieces_.add(vocabulary_.piece(piece.id), {piece.id, piece.score});
  }
}

std::vector<int32_t> SubwordSampler::sample(std::span<const int32_t> ids, uint64_t seed) const {
  SplitMix64 random(seed);
  std::vector<int32_t> result;
  for (size_t begin = 0; begin < ids.size();) {
    std::string text;
    size_t end = begin;
    for (; end < ids.size() && may_change_[ids[end]]; ++end) text += vocabulary_.piece(ids[end]);
    if (end == begin) {
      result.push_back(ids[end++]);
    } else if (is_unigram_) {
      sample_unigram(text, random, result);
    } else if (const size_t before = result.size(); !sample_bpe(text, random, result)) {
      // A character is not a piece: the vocabulary was not trained with this model.
      result.resize(before);
      result.insert(result.end(), ids.begin() + begin, ids.begin() + end);
    }
    begin = end;
  }
  return result;
}

// Forward filtering: total[j] = log of the sum of P^alpha over the segmentations of the first j characters.
// Backward sampling: from the end, each piece is chosen with its share of the total at its end.
void SubwordSampler::sample_unigram(const std::string& text, SplitMix64& random,
                                    std::vector<int32_t>& ids) const {
  constexpr size_t kNoArc = ~size_t{0};
  struct Arc {
    size_t from;
    int64_t id;
    double weight;
    size_t next;  // the next arc with the same end, in the order of their beginnings
  };
  const std::vector<size_t> at = boundaries(text);
  const size_t characters = at.size() - 1;
  std::vector<double> total(characters + 1, kNever);
  std::vector<Arc> arcs;
  std::vector<size_t> first(characters + 1, kNoArc), last(characters + 1, kNoArc);  // by their end
  total[0] = 0;
  for (size_t i = 0; i < characters; ++i) {
    if (total[i] == kNever) continue;
    int32_t node = pieces_.root();
    for (size_t j = i + 1; j <= characters; ++j) {
      for (size_t byte = at[j - 1]; byte < at[j] && node != PieceTrie::kNone; ++byte)
        node = pieces_.next(node, text[byte]);
      if (node == PieceTrie::kNone) break;
      const PieceTrie::Piece& piece = pieces_.at(node);
      if (piece.id == PieceTrie::kNone) continue;
      const double weight = total[i] + strength_ * piece.score;
      (last[j] == kNoArc ? first[j] : arcs[last[j]].next) = arcs.size();
      last[j] = arcs.size();
      arcs.push_back({i, piece.id, weight, kNoArc});
      total[j] = log_sum(total[j], weight);
    }
  }
  std::vector<int32_t> backwards;
  for (size_t j = characters; j > 0;) {
    double left = random.uniform();
    size_t chosen = last[j];
    for (size_t arc = first[j]; arc != kNoArc; arc = arcs[arc].next) {
      left -= std::exp(arcs[arc].weight - total[j]);
      if (left < 0) {
        chosen = arc;
        break;
      }
    }
    backwards.push_back(arcs[chosen].id);
    j = arcs[chosen].from;
  }
  ids.insert(ids.end(), backwards.rbegin(), backwards.rend());
}

// BPE pieces do not cross the beginning of a word.
bool SubwordSampler::sample_bpe(const std::string& text, SplitMix64& random,
                                std::vector<int32_t>& ids) const {
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find(kSpaceMark, begin + 1);
    if (end == std::string::npos) end = text.size();
    if (!sample_merges(std::string_view(text).substr(begin, end - begin), random, ids)) return false;
    begin = end;
  }
  return true;
}

bool SubwordSampler::sample_merges(std::string_view word, SplitMix64& random,
                                   std::vector<int32_t>& ids) const {
  std::vector<size_t> at = boundaries(word);  // of the remaining symbols
  const auto piece = [&](size_t first, size_t last) {
    return pieces_.find(word.substr(at[first], at[last] - at[first]));
  };
  for (;;) {
    size_t best = 0;
    double best_score = kNever;
    for (size_t i = 0; i + 2 < at.size(); ++i) {
      const auto* found = piece(i, i + 2);
      if (!found || random.uniform() < strength_) continue;
      if (found->score > best_score) best = i, best_score = found->score;
    }
    if (best_score == kNever) break;
    at.erase(at.begin() + best + 1);
  }
  for (size_t i = 0; i + 1 < at.size(); ++i) {
    const auto* found = piece(i, i + 1);
    if (!found) return false;
    ids.push_back(found->id);
  }
  return true;
}

}  // namespace dragoman
