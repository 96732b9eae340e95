#include "evaluation/ter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "core/random.h"
#include "evaluation/ter_edits.h"

namespace dragoman {
namespace {

using Words = std::vector<uint32_t>;

double edits(const std::string& hypothesis, const StringList& references, const TerOptions& options = {}) {
  return Ter(options).statistics(hypothesis, references)[0];
}

// Levenshtein distance without a beam.
int64_t plain_distance(const Words& a, const Words& b) {
  std::vector<int64_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    int64_t diagonal = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const int64_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

TEST(Ter, IdenticalTextNeedsNoEdit) {
  EXPECT_EQ(edits("a b c", {"a b c"}), 0);
}

TEST(Ter, InsertionDeletionAndSubstitutionAreOneEditEach) {
  EXPECT_EQ(edits("a b c", {"a b c d"}), 1);
  EXPECT_EQ(edits("a b c d", {"a b c"}), 1);
  EXPECT_EQ(edits("a b x", {"a b c"}), 1);
}

TEST(Ter, OneShiftOfARunIsOneEditHoweverLong) {
  EXPECT_EQ(edits("b a", {"a b"}), 1);
  EXPECT_EQ(edits("e f g h a b c d", {"a b c d e f g h"}), 1);
  EXPECT_EQ(edits("a d b c e", {"a b c d e"}), 1);
}

TEST(Ter, AShiftOfMoreThanTenWordsTakesTwo) {
  EXPECT_EQ(edits("11 12 13 14 15 16 17 18 19 20 1 2 3 4 5 6 7 8 9 10",
                  {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20"}),
            1);
  EXPECT_EQ(edits("12 13 14 15 16 17 18 19 20 21 22 1 2 3 4 5 6 7 8 9 10 11",
                  {"1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22"}),
            2);
}

TEST(Ter, AWordMoreThanFiftyWordsAwayIsNotShifted) {
  for (const uint32_t distance : {49u, 50u, 51u}) {
    Words reference(distance + 5);
    std::iota(reference.begin(), reference.end(), 0);
    Words hypothesis = reference;  // its word 0 moves after the next `distance` words
    std::rotate(hypothesis.begin(), hypothesis.begin() + 1, hypothesis.begin() + 1 + distance);
    EXPECT_EQ(translation_edits(hypothesis, reference), distance <= 50 ? 1 : 2) << distance;
  }
}

TEST(Ter, TheExampleOfSnoverEtAlHasFourEdits) {  // section 2: one shift, two substitutions, one insertion
  EXPECT_EQ(edits("this week the saudis denied information published in the new york times",
                  {"saudi arabia denied this week information published in the american new york times"}),
            4);
}

TEST(Ter, NeverCostsMoreThanTheEditDistanceWithoutShifts) {
  SplitMix64 random(7);
  for (int trial = 0; trial < 300; ++trial) {
    Words a(random.below(20)), b(1 + random.below(20));
    for (auto& word : a) word = static_cast<uint32_t>(random.below(6));
    for (auto& word : b) word = static_cast<uint32_t>(random.below(6));
    const int64_t found = translation_edits(a, b);
    EXPECT_LE(found, plain_distance(a, b));
    EXPECT_GE(found, static_cast<int64_t>(a.size() > b.size() ? a.size() - b.size() : b.size() - a.size()));
  }
}

TEST(Ter, SidesOfVeryDifferentLengthsStayWithinTheBeam) {
  const Words one = {1};
  Words many(500, 2);
  EXPECT_EQ(translation_edits(one, many), 500);
  EXPECT_EQ(translation_edits(many, one), 500);
  many[250] = 1;
  EXPECT_EQ(translation_edits(many, one), 499);
}

TEST(Ter, TheNearestReferenceCountsAndTheMeanLength) {
  EXPECT_EQ(Ter({}).statistics("a b c", {"a b x y", "a b c"}), (Statistics{0, 3.5}));
}

TEST(Ter, ScoreIsEditsInPercentOfReferenceLength) {
  EXPECT_DOUBLE_EQ(Ter({}).score({3, 12}), 25);
  EXPECT_DOUBLE_EQ(Ter({}).score({30, 12}), 250);
}

TEST(Ter, AnEmptyHypothesisNeedsEveryWord) {
  EXPECT_EQ(Ter({}).statistics("", {"a b c"}), (Statistics{3, 3}));
}

TEST(Ter, AnEmptyReferenceNeedsEveryWordDeleted) {
  EXPECT_EQ(Ter({}).statistics("a b", {""}), (Statistics{2, 0}));
  EXPECT_EQ(Ter({}).score({2, 0}), 100);
  EXPECT_EQ(Ter({}).score({0, 0}), 0);
}

TEST(Ter, CaseDoesNotCountUnlessSet) {
  EXPECT_EQ(edits("ÄB c", {"äb C"}), 0);
  EXPECT_EQ(edits("ÄB c", {"äb C"}, {.case_sensitive = true}), 2);
}

TEST(Ter, PunctuationStaysWithItsWordUnlessNormalized) {
  EXPECT_EQ(edits("it ends.", {"it ends"}), 1);                          // another word
  EXPECT_EQ(edits("it ends .", {"it ends."}, {.normalized = true}), 0);  // the same two words
  EXPECT_EQ(edits("he 's &lt;", {"he's <"}, {.normalized = true}), 0);
  EXPECT_EQ(edits("it; \"ends\".", {"it ends"}, {.no_punct = true}), 0);
}

TEST(Ter, SignatureNamesTheOptions) {
  EXPECT_EQ(Ter({}).signature(), "case:lc|tok:tercom|norm:no|punct:yes|asian:no");
  EXPECT_EQ(Ter({.case_sensitive = true, .normalized = true, .no_punct = true}).signature(),
            "case:mixed|tok:tercom|norm:yes|punct:no|asian:no");
}

}  // namespace
}  // namespace dragoman
