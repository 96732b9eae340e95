#include "evaluation/bleu.h"

#include <gtest/gtest.h>

#include <cmath>

namespace dragoman {
namespace {

Statistics statistics(const std::string& hypothesis, const StringList& references,
                      const BleuOptions& options = {}) {
  return Bleu(options).statistics(hypothesis, references);
}
double score(const std::string& hypothesis, const StringList& references, const BleuOptions& options = {}) {
  return Bleu(options).score(statistics(hypothesis, references, options));
}

TEST(Bleu, IdenticalTextIs100) {
  EXPECT_DOUBLE_EQ(score("the cat sat down", {"the cat sat down"}), 100);
}

TEST(Bleu, StatisticsAreLengthsMatchesAndTotals) {
  // a b c d e against a b x d e: unigrams 4 of 5, bigrams ab and de of 4, no trigram of 3, no 4-gram of 2.
  EXPECT_EQ(statistics("a b c d e", {"a b x d e"}), (Statistics{5, 5, 4, 2, 0, 0, 5, 4, 3, 2}));
}

TEST(Bleu, MatchesAreClippedToTheReference) {  // the example of Papineni et al. 2002, section 2.1
  const Statistics counts = statistics("the the the the the the the", {"the cat is on the mat"});
  EXPECT_EQ(counts[2], 2);
  EXPECT_EQ(counts[6], 7);
}

TEST(Bleu, MatchesAreClippedToTheReferenceThatHasMost) {
  EXPECT_EQ(statistics("a a a b", {"a", "a a b b"})[2], 3);  // a twice and b once
}

TEST(Bleu, ReferenceLengthIsTheClosestAndInATieTheShorter) {
  EXPECT_EQ(statistics("a b c", {"a", "a b c d", "a b c d e f"})[1], 4);
  EXPECT_EQ(statistics("a b c", {"a b c d", "a b"})[1], 2);
  EXPECT_EQ(statistics("a b c", {"a b", "a b c d"})[1], 2);
}

TEST(Bleu, ShortHypothesesPayTheBrevityPenalty) {
  // All precisions are 1.
  EXPECT_DOUBLE_EQ(score("a b c d", {"a b c d e f"}), 100 * std::exp(1 - 6.0 / 4.0));
  // Longer ones do not: 4 of 5, 3 of 4, 2 of 3, 1 of 2.
  EXPECT_NEAR(score("a b c d e", {"a b c d"}), 100 * std::pow(4 / 5. * 3 / 4. * 2 / 3. * 1 / 2., 0.25), 1e-9);
}

TEST(Bleu, ExponentialSmoothingHalvesForEachOrderWithoutAMatch) {
  // 4/5, 2/4, then 1/2 of a match of 3 and 1/4 of a match of 2.
  const double expected = 100 * std::pow(4 / 5. * 2 / 4. * 0.5 / 3 * 0.25 / 2, 0.25);
  EXPECT_NEAR(score("a b c d e", {"a b x d e"}), expected, 1e-9);
}

TEST(Bleu, FloorSmoothingReplacesZeroByItsValue) {
  const double expected = 100 * std::pow(4 / 5. * 2 / 4. * 0.1 / 3 * 0.1 / 2, 0.25);
  EXPECT_NEAR(score("a b c d e", {"a b x d e"}, {.smooth_method = SmoothMethod::kFloor}), expected, 1e-9);
  const double with_value = 100 * std::pow(4 / 5. * 2 / 4. * 0.3 / 3 * 0.3 / 2, 0.25);
  EXPECT_NEAR(score("a b c d e", {"a b x d e"}, {.smooth_method = SmoothMethod::kFloor, .smooth_value = 0.3}),
              with_value, 1e-9);
}

TEST(Bleu, AddKSmoothingAddsToAllOrdersExceptTheFirst) {
  const double expected = 100 * std::pow(4 / 5. * 3 / 5. * 1 / 4. * 1 / 3., 0.25);
  EXPECT_NEAR(score("a b c d e", {"a b x d e"}, {.smooth_method = SmoothMethod::kAddK}), expected, 1e-9);
}

TEST(Bleu, WithoutSmoothingAnOrderWithoutAMatchMakesItZero) {
  EXPECT_EQ(score("a b c d e", {"a b x d e"}, {.smooth_method = SmoothMethod::kNone}), 0);
}

TEST(Bleu, NoMatchAtAllIsZeroWithAnySmoothing) {
  for (const SmoothMethod method :
       {SmoothMethod::kExp, SmoothMethod::kFloor, SmoothMethod::kAddK, SmoothMethod::kNone}) {
    EXPECT_EQ(score("x y z w v", {"a b c d e"}, {.smooth_method = method}), 0) << name_of(method);
  }
}

TEST(Bleu, EmptySidesScoreZeroWithoutAnError) {
  EXPECT_EQ(score("", {"a b c d"}), 0);
  EXPECT_EQ(score("a b c d", {""}), 0);
  EXPECT_EQ(score("", {""}), 0);
  EXPECT_EQ(Bleu({}).verbose(statistics("", {""})),
            "0.0/0.0/0.0/0.0 (BP = 1.000 ratio = 0.000 hyp_len = 0 ref_len = 0)");
}

TEST(Bleu, TextOfFewerThanFourWordsIsZeroBecauseItHasNo4Grams) {
  EXPECT_EQ(score("a b c", {"a b c"}), 0);
}

TEST(Bleu, CaseCountsUnlessLowercaseIsSet) {
  EXPECT_EQ(score("A B C D", {"a b c d"}), 0);
  EXPECT_DOUBLE_EQ(score("A B C Ä", {"a b c ä"}, {.lowercase = true}), 100);
}

TEST(Bleu, VerboseGivesPrecisionsPenaltyAndLengths) {
  EXPECT_EQ(Bleu({}).verbose(statistics("a b c d", {"a b c d e"})),
            "100.0/100.0/100.0/100.0 (BP = 0.779 ratio = 0.800 hyp_len = 4 ref_len = 5)");
}

TEST(Bleu, SignatureNamesTheOptions) {
  EXPECT_EQ(Bleu({}).signature(), "case:mixed|eff:no|tok:13a|smooth:exp");
  const BleuOptions options{
      .tokenize = Tokenization::kChar, .lowercase = true, .smooth_method = SmoothMethod::kFloor};
  EXPECT_EQ(Bleu(options).signature(), "case:lc|eff:no|tok:char|smooth:floor[0.10]");
  EXPECT_EQ(Bleu({.smooth_method = SmoothMethod::kAddK, .smooth_value = 0.5}).signature(),
            "case:mixed|eff:no|tok:13a|smooth:add-k[0.50]");
}

TEST(Bleu, AnUnknownTokenizerOrSmoothingIsAUsageError) {}

}  // namespace
}  // namespace dragoman
