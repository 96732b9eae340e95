// uses: torch
#include "decoding/translator.h"

#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "core/files.h"
#include "core/lines.h"
#include "core/utf8.h"
#include "decoding/folder_ids.h"
#include "decoding/torch/engine_factory.h"
#include "tests/support/small_model.h"
#include "tests/support/test_data.h"

namespace dragoman {
namespace {

using Lines = std::vector<std::string>;

// Short outputs keep the tests short.
TranslateOptions brief(int64_t beam_size = 1, int64_t max_length = 6) {
  TranslateOptions options;
  options.search.beam_size = beam_size;
  options.search.max_length = max_length;
  return options;
}

Lines unusual_lines() {
  return {"",
          " ",
          " \t \xC2\xA0 \xE3\x80\x80",
          "\r",
          "ba\rke",
          std::string("ba\0ke", 5),
          std::string("\0", 1),
          "ba ke\xE2\x80\xA8lo mi",  // U+2028
          "ba ke\xC2\x85lo mi",      // U+0085
          "\xE2\x80\xA8",
          "\xFF\xFE",
          "ba \xC3( ke \xF0\x9F\x98",  // truncated and ill-formed sequences
          "\xED\xA0\x80",              // a surrogate
          "👩‍👩‍👧‍👦 🏳️‍🌈",
          "שלום עולם مرحبا",
          "to\xCC\x88r",  // NFD
          "</s> <pad> <unk> >>de<<",
          "ba ke ||| lo",
          std::string(100'000, 'b'),
          "ba."};
}

Lines texts(const std::vector<Translation>& translations) {
  Lines all;
  for (const auto& translation : translations) all.push_back(translation.text());
  return all;
}

// Over the model in memory, whose weights a test may change.
Translator translator_of(const LoadedModelFolder& folder, const TranslateOptions& options) {
  return {folder, options, engine_over(folder.model)};
}

void expect_lines(const std::vector<Translation>& translations, size_t count) {
  ASSERT_EQ(translations.size(), count);
  for (const auto& translation : translations) {
    ASSERT_FALSE(translation.candidates.empty());
    for (const auto& candidate : translation.candidates) {
      EXPECT_EQ(candidate.text.find_first_of("\n\r"), std::string::npos);
      EXPECT_TRUE(is_valid_utf8(candidate.text));
    }
  }
}

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

TEST(Translator, GivesOneTranslationForEachUnusualLine) {
  const Translator translator = translator_of(small_folder(), brief(2, 3));
  const auto results = translator.translate(unusual_lines());
  expect_lines(results, unusual_lines().size());
  for (size_t i = 0; i < results.size(); ++i) {
    std::string line = unusual_lines()[i];
    replace_invalid_utf8(line);
    // A line that SentencePiece normalises to nothing (such as U+FFFD alone) is also empty.
    const bool nothing = is_blank(line) || translator.folder().tokenizers.source.encode(line).empty();
    EXPECT_EQ(results[i].status == TranslationStatus::kEmpty, nothing) << "line " << i;
  }
  EXPECT_TRUE(translator.translate({}).empty());
}

TEST(Translator, GivesOneTranslationForEachLineOfUnusualFiles) {
  const std::string folder = test_data("data/nasty");
  if (folder.empty()) GTEST_SKIP() << needs_test_data("data/nasty");
  const Translator translator = translator_of(small_folder(), brief(1, 2));
  int files = 0;
  for (const auto& name : list_folder(folder)) {
    if (name.size() < 4 || name.substr(name.size() - 4) != ".txt") continue;
    LineReader reader(join_path(folder, name));
    Lines lines;
    try {
      for (std::string line; reader.next(line);) lines.push_back(line);
    } catch (const NotTextError&) {
      continue;  // one of them has a NUL byte, and is refused by its name
    }
    ASSERT_FALSE(lines.empty()) << name;
    expect_lines(translator.translate(lines), lines.size());
    ++files;
  }
  EXPECT_GT(files, 0);
}

TEST(Translator, KeepsTheOrderOfTheLines) {
  const Translator translator = translator_of(small_folder(), brief(2, 10));
  const Lines lines = sample_lines(40, 7);
  const Lines together = texts(translator.translate(lines));
  for (size_t i = 0; i < lines.size(); ++i)
    EXPECT_EQ(together[i], translator.translate({lines[i]})[0].text()) << lines[i];
  EXPECT_GT(std::set<std::string>(together.begin(), together.end()).size(), 3u);
}

TEST(Translator, TextDoesNotDependOnMaxTokens) {
  Lines expected;
  for (const int64_t max_tokens : {4096, 1, 40, 300}) {
    TranslateOptions options = brief(3, 10);
    options.max_tokens = max_tokens;
    const Lines given = texts(translator_of(small_folder(), options).translate(sample_lines(40, 8)));
    if (expected.empty()) expected = given;
    EXPECT_EQ(given, expected) << "max_tokens " << max_tokens;
  }
}

TEST(Translator, ReportsOkWhenTheModelEndedTheLine) {
  TranslateOptions options = brief();
  options.search.min_length = 1;
  const Translator translator = translator_of(small_folder({.end_bias = 100}), options);
  const Translation result = translator.translate({"ba ke lo."})[0];
  EXPECT_EQ(status_name(result.status), "ok");
  EXPECT_EQ(result.pieces, 1);
  EXPECT_EQ(result.candidates[0].tokens, 1);
  EXPECT_LT(result.candidates[0].log_probability, 0);
}

TEST(Translator, ReportsEmptyForALineOfWhiteSpace) {
  const Translation result = translator_of(small_folder(), brief()).translate({"  \xE2\x80\xA8 "})[0];
  EXPECT_EQ(status_name(result.status), "empty");
  ASSERT_EQ(result.candidates.size(), 1u);
  EXPECT_EQ(result.text(), "");
}

TEST(Translator, ReportsTruncatedAtTheLengthLimit) {
  const Translation result =
      translator_of(small_folder({.end_bias = -1000}), brief()).translate({"ba ke"})[0];
  EXPECT_EQ(status_name(result.status), "truncated");
  EXPECT_EQ(result.candidates[0].tokens, 6);
}

TEST(Translator, ReportsSplitAndRejoinsALineThatIsTooLong) {
  TranslateOptions options = brief();
  options.max_source_length = 8;
  const Translator translator = translator_of(small_folder({.end_bias = 3}), options);
  std::string line;
  for (const auto& sentence : sample_lines(6)) line += sentence + " ";
  const Translation result = translator.translate({"ba", line, "ke"})[1];
  EXPECT_GT(result.pieces, 5);
  EXPECT_TRUE(result.status == TranslationStatus::kSplit || result.status == TranslationStatus::kTruncated);
  TranslateOptions roomy = brief();
  const Translation whole = translator_of(small_folder({.end_bias = 3}), roomy).translate({line})[0];
  EXPECT_EQ(whole.pieces, 1);

  TranslateOptions ending = options;
  ending.search.min_length = 1;
  const Translation ended = translator_of(small_folder({.end_bias = 100}), ending).translate({line})[0];
  EXPECT_EQ(status_name(ended.status), "split");
}

// The translation of a line that is split between words is that of its parts, joined by a space.
TEST(Translator, ALineInPiecesIsTheTranslationOfItsPieces) {
  const LoadedModelFolder folder = small_folder();
  const Tokenizer& tokenizer = folder.tokenizers.source;
  const Lines parts = {sample_lines(3)[0], sample_lines(3)[1]};
  const auto first = static_cast<int64_t>(tokenizer.encode(parts[0]).size()),
             both = static_cast<int64_t>(tokenizer.encode(parts[0] + " " + parts[1]).size());
  ASSERT_LT(both - first, first) << "the second must fit into one piece";
  TranslateOptions options = brief(1, 8);
  options.max_source_length = first + 1;  // and </s>
  const Translator translator = translator_of(folder, options);
  const Lines separate = texts(translator.translate(parts));
  const Translation joined = translator.translate({parts[0] + " " + parts[1]})[0];
  EXPECT_EQ(joined.pieces, 2);
  EXPECT_EQ(joined.text(), separate[0] + " " + separate[1]);
}

TEST(Translator, SplitsParagraphsIntoSentences) {
  TranslateOptions options = brief(2, 8);
  options.split_sentences = true;
  const Translator translator = translator_of(small_folder(), options);
  const Lines separate = texts(translator.translate({"Ba ke lo.", "Mi nu!"}));
  const Translation joined = translator.translate({"Ba ke lo.  Mi nu!"})[0];
  EXPECT_EQ(joined.pieces, 2);
  EXPECT_EQ(joined.text(), separate[0] + " " + separate[1]);
}

TEST(Translator, CountsInvalidUtf8) {
  const auto results = translator_of(small_folder(), brief()).translate({"ba \xFF ke \xC3(", "ba"});
  EXPECT_EQ(results[0].replaced_bytes, 2);
  EXPECT_EQ(results[1].replaced_bytes, 0);
}

TEST(Translator, ALanguageIsACodeBeforeEachLine) {
  const SmallFolderOptions two_languages{.language_codes = {">>de<<", ">>fr<<"}};
  const Lines lines = sample_lines(5),
              bare = texts(translator_of(small_folder(two_languages), brief()).translate(lines));
  TranslateOptions options = brief();
  options.target_language = "de";
  const Translator german = translator_of(small_folder(two_languages), options);
  Lines typed;
  for (const auto& line : lines) typed.push_back(">>de<< " + line);
  EXPECT_EQ(texts(german.translate(lines)),
            texts(translator_of(small_folder(two_languages), brief()).translate(typed)));
  EXPECT_NE(texts(german.translate(lines)), bare);
  // A code in the line takes precedence over the flag.
  options.target_language = "fr";
  const Translator french = translator_of(small_folder(two_languages), options);
  EXPECT_NE(texts(french.translate(lines)), texts(german.translate(lines)));
  EXPECT_EQ(texts(french.translate(typed)), texts(german.translate(lines)));
}

TEST(Translator, AnUnknownLanguageIsAUsageErrorNamingTheKnownOnes) {
  TranslateOptions options = brief();
  options.target_language = "xx";
  const LoadedModelFolder two_languages = small_folder({.language_codes = {">>de<<", ">>fr<<"}});
  const std::string message = message_of([&] { translator_of(two_languages, options); });
  EXPECT_NE(message.find("--target-language"), std::string::npos);
  EXPECT_NE(message.find("de, fr"), std::string::npos);
  EXPECT_NE(message.find("'xx'"), std::string::npos);
  EXPECT_NE(message_of([&] { translator_of(small_folder(), options); }).find("one target"),
            std::string::npos);
}

TEST(Translator, RefusesAnNBestAboveTheBeamSize) {
  TranslateOptions options = brief(2);
  options.search.n_best = 3;
  EXPECT_NE(message_of([&] { translator_of(small_folder(), options); }).find("--n-best"), std::string::npos);
}

TEST(Translator, GivesNBestCandidatesOfALineInPiecesToo) {
  TranslateOptions options = brief(3, 8);
  options.search.n_best = 3;
  options.max_source_length = 8;
  std::string line;
  for (const auto& sentence : sample_lines(3)) line += sentence + " ";
  for (const auto& result : translator_of(small_folder(), options).translate({"ba ke", line})) {
    ASSERT_EQ(result.candidates.size(), 3u);
    for (size_t i = 1; i < 3; ++i) EXPECT_LE(result.candidates[i].score, result.candidates[i - 1].score);
  }
}

// A vocabulary with byte pieces can spell a line feed. This model knows only that and the letter b.
TEST(Translator, NoTranslationContainsALineBreak) {
  LoadedModelFolder folder = small_folder({.byte_fallback = true});
  const Vocabulary& vocabulary = folder.tokenizers.target.vocabulary();
  const auto line_feed = vocabulary.find("<0x0A>"), letter = vocabulary.find("<0x62>");
  ASSERT_TRUE(line_feed && letter);
  ASSERT_EQ(folder.tokenizers.target.decode({*letter, *line_feed, *letter}), "b\nb");
  {
    const torch::NoGradGuard no_grad;
    for (const int64_t id : {*line_feed, *letter})
      folder.model->output_projection_->bias().select(1, id).fill_(100);
  }
  TranslateOptions options = brief(16);
  options.search.n_best = 16;
  const auto results = translator_of(folder, options).translate({"ba ke"});
  expect_lines(results, 1);
  bool replaced = false;
  for (const auto& candidate : results[0].candidates)
    replaced = replaced || candidate.text.find("b b") != std::string::npos;
  EXPECT_TRUE(replaced) << "no line feed between two letters: nothing was tested";
}

TEST(Translator, TranslatesBetweenTwoVocabularies) {
  const Translator translator = translator_of(small_folder({.separate_vocabularies = true}), brief(2, 12));
  const auto results = translator.translate(sample_lines(10));
  expect_lines(results, 10);
  EXPECT_GT(results[0].text().size(), 0u);
}

// A model that never ends a line and has few words: it must repeat itself.
std::vector<Translation> circling(LoopGuard guard, const Lines& lines) {
  TranslateOptions options = brief(2, 200);
  options.loop_guard = guard;
  return translator_of(small_folder({.end_bias = -1000}), options).translate(lines);
}

TEST(Translator, ReportsLoopedForALineThatRepeatsItselfAndKeepsItsText) {
  const Lines lines = {"ba ke lo mi.", "", "nu."};
  const auto marked = circling(LoopGuard::kMark, lines), plain = circling(LoopGuard::kOff, lines);
  EXPECT_EQ(texts(marked), texts(plain));
  EXPECT_EQ(status_name(marked[0].status), "looped");
  EXPECT_EQ(status_name(marked[1].status), "empty");
  EXPECT_EQ(status_name(plain[0].status), "truncated");
  EXPECT_FALSE(marked[0].retried);
}

TEST(Translator, DecodesALoopAgainWithoutRepetitions) {
  const Lines lines = {"ba ke lo mi.", "", "nu."};
  const auto retried = circling(LoopGuard::kRetry, lines), plain = circling(LoopGuard::kOff, lines);
  for (const size_t i : {0, 2}) {
    EXPECT_TRUE(retried[i].retried);
    EXPECT_NE(retried[i].text(), plain[i].text());
    // 200 tokens for five are always a loop. Without the length limit the line would have ended.
    EXPECT_EQ(status_name(retried[i].status), "looped");
  }
  EXPECT_FALSE(retried[1].retried);
}

TEST(Translator, DoesNotChangeLinesThatTheModelEnds) {
  TranslateOptions options = brief(2, 60);
  options.search.min_length = 2;
  const auto folder = small_folder({.end_bias = 100});  // ends before it can repeat itself
  const Lines lines = sample_lines(20, 9), plain = texts(translator_of(folder, options).translate(lines));
  options.loop_guard = LoopGuard::kRetry;
  for (const auto& result : translator_of(folder, options).translate(lines)) {
    EXPECT_EQ(status_name(result.status), "ok");
    EXPECT_FALSE(result.retried);
  }
  EXPECT_EQ(texts(translator_of(folder, options).translate(lines)), plain);
}

TEST(Translator, NBestListsHaveDifferentTextsAndBeginWithTheTranslation) {
  const Lines lines = sample_lines(12, 3);
  const Lines alone = texts(translator_of(small_folder({.end_bias = 2}), brief(4, 8)).translate(lines));
  TranslateOptions options = brief(4, 8);
  options.search.n_best = 4;
  const auto results = translator_of(small_folder({.end_bias = 2}), options).translate(lines);
  for (size_t i = 0; i < lines.size(); ++i) {
    EXPECT_EQ(results[i].text(), alone[i]);
    std::set<std::string> different;
    for (const auto& candidate : results[i].candidates) different.insert(candidate.text);
    EXPECT_EQ(different.size(), results[i].candidates.size()) << lines[i];
    EXPECT_GT(different.size(), 1u) << lines[i];
    for (size_t k = 1; k < results[i].candidates.size(); ++k)
      EXPECT_GE(results[i].candidates[k - 1].score, results[i].candidates[k].score);
  }
}

TEST(Translator, ReportsAnEmptyTranslationAndAnUnknownSource) {
  const Translator silent = translator_of(small_folder({.end_bias = 100}), brief(2, 8));
  const auto nothing = silent.translate({"ba ke lo.", ""});
  EXPECT_EQ(nothing[0].status, TranslationStatus::kSilent);
  EXPECT_EQ(nothing[0].text(), "");
  EXPECT_EQ(nothing[1].status, TranslationStatus::kEmpty);
  TranslateOptions options = brief(2, 40);
  options.search.min_length = 1;
  const Translator usual = translator_of(small_folder({.end_bias = 100}), options);
  EXPECT_EQ(usual.translate({"漢字 仮名 交じり"})[0].status, TranslationStatus::kUnreadable);
  EXPECT_NE(usual.translate({"ba ke lo."})[0].status, TranslationStatus::kUnreadable);
}

TEST(Translator, WarnsOfLinesWithoutALanguageIfThereAreSeveral) {
  const ModelFolder several = small_folder({.language_codes = {">>fr<<", ">>de<<"}}), one = small_folder();
  const auto warning = [&](const Lines& lines, const std::string& target = "") {
    return language_warning(several, target, lines, 10);
  };
  EXPECT_EQ(warning({">>fr<< ba", "", ">>de<<ke"}), "");
  EXPECT_EQ(warning({"ba"}, "fr"), "");
  EXPECT_NE(warning({">>fr<< ba", "ke"}).find("line 12 names no target language"), std::string::npos);
  EXPECT_NE(warning({">>it<< ba"}, "fr").find("line 11 asks for >>it<<"), std::string::npos);
  EXPECT_EQ(warning({"ba", ">>fr<< ba"}, "fr"), "");
  EXPECT_EQ(warning({"ba", ">>de<< ba"}, "fr"),
            "line 12 asks for >>de<<, which overrides --target-language fr");
  EXPECT_NE(warning({"ba"}).find("fr, de"), std::string::npos);
  EXPECT_EQ(language_warning(one, "", {"ba"}), "");
}

}  // namespace
}  // namespace dragoman
