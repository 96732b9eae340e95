#include "evaluation/ter_edits.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <tuple>

namespace dragoman {
namespace {

constexpr int64_t kMaxShiftSize = 10;          // words
constexpr int64_t kMaxShiftDistance = 50;      // words
constexpr int64_t kBeamWidth = 25;             // cells on each side of the diagonal
constexpr int64_t kMaxShiftCandidates = 1000;  // over all rounds
constexpr int32_t kInfinity = 1 << 29;

using Words = std::vector<uint32_t>;

enum class Edit : uint8_t { kNone, kMatch, kSubstitution, kInsertion, kDeletion };

struct Cell {
  int32_t cost = kInfinity;
  Edit edit = Edit::kNone;
};

// The part of a matrix row within the beam. Every other cell is infinite.
struct Row {
  int64_t first = 0;
  std::vector<Cell> cells;

  Cell at(int64_t column) const {
    const int64_t i = column - first;
    return i < 0 || i >= std::ssize(cells) ? Cell{} : cells[i];
  }
};

// Edit distance (Levenshtein 1966) in a beam around the diagonal. Rows are words of the hypothesis, columns
// are words of the reference.
class BeamEditDistance {
 public:
  BeamEditDistance(const Words& hypothesis, const Words& reference);

  int64_t distance() const { return rows_.back().at(columns_ - 1).cost; }
  // From the end to the beginning.
  std::vector<Edit> edits_backwards() const;
  // The distance of a hypothesis with the same words in another order. It reuses the rows before the first
  // word that differs.
  int64_t distance_of_shifted(const Words& shifted) const;

 private:
  void fill(Row& row, const Row& above, int64_t i, uint32_t word) const;

  const Words& hypothesis_;
  const Words& reference_;
  int64_t columns_;
  double length_ratio_ = 1;
  int64_t beam_width_ = kBeamWidth;
  std::vector<Row> rows_;
};

BeamEditDistance::BeamEditDistance(const Words& hypothesis, const Words& reference)
    : hypothesis_(hypothesis), reference_(reference), columns_(std::ssize(reference) + 1) {
  if (!hypothesis.empty()) {
    length_ratio_ = 1.0 * reference.size() / hypothesis.size();
  }
  // Adjacent rows must overlap even if the lengths are very different.
  if (kBeamWidth < length_ratio_ / 2) beam_width_ = std::ceil(length_ratio_ / 2 + kBeamWidth);
  rows_.resize(hypothesis.size() + 1);
  for (int32_t j = 0; j < columns_; ++j) rows_[0].cells.push_back({j, Edit::kInsertion});
  for (size_t i = 1; i < rows_.size(); ++i) fill(rows_[i], rows_[i - 1], i, hypothesis[i - 1]);
}

void BeamEditDistance::fill(Row& row, const Row& above, int64_t i, uint32_t word) const {
  const int64_t diagonal = std::floor(i * length_ratio_);
  const bool is_last = i == std::ssize(hypothesis_);
  const int64_t end = is_last ? columns_ : std::min(columns_, diagonal + beam_width_);
  row.first = std::max<int64_t>(0, diagonal - beam_width_);
  row.cells.clear();
  Cell left;
  for (int64_t j = row.first; j < end; ++j) {
    Cell best;
    const auto consider = [&best](int32_t cost, Edit edit) {
      if (cost < best.cost) best = {cost, edit};
    };
    if (j > 0) {
      const bool match = word == reference_[j - 1];
      consider(above.at(j - 1).cost + (match ? 0 : 1), match ? Edit::kMatch : Edit::kSubstitution);
    }
    consider(above.at(j).cost + 1, Edit::kDeletion);
    consider(left.cost + 1, Edit::kInsertion);
    row.cells.push_back(best);
    left = best;
  }
}

std::vector<Edit> BeamEditDistance::edits_backwards() const {
  std::vector<Edit> edits;
  int64_t i = hypothesis_.size(), j = columns_ - 1;
  while (i > 0 || j > 0) {
    const Edit edit = rows_[i].at(j).edit;
    if (edit == Edit::kNone) throw std::logic_error("TER: the path of the edit distance left the beam");
    edits.push_back(edit);
    if (edit != Edit::kInsertion) --i;
    if (edit != Edit::kDeletion) --j;
  }
  return edits;
}

int64_t BeamEditDistance::distance_of_shifted(const Words& shifted) const {
  const auto differs = std::mismatch(shifted.begin(), shifted.end(), hypothesis_.begin());
  const int64_t known = differs.first - shifted.begin();
  if (known == std::ssize(shifted)) return distance();
  Row above, row;
  for (int64_t i = known + 1; i <= std::ssize(shifted); ++i) {
    fill(row, i == known + 1 ? rows_[known] : above, i, shifted[i - 1]);
    std::swap(above, row);
  }
  return above.at(columns_ - 1).cost;
}

struct Alignment {
  std::vector<int64_t> hypothesis_position;  // of each reference word; -1 before the first
  std::vector<bool> hypothesis_is_wrong, reference_is_wrong;
};

Alignment alignment(const std::vector<Edit>& edits_backwards) {
  Alignment result;
  int64_t position = -1;
  for (auto edit = edits_backwards.rbegin(); edit != edits_backwards.rend(); ++edit) {
    const bool is_wrong = *edit != Edit::kMatch;
    if (*edit != Edit::kInsertion) {
      ++position;
      result.hypothesis_is_wrong.push_back(is_wrong);
    }
    if (*edit != Edit::kDeletion) {
      result.hypothesis_position.push_back(position);
      result.reference_is_wrong.push_back(is_wrong);
    }
  }
  return result;
}

bool any_true(const std::vector<bool>& flags, int64_t begin, int64_t length) {
  return std::find(flags.begin() + begin, flags.begin() + begin + length, true) !=
         flags.begin() + begin + length;
}

// A run of words that occurs in both, and its positions.
struct Run {
  int64_t hypothesis, reference, length;
};

// Moves the run before the word at `target`. If the target is within the run, the words after the run move
// instead.
Words shifted_words(const Words& words, const Run& run, int64_t target) {
  Words result = words;
  const auto at = [&](int64_t i) { return result.begin() + std::min<int64_t>(i, words.size()); };
  const int64_t begin = run.hypothesis, end = begin + run.length;
  if (target < begin) {
    std::rotate(at(target), at(begin), at(end));
  } else if (target > end) {
    std::rotate(at(begin), at(end), at(target));
  } else {
    std::rotate(at(begin), at(end), at(target + run.length));
  }
  return result;
}

struct Shift {
  int64_t gain;  // edits saved
  int64_t length, start, target;
  Words words;

