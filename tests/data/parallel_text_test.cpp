#include "data/parallel_text.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <zlib.h>

#include <fstream>
#include <thread>

#include "core/error.h"
#include "core/files.h"
#include "tests/support/test_data.h"

namespace dragoman {
namespace {

class ParallelText : public testing::Test {
 protected:
  TextPairs read(const std::string& source, const std::string& target) {
    return read_parallel_text({{folder_.write("a.en", source)}, {folder_.write("a.de", target)}, {}},
                              report_);
  }
  TextPairs read_tabs(const std::string& text) {
    return read_parallel_text({{}, {}, {folder_.write("a.tsv", text)}}, report_);
  }
  template <typename ErrorType = DataError, typename Call>
  void expect_error(const Call& call, const std::vector<std::string>& parts) {
    try {
      call();
      ADD_FAILURE() << "expected an error";
    } catch (const ErrorType& error) {
      for (const std::string& part : parts) {
        EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << part << " in: " << error.what();
      }
    }
  }
  std::string place(const std::string& name, int line) const {
    return folder_.path(name) + ":" + std::to_string(line);
  }

  TemporaryFolder folder_;
  CorpusReport report_;
};

std::string repeated(const std::string& text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST_F(ParallelText, PairsLineWithLine) {
  const TextPairs pairs = read("one\ntwo\r\n", "eins\nzwei");
  EXPECT_EQ(pairs.source, (std::vector<std::string>{"one", "two"}));
  EXPECT_EQ(pairs.target, (std::vector<std::string>{"eins", "zwei"}));
  EXPECT_EQ(report_.read, 2);
  EXPECT_EQ(report_.kept, 2);
  EXPECT_EQ(pairs.place(1), place("a.en", 2));
}

TEST_F(ParallelText, ReadsSeveralFilesOfAnyKindInOrder) {
  const std::string packed = folder_.path("c.de.gz");
  const gzFile file = gzopen(packed.c_str(), "wb");
  gzputs(file, "drei\n");
  gzclose(file);
  const TextPairs pairs =
      read_parallel_text({{folder_.write("b.en", "one\ntwo\n"), folder_.write("c.en", "three\n")},
                          {folder_.write("b.de", "eins\nzwei\n"), packed},
                          {folder_.write("d.tsv", "four\tvier\n")}},
                         report_);
  EXPECT_EQ(pairs.source, (std::vector<std::string>{"one", "two", "three", "four"}));
  EXPECT_EQ(pairs.target, (std::vector<std::string>{"eins", "zwei", "drei", "vier"}));
  EXPECT_EQ(pairs.place(2), place("c.en", 1));
  EXPECT_EQ(pairs.place(3), place("d.tsv", 1));
  EXPECT_EQ(report_.read, 4);
}

TEST_F(ParallelText, ReplacesInvalidUtf8AndCountsTheLines) {
  const TextPairs pairs = read("a\xFF\xFE\nb\n", "c\nd\xC3\n");
  EXPECT_EQ(pairs.source[0], "a\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(pairs.target[1], "d\xEF\xBF\xBD");
  EXPECT_EQ(report_.count(CorpusIssue::kInvalidUtf8), 2);
  EXPECT_EQ(report_.examples(CorpusIssue::kInvalidUtf8),
            (std::vector<std::string>{place("a.en", 1), place("a.de", 2)}));
  EXPECT_EQ(report_.kept, 2);
}

TEST_F(ParallelText, DropsABlankSideAndNamesTheLineThatIsBlank) {
  const TextPairs pairs = read(repeated("x\n", 38) + " \t\ny\n", repeated("u\n", 38) + "v\n\xE3\x80\x80\n");
  EXPECT_EQ(pairs.size(), 38);
  EXPECT_EQ(report_.count(CorpusIssue::kOneSideBlank), 2);
  EXPECT_EQ(report_.examples(CorpusIssue::kOneSideBlank),
            (std::vector<std::string>{place("a.en", 39), place("a.de", 40)}));
  EXPECT_EQ(report_.kept, 38);
  EXPECT_EQ(report_.read, 40);
}

TEST_F(ParallelText, CountsASideOfInvisibleCharactersAsBlank) {
  // A zero-width space, controls, a direction mark, a byte-order mark and invalid bytes.
  const std::string invisible = "\xE2\x80\x8B\n\x01\x02\n\xE2\x80\x8F\n \xEF\xBB\xBF\n\xFF\xFE\n";
  read(repeated("x\n", 95) + repeated("y\n", 5), repeated("u\n", 95) + invisible);
  EXPECT_EQ(report_.count(CorpusIssue::kOneSideBlank), 5);
  EXPECT_EQ(report_.examples(CorpusIssue::kOneSideBlank)[0], place("a.de", 96));
  EXPECT_EQ(report_.kept, 95);
  expect_error([&] { read(repeated("x\n", 10), repeated("\xE2\x80\x8B\n", 10)); }, {"a.de", "10"});
}

TEST_F(ParallelText, DropsAnyNumberOfPairsThatAreBlankOnBothSides) {
  const TextPairs pairs = read("a\n\n \nb\n", "c\n\n\nd\n");
  EXPECT_EQ(pairs.size(), 2);
  EXPECT_EQ(pairs.place(1), place("a.en", 4));
  EXPECT_EQ(report_.count(CorpusIssue::kBothSidesBlank), 2);
  EXPECT_EQ(report_.examples(CorpusIssue::kBothSidesBlank)[0], place("a.en", 2));
}

TEST_F(ParallelText, RefusesFilesWithMoreThanOnePairInTwentyBlankOnOneSide) {
  // 2 of 40 are allowed (the test above), 3 are not.
  expect_error([&] { read(repeated("x\n", 36) + "\n\n\ny\n", repeated("u\n", 40)); },
               {place("a.en", 37), "a.de", "37 of 40", "shifted"});
}

TEST_F(ParallelText, ChecksEachFilePairSeparately) {
  const std::string good = folder_.write("good.en", repeated("x\n", 1000));
  const std::string bad = folder_.write("bad.en", "\n\ny\n"), target = folder_.write("bad.de", "u\nu\nu\n");
  expect_error(
      [&] {
        read_parallel_text({{good, bad}, {good, target}, {}}, report_);
      },
      {place("bad.en", 1), "1 of 3"});
}

TEST_F(ParallelText, RefusesSidesOfUnequalLengthNamingBothCounts) {
  expect_error([&] { read("a\nb\nc\n", "d\ne\n"); }, {folder_.path("a.en"), folder_.path("a.de"), "3 and 2"});
  expect_error([&] { read("a\n", "d\ne\nf\ng\n"); }, {"1 and 4"});
  expect_error([&] { read("", "d\n"); }, {"0 and 1"});
}

TEST_F(ParallelText, NamesTheFlagsOfTheCommand) {
  ParallelFiles files = {{"a"}, {}, {}, {"--source", "--target", "--pairs"}};
  expect_error<UsageError>([&] { read_parallel_text(files, report_); },
                           {"[--source]", "--target, got 1 and 0"});
}

TEST_F(ParallelText, RefusesUtf16) {
  expect_error(
      [&] {
        read("a\n", std::string("\xFF\xFE"
                                "d\0\n\0",
                                6));
      },
      {place("a.de", 1), "UTF-16"});
  expect_error([&] { read_tabs(std::string("\xFE\xFF\0a\0\t\0b\0\n", 10)); }, {place("a.tsv", 1), "UTF-16"});
}

TEST_F(ParallelText, RefusesACorpusWithNoPairLeft) {
  expect_error([&] { read("", ""); }, {folder_.path("a.en"), folder_.path("a.de"), "got none"});
  expect_error([&] { read("\n\n", "\n \n"); }, {"got none"});
  expect_error([&] { read_tabs(""); }, {folder_.path("a.tsv"), "got none"});
}

TEST_F(ParallelText, NamesAMissingFile) {
  const std::string missing = folder_.path("missing.de");
  expect_error(
      [&] {
        read_parallel_text({{folder_.write("a.en", "a\n")}, {missing}, {}}, report_);
      },
      {missing, "No such file"});
}

TEST_F(ParallelText, SplitsATabSeparatedLineAtItsTab) {
  const TextPairs pairs = read_tabs("one\teins\n two \t zwei \n\nthree\tdrei\n");
  EXPECT_EQ(pairs.source, (std::vector<std::string>{"one", " two ", "three"}));
  EXPECT_EQ(pairs.target, (std::vector<std::string>{"eins", " zwei ", "drei"}));
  EXPECT_EQ(pairs.place(2), place("a.tsv", 4));
  EXPECT_EQ(report_.count(CorpusIssue::kBothSidesBlank), 1);
}

TEST_F(ParallelText, CountsAFewLinesWithoutATab) {
  const TextPairs pairs = read_tabs(repeated("a\tb\n", 38) + "no tab\nnone\n");
  EXPECT_EQ(pairs.size(), 38);
  EXPECT_EQ(report_.count(CorpusIssue::kWithoutTab), 2);
  EXPECT_EQ(report_.examples(CorpusIssue::kWithoutTab),
            (std::vector<std::string>{place("a.tsv", 39), place("a.tsv", 40)}));
}

TEST_F(ParallelText, ReadsTheFirstTwoOfMoreColumnsAndCountsTheLines) {
  const TextPairs pairs = read_tabs("one\teins\tCC-BY\ntwo\tzwei\nthree\tdrei\t\t1\n");
  EXPECT_EQ(pairs.source, (std::vector<std::string>{"one", "two", "three"}));
  EXPECT_EQ(pairs.target, (std::vector<std::string>{"eins", "zwei", "drei"}));
  EXPECT_EQ(report_.count(CorpusIssue::kMoreColumns), 2);
  EXPECT_EQ(report_.examples(CorpusIssue::kMoreColumns),
            (std::vector<std::string>{place("a.tsv", 1), place("a.tsv", 3)}));
}

TEST_F(ParallelText, RefusesATabSeparatedFileWithManyLinesWithoutATab) {
  expect_error([&] { read_tabs("a\tb\none\ntwo\n"); },
               {place("a.tsv", 2), "a source, a tab and a target", "1 of 3"});
  expect_error([&] { read_tabs("a\tb\n\tc\nd\t\n"); }, {place("a.tsv", 2), "both sides", "1 of 3"});
}

TEST_F(ParallelText, RefusesListsOfFilesThatDoNotMatch) {
  const std::string file = folder_.write("a.en", "a\n");
  expect_error<UsageError>([&] { read_parallel_text({{file, file}, {file}, {}}, report_); }, {"2 and 1"});
  expect_error<UsageError>([&] { read_parallel_text({}, report_); }, {"got none"});
  expect_error<UsageError>(
      [&] {
        read_parallel_text({{"-"}, {"-"}, {}}, report_);
      },
      {"standard input", "2 times"});
}

TEST_F(ParallelText, AppendsPairsWithTheirOrigin) {
  const TextPairs all = read("a\nb\nc\n", "x\ny\nz\n");
  TextPairs some;
  for (const int64_t i : {2, 0}) some.append(all.at(i));
  EXPECT_EQ(some.source, (std::vector<std::string>{"c", "a"}));
  EXPECT_EQ(some.target, (std::vector<std::string>{"z", "x"}));
  EXPECT_EQ(some.place(0), place("a.en", 3));
}

TEST_F(ParallelText, CanBeReadRepeatedly) {
  RepeatableText text({{folder_.write("a.en", "a\n\nb\n")}, {folder_.write("a.de", "x\n\ny\n")}, {}});
  for (int pass = 0; pass < 3; ++pass) {
    CorpusReport report;
    std::string seen;
    text.visit(report, [&](const VisitedPair& pair) { seen += pair.source + pair.target + " "; });
    EXPECT_EQ(seen, "ax by ");
    EXPECT_EQ(report.read, 3);
    EXPECT_EQ(report.kept, 2);
  }
}

TEST_F(ParallelText, OfAPipeCanBeReadRepeatedly) {
  const std::string pipe = folder_.path("pipe");
  ASSERT_EQ(mkfifo(pipe.c_str(), 0600), 0);
  std::thread writer([&] { std::ofstream(pipe) << "a\tx\nb\ty\n"; });
  RepeatableText text({{}, {}, {pipe}});
  for (int pass = 0; pass < 2; ++pass) {
    CorpusReport report;
    std::string seen;
    text.visit(report, [&](const VisitedPair& pair) { seen += pair.place() + pair.target + " "; });
    EXPECT_EQ(seen, place("pipe", 1) + "x " + place("pipe", 2) + "y ");
    EXPECT_EQ(report.kept, 2);
  }
  writer.join();
}

TEST_F(ParallelText, ThatChangesBetweenTwoReadsIsRefused) {
  RepeatableText text({{}, {}, {folder_.write("a.tsv", "a\tx\nb\ty\n")}});
  const auto pass = [&] { text.visit(report_, [](const VisitedPair&) {}); };
  pass();
  folder_.write("a.tsv", "a\tx\n");
  expect_error(pass, {"a.tsv", "2 pairs and then 1"});
}

TEST(ParallelTextOnRealData, KeepsEveryPairOfMulti30k) {
  const std::string folder = test_data("data/multi30k/raw");
  if (folder.empty()) GTEST_SKIP() << needs_test_data("data/multi30k/raw");
  CorpusReport report;
  const TextPairs pairs =
      read_parallel_text({{folder + "/train.en.gz"}, {folder + "/train.de.gz"}, {}}, report);
  EXPECT_EQ(pairs.size(), 29'000);
  EXPECT_EQ(report.lines().size(), 1u);
}

}  // namespace
}  // namespace dragoman
