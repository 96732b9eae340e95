#include "report/report.h"

#include <gtest/gtest.h>

#include <cmath>
#include <regex>
#include <sstream>

#include "core/files.h"
#include "planning/training_options.h"
#include "report/run_watch.h"

namespace dragoman {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TrainProgress progress_at(int64_t update) {
  TrainProgress progress;
  progress.epoch = 1, progress.update = update, progress.loss = 8 - static_cast<double>(update) / 1000;
  progress.cross_entropy = progress.loss, progress.learning_rate = 1e-3, progress.gradient_norm = 1;
  progress.tokens_per_second = 5432;
  return progress;
}

ValidationResult validation_at(int64_t update, const std::string& hypothesis) {
  ValidationResult result;
  result.update = update, result.loss = 5, result.cross_entropy = 4, result.is_best = update <= 2000;
  result.bleu = 12.344, result.chrf = 40;
  result.samples = {{"source text", "reference text", hypothesis}};
  return result;
}

ReportContent content_of(const StringList& hypotheses) {
  ReportContent content;
  content.name = "en-de";
  content.facts = {{"parameters", "1,234"}};
  for (size_t i = 0; i < hypotheses.size(); ++i) {
    const auto update = static_cast<int64_t>(1000 * (i + 1));
    content.history.progress.push_back(progress_at(update));
    content.history.validations.push_back(validation_at(update, hypotheses[i]));
  }
  ReportCorpus corpus{.title = "Training text"};
  corpus.text.read = 1234, corpus.text.add(CorpusIssue::kOneSideBlank, "train.en:17");
  for (size_t length = 1; length < 30; ++length) {
    std::vector<int32_t> unknown(length, 1);
    unknown.back() = 0;
    corpus.source.add(unknown, 1);
    corpus.target.add(std::vector<int32_t>{5, 0}, 1);
  }
  content.corpora = {corpus};
  content.settings = {{"Training", "max-tokens", "2048", "4096", "size of a batch"},
                      {"Training", "warmup", "4000", "4000", "rise of the rate"}};
  return content;
}

TEST(Report, ShowsTheSixCurvesAndTheLengths) {
  const std::string page = report_html(content_of({"a", "b"}));
  for (const char* title :
       {"Loss", "Perplexity", "Scores", "Learning rate", "Gradient norm", "Speed", "Sentence lengths"})
    EXPECT_TRUE(has(page, "<b>" + std::string(title) + "</b>")) << title;
  EXPECT_EQ(count(page, "<svg"), 7u);
  // training and validation, twice; BLEU and chrF; three single ones; two sides.
  EXPECT_EQ(count(page, "<polyline"), 11u);
  EXPECT_EQ(count(page, "<circle class=\"best\""), 1u);
}

TEST(Report, ShowsTheFirstAttemptTheLastAndWhatWasBetween) {
  const std::string page =
      report_html(content_of({"first try", "second try", "second try", "third try", "last try"}));
  EXPECT_TRUE(has(page, "<dt>first attempt, update 1,000</dt><dd dir=\"auto\">first try</dd>"));
  EXPECT_TRUE(has(page, "<dt>now, update 5,000</dt><dd dir=\"auto\">last try</dd>"));
  EXPECT_TRUE(has(page, "<summary>2 in between</summary>"));
  EXPECT_EQ(count(page, "second try"), 1u);
  EXPECT_TRUE(has(page, "<dt>update 4,000</dt><dd dir=\"auto\">third try</dd>"));
}

TEST(Report, OfManyAttemptsShowsTwelveBetween) {
  StringList hypotheses;
  for (int i = 0; i < 100; ++i) hypotheses.push_back("try " + std::to_string(i));
  const std::string page = report_html(content_of(hypotheses));
  EXPECT_TRUE(has(page, "<summary>12 of the 98 in between</summary>"));
  EXPECT_EQ(count(page, "dir=\"auto\">try "), 14u);
}

TEST(Report, SaysWhatTheTextIsLike) {
  const std::string page = report_html(content_of({"a"}));
  EXPECT_TRUE(has(page, "1,234"));
  EXPECT_TRUE(has(page, CorpusReport::text_of(CorpusIssue::kOneSideBlank)));
  EXPECT_TRUE(has(page, "first in train.en:17"));
  EXPECT_TRUE(has(page, "<th scope=\"row\">median</th><td>15</td><td>2</td>"));
  EXPECT_TRUE(has(page, "<th scope=\"row\">unknown tokens</th><td>100 %</td><td>0 %</td>"));
}

TEST(Report, SaysWhatWasFoundInPairsThatWereKept) {
  ReportContent content = content_of({"a"});
  EXPECT_FALSE(has(report_html(content), "found, and kept"));
  content.corpora[0].findings.add(CorpusIssue::kDuplicate, "train.en:23");
  content.corpora[0].findings.add(CorpusIssue::kCopy, "train.en:42");
  const std::string page = report_html(content);
  EXPECT_TRUE(has(page, "found, and kept"));
  for (const auto* text : {CorpusReport::text_of(CorpusIssue::kDuplicate), "first in train.en:23",
                           CorpusReport::text_of(CorpusIssue::kCopy), "first in train.en:42"})
    EXPECT_TRUE(has(page, text)) << text;
}

TEST(Report, HasOneTrainingTime) {
  ReportContent content = content_of({"a"});
  content.history.progress.back().seconds = 61;
  EXPECT_TRUE(has(report_html(content), "<span class=\"value\">1:01</span>"));
  content.history.end = "reached --max-updates 1000: update 1000, 1:15 of training";
  content.history.end_seconds = 75;
  const std::string page = report_html(content);
  EXPECT_TRUE(has(page, "<span class=\"value\">1:15</span>"));
  EXPECT_FALSE(has(page, "1:01"));
}

TEST(Report, ShowsChangedSettingsBeforeAllOfThem) {
  const std::string page = report_html(content_of({"a"}));
  EXPECT_EQ(count(page, ">--max-tokens<"), 2u);
  EXPECT_EQ(count(page, ">--warmup<"), 1u);
  EXPECT_LT(page.find("--max-tokens"), page.find("all 2 settings"));
  EXPECT_TRUE(has(page, "<td>2048</td><td>4096</td><td>size of a batch</td>"));
}

TEST(Report, SettingsComeFromTheOptions) {
  TrainingOptions options, usual;
  options.max_tokens = 99;
  const auto settings = report_settings(options.describe(), usual.describe());
  ASSERT_EQ(settings.size(), usual.describe().size());
  for (const auto& setting : settings)
    EXPECT_EQ(setting.changed(), setting.name == "max-tokens") << setting.name;
}

TEST(Report, HostileTextStaysText) {
  const std::string hostile =
      "</dd><script>alert(1)</script><img src=x onerror=\"a\"> ]]> --> ' \" & \x01 \xFF";
  ReportContent content = content_of({hostile, hostile + "2", "now"});
  content.name = content.written_at = content.history.end = hostile;
  content.facts = {{hostile, hostile}};
  content.history.validations.back().samples = {{hostile, hostile, hostile}};
  content.corpora[0].title = hostile;
  content.corpora[0].text.add(CorpusIssue::kTooLong, hostile);
  content.settings.push_back({hostile, hostile, hostile, "", hostile});
  const std::string page = report_html(content);
  for (const char* mark : {"<script", "<img", "onerror=\"", "\x01", "\xFF"})
    EXPECT_FALSE(has(page, mark)) << mark;
  EXPECT_GT(count(page, "&lt;script&gt;"), 10u);
}

TEST(Report, NeedsNothingButItself) {
  const std::string page = report_html(content_of({"a", "b", "c"}));
  EXPECT_FALSE(
      std::regex_search(page, std::regex("(src=|href=|url\\(|@import|<script|<link|<iframe|https?:)")));
  EXPECT_TRUE(has(page, "default-src 'none'"));
}

TEST(Report, ReloadsItselfWhileTheRunGoesOnOnly) {
  ReportContent content = content_of({"a"});
  content.running = true;
  EXPECT_TRUE(has(report_html(content), "http-equiv=\"refresh\""));
  content.running = false;
  content.history.end = "reached --max-updates 1000";
  EXPECT_FALSE(has(report_html(content), "http-equiv=\"refresh\""));
  EXPECT_TRUE(has(report_html(content), "Ended: reached --max-updates 1000."));
}

TEST(Report, BeforeTheFirstUpdateAndWithoutValidationIsAPage) {
  ReportContent content = content_of({});
  EXPECT_EQ(count(report_html(content), "nothing yet"), 6u);
  content.corpora[0].source = content.corpora[0].target = {};
  EXPECT_TRUE(has(report_html(content), "</html>"));
}

TEST(Report, TagsAreClosedInOrder) {
  const std::string page = report_html(content_of({"a", "b", "c"}));
  std::vector<std::string> open;
  const std::regex tag("<(/?)([a-z0-9]+)([^>]*)>");
  for (std::sregex_iterator match(page.begin(), page.end(), tag), end; match != end; ++match) {
    const std::string name = (*match)[2], rest = (*match)[3];
    if (name == "meta" || (!rest.empty() && rest.back() == '/')) continue;
    if ((*match)[1].length() == 0) {
      open.push_back(name);
    } else {
      ASSERT_FALSE(open.empty()) << name;
      EXPECT_EQ(open.back(), name);
      open.pop_back();
    }
  }
  EXPECT_TRUE(open.empty());
}

class Watch : public ::testing::Test {
 protected:
  std::string report() const { return read_file(folder_.path("report.html"), ErrorKind::kData); }

