#include "evaluation/chrf.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

double score(const std::string& hypothesis, const StringList& references, const ChrfOptions& options = {}) {
  const Chrf chrf(options);
  return chrf.score(chrf.statistics(hypothesis, references));
}

double f_score(double precision, double recall, double beta) {
  return 100 * (1 + beta * beta) * precision * recall / (beta * beta * precision + recall);
}

TEST(Chrf, IdenticalTextIs100) {
  EXPECT_DOUBLE_EQ(score("the cat", {"the cat"}), 100);
  EXPECT_DOUBLE_EQ(score("the cat", {"the cat"}, {.word_order = 2}), 100);
}

TEST(Chrf, OneSubstitutionByFormula) {
  // abcdefgh against abcdXfgh: of 9 - n n-grams those that do not span the fifth letter match: 7, 5, 3, 1, 0,
  // 0 of 8, 7, 6, 5, 4, 3.
  const double mean = (7 / 8. + 5 / 7. + 3 / 6. + 1 / 5. + 0 + 0) / 6;
  EXPECT_NEAR(score("abcdefgh", {"abcdXfgh"}), f_score(mean, mean, 2), 1e-9);
}

TEST(Chrf, RecallWeighsBetaTimesPrecision) {
  // One order: ab against abcd: precision 1, recall 1/2.
  EXPECT_NEAR(score("ab", {"abcd"}, {.char_order = 1}), f_score(1, 0.5, 2), 1e-9);
  EXPECT_NEAR(score("ab", {"abcd"}, {.char_order = 1, .beta = 3}), f_score(1, 0.5, 3), 1e-9);
  EXPECT_NEAR(score("abcd", {"ab"}, {.char_order = 1}), f_score(0.5, 1, 2), 1e-9);
}

TEST(Chrf, OrdersThatASideIsTooShortForDoNotCount) {
  EXPECT_NEAR(score("ab", {"abcd"}), f_score((1 + 1) / 2., (2 / 4. + 1 / 3.) / 2, 2), 1e-9);
}

TEST(Chrf, EpsSmoothingCountsThemAll) {
  // Orders 1 and 2 match fully, 3 to 6 have no n-grams.
  EXPECT_NEAR(score("ab", {"ab"}, {.eps_smoothing = true}), 100 * 2 / 6., 1e-9);
}

TEST(Chrf, CountsCodePointsNotBytes) {
  EXPECT_EQ(Chrf({}).statistics("äß", {"äß好"})[0], 2);
  EXPECT_EQ(Chrf({}).statistics("äß", {"äß好"})[1], 3);
}

TEST(Chrf, WhiteSpaceDoesNotCountUnlessSet) {
  EXPECT_DOUBLE_EQ(score("a b\u3000c", {"abc"}), 100);
  EXPECT_LT(score("a b c", {"abc"}, {.whitespace = true}), 100);
  EXPECT_EQ(Chrf({.whitespace = true}).statistics("a b ", {"x"})[0], 3);  // that at the end never
}

TEST(Chrf, TheBestOfSeveralReferencesCounts) {
  EXPECT_DOUBLE_EQ(score("abc", {"xyz", "abc", "abd"}), 100);
  EXPECT_EQ(Chrf({}).statistics("abc", {"x", "abcd"}), Chrf({}).statistics("abc", {"abcd"}));
}

TEST(Chrf, OnePunctuationMarkIsSeparatedFromAWordTheLastInPreference) {
  // (hi) is "(hi" and ")"; "a is a quotation mark and a; - is itself.
  const ChrfOptions options{.char_order = 1, .word_order = 1};
  const Statistics counts = Chrf(options).statistics("(hi) \"a -", {"(hi ) \" a -"});
  // In words: the reference's "(hi" is "(" and "hi", so that "(hi" finds no partner.
  EXPECT_EQ((Statistics{counts[3], counts[4], counts[5]}), (Statistics{5, 6, 4}));
}

TEST(Chrf, CaseCountsUnlessLowercaseIsSet) {
  EXPECT_EQ(score("ÄB", {"äb"}), 0);
  EXPECT_DOUBLE_EQ(score("ÄB", {"äb"}, {.lowercase = true}), 100);
}

TEST(Chrf, EmptySidesScoreZeroWithoutAnError) {
  EXPECT_EQ(score("", {"abc"}), 0);
  EXPECT_EQ(score("abc", {""}), 0);
  EXPECT_EQ(score("", {""}), 0);
}

TEST(Chrf, ADraftForAnEmptyReferenceCostsNothing) {
  EXPECT_EQ(Chrf({}).statistics("abc", {""})[0], 0);
}

TEST(Chrf, NameAndSignatureContainTheOrders) {
  EXPECT_EQ(Chrf({}).name(), "chrF2");
  EXPECT_EQ(Chrf({.word_order = 2}).name(), "chrF2++");
  EXPECT_EQ(Chrf({.beta = 3}).name(), "chrF3");
  EXPECT_EQ(Chrf({}).signature(), "case:mixed|eff:yes|nc:6|nw:0|space:no");
  const ChrfOptions options{
      .char_order = 4, .word_order = 1, .lowercase = true, .whitespace = true, .eps_smoothing = true};
  EXPECT_EQ(Chrf(options).signature(), "case:lc|eff:no|nc:4|nw:1|space:yes");
}

}  // namespace
}  // namespace dragoman
