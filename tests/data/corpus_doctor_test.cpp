#include "data/corpus_doctor.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

class CorpusDoctor : public testing::Test {
 protected:
  // Some valid pairs, then these.
  Diagnosis diagnosis_of(const std::string& source, const std::string& target) {
    std::string sound_source, sound_target;
    for (int i = 0; i < kSound; ++i) {
      sound_source += "A sentence of number " + std::to_string(i) + ".\n";
      sound_target += "Ein Satz der Nummer " + std::to_string(i) + ".\n";
    }
    options_.text = {
        {folder_.write("a.en", sound_source + source)}, {folder_.write("a.de", sound_target + target)}, {}};
    return diagnose(options_, std::nullopt);
  }
  StringList places(const std::string& name, const std::vector<int>& lines) const {
    StringList result;
    for (const int line : lines) result.push_back(folder_.path(name) + ":" + std::to_string(kSound + line));
    return result;
  }
  void expect_one(const Diagnosis& diagnosis, CorpusIssue issue, const StringList& examples) {
    EXPECT_EQ(diagnosis.report.examples(issue), examples);
    EXPECT_EQ(diagnosis.report.findings().size(), 1u) << diagnosis.report.lines().back();
    EXPECT_TRUE(diagnosis.complaints.empty());
  }

  static constexpr int kSound = 100;
  TemporaryFolder folder_;
  DoctorOptions options_;
};

TEST_F(CorpusDoctor, FindsNothingInValidText) {
  const Diagnosis diagnosis = diagnosis_of("", "");
  EXPECT_EQ(diagnosis.report.findings().size(), 0u);
  EXPECT_TRUE(diagnosis.complaints.empty());
  EXPECT_EQ(diagnosis.report.read, kSound);
  EXPECT_EQ(diagnosis.report.kept, kSound);
}

TEST_F(CorpusDoctor, FindsLineSeparatorsOfOtherPrograms) {
  for (const char* separator : {"\r", "\v", "\f", "\x1C", "\x1E", "\xC2\x85", "\xE2\x80\xA8", "\xE2\x80\xA9"})
    expect_one(diagnosis_of("one\n", std::string("eins") + separator + "zwei\n"), CorpusIssue::kLineSeparator,
               places("a.de", {1}));
}

TEST_F(CorpusDoctor, AcceptsCharactersThatAreNoLineSeparators) {
  // NBSP, a no-break hyphen, an e with a grave accent, a CR before the line feed.
  EXPECT_EQ(diagnosis_of("a\xC2\xA0z\xE2\x80\x91\n", "\xC3\xA8 \xE2\x82\xAC\r\n").report.findings().size(),
            0u);
}

TEST_F(CorpusDoctor, FindsDuplicatePairs) {
  expect_one(diagnosis_of("one\none\none\ntwo\n", "eins\neine\neins\neins\n"), CorpusIssue::kDuplicate,
             places("a.en", {3}));
  // The hash is not that of the joined sides.
  EXPECT_EQ(diagnosis_of("ab\na\n", "c\nbc\n").report.findings().size(), 0u);
}

TEST_F(CorpusDoctor, FindsCopiesOfTheSource) {
  expect_one(diagnosis_of("OK\nBerlin\n", "O.K.\nBerlin\n"), CorpusIssue::kCopy, places("a.en", {2}));
}

TEST_F(CorpusDoctor, FindsLengthsThatAreUnusualInThisText) {
  const std::string long_text(100, 'x'), longer(200, 'y'), longest(500, 'z');
  expect_one(diagnosis_of(long_text + "\n" + long_text + "\nno\n" + longest + "\n",
                          longer + "\n" + longest + "\n0123456789012345678901234567890\n" + longer + "\n"),
             CorpusIssue::kUnusualRatio, places("a.en", {2}));
}

TEST_F(CorpusDoctor, ComparesLengthRatiosWithTheUsualOne) {
  std::string source, target;
  for (int i = 0; i < 300; ++i) {
    source += std::string(static_cast<size_t>(40 + i), 'x') + "\n";
    target += std::string(static_cast<size_t>(5 * (40 + i)), 'y') + "\n";
  }
  // The valid pairs, with sides of the same length, are now the unusual ones. 20 of 300 sources are too short
  // to count as unusual.
  const Diagnosis diagnosis = diagnosis_of(source, target);
  EXPECT_EQ(diagnosis.report.count(CorpusIssue::kUnusualRatio), kSound);
  EXPECT_EQ(
      diagnosis.report.examples(CorpusIssue::kUnusualRatio),
      (StringList{folder_.path("a.en") + ":1", folder_.path("a.en") + ":2", folder_.path("a.en") + ":3"}));
}

TEST_F(CorpusDoctor, FindsAndCountsSourcesOfTheValidationAndTestText) {
  options_.valid = {{folder_.write("v.en", "seen\nnew\n")}, {folder_.write("v.de", "a\nb\n")}, {}};
  options_.test.pairs = {folder_.write("t.tsv", "other\tc\nthird\td\nseen\te\nfourth\tf\n")};
  const Diagnosis diagnosis = diagnosis_of("seen\nseen\nother\n", "x\ny\nz\n");
  const StringList here = places("a.en", {1, 2, 3});
  EXPECT_EQ(diagnosis.report.examples(CorpusIssue::kInValidation),
            (StringList{here[0] + " = " + folder_.path("v.en") + ":1",
                        here[1] + " = " + folder_.path("v.en") + ":1"}));
  EXPECT_EQ(diagnosis.report.count(CorpusIssue::kInTest), 3);
  EXPECT_EQ(diagnosis.valid->sources, 2);
  EXPECT_EQ(diagnosis.valid->met, 1);
  EXPECT_EQ(diagnosis.test->sources, 4);
  EXPECT_EQ(diagnosis.test->met, 2);
}