  void run(int64_t from, int64_t to, bool tensorboard = true) {
    TrainLog train_log(folder_.path("."), log_);
    RunWatch watch(folder_.path("."), content_, tensorboard, from, log_);
    train_log.watch(watch);
    for (int64_t update = from + 1000; update <= to; update += 1000) {
      train_log.progress(progress_at(update));
      train_log.validation(validation_at(update, "try " + std::to_string(update)), ValidMetric::kChrf, 0);
      EXPECT_TRUE(has(report(), "now, update " + with_commas(update))) << "not refreshed";
      EXPECT_TRUE(has(report(), "Training was running when this page was written"));
    }
    train_log.stopped(to, 12, "reached " + std::to_string(to));
  }

  TemporaryFolder folder_;
  std::ostringstream text_;
  Log log_{text_};
  ReportContent content_ = [] {
    ReportContent content = content_of({});
    content.history = {};
    return content;
  }();
};

TEST_F(Watch, RefreshesTheReportAtEachValidationAndAtTheEnd) {
  run(0, 3000);
  EXPECT_TRUE(has(report(), "Ended: reached 3000."));
  EXPECT_EQ(list_folder(folder_.path("tensorboard")).size(), 1u);
}

TEST_F(Watch, AResumedRunShowsTheWholeHistoryAndHasAnEventFileMore) {
  run(0, 2000);
  run(2000, 4000);
  EXPECT_TRUE(has(report(), "first attempt, update 1,000"));
  EXPECT_TRUE(has(report(), "now, update 4,000"));
  EXPECT_EQ(list_folder(folder_.path("tensorboard")).size(), 2u);
}

TEST_F(Watch, WithoutTensorboardWritesNoEventFile) {
  run(0, 1000, false);
  EXPECT_FALSE(file_exists(folder_.path("tensorboard")));
}

TEST_F(Watch, WhatCannotBeWrittenIsAWarningAndNoEnd) {
  make_folder(folder_.path("report.html"));
  folder_.write("tensorboard", "a file");
  {
    RunWatch watch(folder_.path("."), content_, true, 0, log_);
    watch.progressed(progress_at(1000));
    watch.validated(validation_at(1000, "a"));
  }
  EXPECT_GE(log_.warnings(), 3);
}

}  // namespace
}  // namespace dragoman
