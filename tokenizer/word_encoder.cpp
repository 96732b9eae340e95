#include "tokenizer/word_encoder.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/utf8.h"

namespace dragoman {
namespace {

constexpr std::string_view kSpaceMark = "\xE2\x96\x81";
constexpr double kNever = -std::numeric_limits<double>::infinity();
constexpr double kAlways = std::numeric_limits<double>::infinity();
constexpr int64_t kSymbol = -2;          // the id of every user-defined symbol in the trie
constexpr double kUnknownPenalty = 10;   // of SentencePiece, below the lowest score of a piece
constexpr double kRounding = 0x1.0p-23;  // of one addition in single precision, twice over
// Longer words are rare, and as long as a line. They would fill the memory.
constexpr size_t kMaxWord = 256;      // bytes
constexpr size_t kMaxLine = 1 << 15;  // bytes; Tokenizer splits longer ones

// The two highest scores of the segmentations that end at a position.
struct TwoBest {
  double best = kNever, second = kNever;

  void add(double score) {
    if (score > best) {
      second = best;
      best = score;
    } else {
      second = std::max(second, score);
    }
  }
};

int64_t characters(std::string_view text) {
  return std::count_if(text.begin(), text.end(),
                       [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

}  // namespace

WordSplitter::WordSplitter(const Tokenizer& tokenizer)
    : tokenizer_(tokenizer), keeps_words_apart_(tokenizer.keeps_words_apart()) {
  double lowest = kAlways, highest = kNever;
  for (const TextPiece& piece : tokenizer.text_pieces()) {
    pieces_.add(piece.text, {piece.is_symbol ? kSymbol : piece.id, piece.score});
    if (piece.is_symbol) continue;
    lowest = std::min(lowest, piece.score);
    highest = std::max(highest, piece.score);
  }
  unknown_score_ = lowest - kUnknownPenalty;
  largest_score_ = std::max({std::abs(unknown_score_), std::abs(lowest), std::abs(highest)});
}

// By how much `score` exceeds the score of every other segmentation of the text; kNever if another one is
// better, or if a symbol occurs.
double WordSplitter::margin(std::string_view text, double score) const {
  std::vector<TwoBest> ends(text.size() + 1);
  ends[0].best = 0;
  for (size_t begin = 0, length; begin < text.size(); begin += length) {
    length = decode_code_point(text.substr(begin)).length;
    const TwoBest before = ends[begin];
    const auto extend = [&](size_t end, double piece_score) {
      ends[end].add(before.best + piece_score);
      ends[end].add(before.second + piece_score);
    };
    bool is_piece = false;  // the character alone
    size_t end = begin;
    for (int32_t node = pieces_.next(pieces_.root(), text[end]); node != PieceTrie::kNone;
         node = pieces_.next(node, text[end])) {
      ++end;
      const PieceTrie::Piece& piece = pieces_.at(node);
      if (piece.id == kSymbol) return kNever;
      if (piece.id != PieceTrie::kNone) extend(end, piece.score);
      is_piece |= piece.id != PieceTrie::kNone && end == begin + length;
      if (end == text.size()) break;
    }
    if (!is_piece) extend(begin + length, unknown_score_);
  }
  return ends.back().best == score ? score - ends.back().second : kNever;
}

EncodedWord WordSplitter::split(std::string_view word) const {
  EncodedWord result;
  // SentencePiece removes U+2581 at the end of a line only.
  if (word.find(kSpaceMark) != std::string_view::npos) return result;
  std::string text;
  double score = 0;
  for (const std::string& piece : tokenizer_.encode_pieces(word)) {
    const PieceTrie::Piece* found = pieces_.find(piece);
    if (found == nullptr || found->id == kSymbol) return result;
    result.ids.push_back(found->id);
    text += piece;
    score += found->score;
  }
  result.score = std::abs(score);
  if (text.empty() || !tokenizer_.is_unigram()) {
    result.max_before = kAlways;
    return result;
  }
  if (!text.starts_with(kSpaceMark)) return result;
  // At most one rounding for each piece of both segmentations, of a sum that no character changes by more
  // than the largest score.
  const double length = characters(text), difference = margin(text, score);
  result.max_before = std::max(-1.0, difference / (2 * length * kRounding) - length * largest_score_);
  return result;
}

WordEncoder::WordEncoder(std::shared_ptr<const WordSplitter> splitter, size_t capacity)
    : splitter_(std::move(splitter)), capacity_(capacity) {}

const EncodedWord& WordEncoder::find(std::string_view word) {
  if (const auto found = words_.find(word); found != words_.end()) return found->second;
  if (words_.size() >= capacity_) words_.clear();
  return words_.emplace(word, splitter_->split(word)).first->second;
}

// False, and nothing appended, when the line is one for SentencePiece.
bool WordEncoder::encode_words(std::string_view text, std::vector<int32_t>& ids) {
  if (!splitter_->keeps_words_apart() || text.size() > kMaxLine) return false;
  const size_t before = ids.size();
  double score = 0;  // of the words so far
  while (!text.empty()) {
    const size_t length = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, length);
    text.remove_prefix(std::min(length + 1, text.size()));
    if (word.empty()) continue;
    const EncodedWord* found = word.size() > kMaxWord ? nullptr : &find(word);
    if (found == nullptr || score > found->max_before) {
      ids.resize(before);
      return false;
    }
    ids.insert(ids.end(), found->ids.begin(), found->ids.end());
    score += found->score;
  }
  return true;
}

void WordEncoder::encode(std::string_view text, std::vector<int32_t>& ids) {
  if (encode_words(text, ids)) return;
  const std::vector<int64_t> all = splitter_->tokenizer().encode(text);
  ids.insert(ids.end(), all.begin(), all.end());
}

void WordEncoder::encode_source(std::string_view line, std::vector<int32_t>& ids) {
  const SourceLine parts = splitter_->tokenizer().source_line(line);
  if (parts.code) ids.push_back(*parts.code);
  encode(parts.text, ids);
}

}  // namespace dragoman