TEST_F(CorpusDoctor, ComplainsWhereTrainWouldRefuseAndReadsOn) {
  const std::string short_target = folder_.write("b.de", "b\n"), blank = folder_.write("c.de", "\n\nc\n");
  const std::string three = folder_.write("b.en", "a\nb\nc\n");
  const std::string utf16 = folder_.write("d.en", std::string("\xFF\xFE"
                                                              "d\0\n\0",
                                                              6));
  const std::string no_tab = folder_.write("e.tsv", "one\ntwo\n"), good = folder_.write("f.tsv", "a\tb\n");
  options_.text = {{three, three, utf16}, {short_target, blank, short_target}, {no_tab, good}};
  const Diagnosis diagnosis = diagnose(options_, std::nullopt);
  ASSERT_EQ(diagnosis.complaints.size(), 4u);
  const auto complaint = [&](size_t i) { return std::string(diagnosis.complaints[i].what()); };
  EXPECT_NE(complaint(0).find("3 and 1"), std::string::npos) << complaint(0);
  EXPECT_NE(complaint(1).find("1 of 3"), std::string::npos) << complaint(1);
  EXPECT_NE(complaint(2).find("UTF-16"), std::string::npos) << complaint(2);
  EXPECT_NE(complaint(3).find("tab"), std::string::npos) << complaint(3);
  EXPECT_EQ(diagnosis.report.kept, 3);  // one pair of each of the first two, and the last
  EXPECT_FALSE(diagnosis.json()["trustworthy"].get<bool>());
}

TEST_F(CorpusDoctor, AMissingFileIsAnErrorAtOnce) {
  options_.text.pairs = {folder_.path("none.tsv")};
  EXPECT_THROW(diagnose(options_, std::nullopt), DataError);
}

TEST_F(CorpusDoctor, NamesTheRequestedNumberOfPlaces) {
  options_.max_examples = 5;
  const Diagnosis diagnosis = diagnosis_of("o\no\no\no\no\no\no\n", "e\ne\ne\ne\ne\ne\ne\n");
  EXPECT_EQ(diagnosis.report.examples(CorpusIssue::kDuplicate), places("a.en", {2, 3, 4, 5, 6}));
  const auto finding = diagnosis.json()["findings"][0];
  EXPECT_EQ(finding["name"], "duplicate");
  EXPECT_EQ(finding["count"], 6);
  EXPECT_EQ(finding["examples"].size(), 5u);
}

TEST_F(CorpusDoctor, WithATokenizerCountsUnknownTokensAndPairsThatTrainWouldDrop) {
  const TrainedTokenizer trained = train_on(sample_lines(200, 1), small_tokenizer_options("unigram", 60));
  const Tokenizer tokenizer = Tokenizer::from_bytes(trained.model, vocabulary_of(trained.model, "t"), "t");
  const std::string known = sample_lines(1, 1)[0];
  std::string text;
  for (int i = 0; i < 30; ++i) text += known + " ";
  options_.corpus.max_train_length = 60;
  options_.text.pairs = {folder_.write("a.tsv", known + "\t" + known + "\n" + known + "\t" + known +
                                                    " \xE2\x98\x83\n" + text + "\t" + known + "\n")};
  const Diagnosis diagnosis = diagnose(options_, DoctorTokenizers{tokenizer, tokenizer});
  EXPECT_EQ(diagnosis.source->unknown, 0);
  EXPECT_EQ(diagnosis.target->unknown, 1);
  EXPECT_EQ(diagnosis.target->tokens, 3 * static_cast<int64_t>(tokenizer.encode(known).size()) +
                                          static_cast<int64_t>(tokenizer.encode("\xE2\x98\x83").size()));
  EXPECT_EQ(diagnosis.report.examples(CorpusIssue::kUnknownCharacters),
            StringList{folder_.path("a.tsv") + ":2"});
  EXPECT_EQ(diagnosis.report.count(CorpusIssue::kTooLong), 1);
  EXPECT_EQ(diagnosis.report.kept, 2);
}

TEST_F(CorpusDoctor, TheQuickFormFindsTheSame) {
  CorpusReport reading, report;
  const TextPairs train =
      read_parallel_text({{}, {}, {folder_.write("a.tsv", "a\tb\na\tb\nc\tc\nd\te\n")}}, reading);
  HeldOutSources valid;
  valid.add("d", folder_.path("v.tsv") + ":1");
  PairExaminer examiner(report);
  examiner.hold_out(CorpusIssue::kInValidation, valid);
  for (int64_t i = 0; i < train.size(); ++i) examiner.examine(train.at(i));
  EXPECT_EQ(report.examples(CorpusIssue::kDuplicate), StringList{folder_.path("a.tsv") + ":2"});
  EXPECT_EQ(report.examples(CorpusIssue::kCopy), StringList{folder_.path("a.tsv") + ":3"});
  EXPECT_EQ(report.examples(CorpusIssue::kInValidation),
            StringList{folder_.path("a.tsv") + ":4 = " + folder_.path("v.tsv") + ":1"});
}

TEST_F(CorpusDoctor, RemembersPairsUpToItsLimit) {
  CorpusReport reading, report;
  const TextPairs train =
      read_parallel_text({{}, {}, {folder_.write("a.tsv", "a\tb\na\tb\nc\td\na\tb\n")}}, reading);
  PairExaminer examiner(report, 2);
  for (int64_t i = 0; i < train.size(); ++i) examiner.examine(train.at(i));
  EXPECT_EQ(report.examples(CorpusIssue::kDuplicate), StringList{folder_.path("a.tsv") + ":2"});
}

}  // namespace
}  // namespace dragoman