  // Ordered by largest gain, then longest, then leftmost start, then leftmost target.
  bool is_better_than(const Shift& other) const {
    return std::tuple(gain, length, -start, -target) >
           std::tuple(other.gain, other.length, -other.start, -other.target);
  }
};

// One round: finds the shift that saves the most edits.
class ShiftSearch {
 public:
  ShiftSearch(const Words& hypothesis, const Words& reference, int64_t& candidates)
      : hypothesis_(hypothesis),
        reference_(reference),
        distance_(hypothesis, reference),
        alignment_(alignment(distance_.edits_backwards())),
        candidates_(candidates) {}

  std::optional<Shift> best() {
    const int64_t hypothesis_size = hypothesis_.size(), reference_size = reference_.size();
    for (int64_t h = 0; h < hypothesis_size; ++h) {
      const int64_t end = std::min(reference_size, h + kMaxShiftDistance + 1);
      for (int64_t r = std::max<int64_t>(0, h - kMaxShiftDistance); r < end; ++r) {
        const int64_t longest = std::min({kMaxShiftSize, hypothesis_size - h, reference_size - r});
        for (int64_t n = 0; n < longest && hypothesis_[h + n] == reference_[r + n]; ++n) {
          if (!try_run({h, r, n + 1})) return best_;
        }
      }
    }
    return best_;
  }

  int64_t distance() const { return distance_.distance(); }

 private:
  int64_t aligned(int64_t reference_position) const {
    return alignment_.hypothesis_position[reference_position];
  }

  // Tries every position next to the words that align with the run. False when the limit is reached.
  bool try_run(const Run& run) {
    // A run is moved only if it is wrong at its own position and missing at the other. It is not moved into
    // itself.
    if (!any_true(alignment_.hypothesis_is_wrong, run.hypothesis, run.length)) return true;
    if (!any_true(alignment_.reference_is_wrong, run.reference, run.length)) return true;
    const int64_t position = aligned(run.reference);
    if (run.hypothesis <= position && position < run.hypothesis + run.length) return true;

    int64_t previous = -1;
    for (int64_t r = run.reference - 1; r < run.reference + run.length; ++r) {
      const int64_t target = r < 0 ? 0 : aligned(r) + 1;
      if (target == previous) continue;
      previous = target;
      try_shift(run, target);
    }
    return candidates_ < kMaxShiftCandidates;
  }

  void try_shift(const Run& run, int64_t target) {
    ++candidates_;
    Words words = shifted_words(hypothesis_, run, target);
    const int64_t gain = distance_.distance() - distance_.distance_of_shifted(words);
    Shift shift{gain, run.length, run.hypothesis, target, std::move(words)};
    if (!best_ || shift.is_better_than(*best_)) best_ = std::move(shift);
  }

  const Words& hypothesis_;
  const Words& reference_;
  BeamEditDistance distance_;
  Alignment alignment_;
  int64_t& candidates_;
  std::optional<Shift> best_;
};

}  // namespace

int64_t translation_edits(const std::vector<uint32_t>& hypothesis, const std::vector<uint32_t>& reference) {
  if (reference.empty()) return hypothesis.size();
  Words words = hypothesis;
  int64_t candidates = 0;
  for (int64_t shifts = 0;; ++shifts) {
    ShiftSearch search(words, reference, candidates);
    std::optional<Shift> shift = search.best();
    if (!shift || shift->gain <= 0 || candidates >= kMaxShiftCandidates) return shifts + search.distance();
    words = std::move(shift->words);
  }
}

}  // namespace dragoman
