#include "evaluation/error_rates.h"

#include <algorithm>
#include <numeric>
#include <string_view>

#include "core/log.h"
#include "evaluation/unicode_text.h"

namespace dragoman {
namespace {

using Words = std::vector<std::string_view>;

std::vector<Words> words_of_references(const StringList& references) {
  std::vector<Words> words;
  for (const auto& reference : references) words.push_back(split_words(reference));
  const auto is_empty = [](const Words& of_one) { return of_one.empty(); };
  if (!std::all_of(words.begin(), words.end(), is_empty)) std::erase_if(words, is_empty);
  return words;
}

// Levenshtein distance. Only one row of the matrix is kept.
int64_t edit_distance(const Words& from, const Words& to) {
  std::vector<int64_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= from.size(); ++i) {
    int64_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= to.size(); ++j) {
      const int64_t replaced = diagonal + (from[i - 1] != to[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

double share(const Statistics& sums) {
  if (sums[1] > 0) return 100 * sums[0] / sums[1];
  return sums[0] > 0 ? 100 : 0;
}

}  // namespace

Statistics SentenceErrorRate::statistics(const std::string& hypothesis, const StringList& references) const {
  const Words words = split_words(hypothesis);
  const auto known = words_of_references(references);
  return {std::find(known.begin(), known.end(), words) == known.end() ? 1.0 : 0.0, 1.0};
}

double SentenceErrorRate::score(const Statistics& sums) const {
  return share(sums);
}

std::string SentenceErrorRate::verbose(const Statistics& sums) const {
  return "(" + fixed(sums[0], 0) + " of " + fixed(sums[1], 0) + " lines)";
}

Statistics TokenErrorRate::statistics(const std::string& hypothesis, const StringList& references) const {
  const Words words = split_words(hypothesis);
  Statistics nearest;
  for (const auto& reference : words_of_references(references)) {
    const double edits = edit_distance(words, reference), length = reference.size();
    const Statistics found = {edits, length};
    if (nearest.empty() || share(found) < share(nearest)) nearest = found;
  }
  return nearest;
}

double TokenErrorRate::score(const Statistics& sums) const {
  return share(sums);
}

std::string TokenErrorRate::verbose(const Statistics& sums) const {
  return "(" + fixed(sums[0], 0) + " edits of " + fixed(sums[1], 0) + " tokens)";
}

}  // namespace dragoman
