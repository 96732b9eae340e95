#include "report/report.h"

#include <algorithm>
#include <cmath>

#include "core/log.h"
#include "report/html.h"
#include "report/page.h"
#include "report/parts.h"

namespace dragoman {
namespace {

constexpr size_t kAttemptLimit = 12;  // shown of a sample

std::string decimals(double value, int places) {
  return std::isfinite(value) ? fixed(value, places) : "\u2013";
}

std::string whole(double value) {
  return std::isfinite(value) ? with_commas(std::llround(value)) : "\u2013";
}

std::string significant(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", value);
  return std::isfinite(value) ? buffer : "\u2013";
}

std::string tile(const std::string& name, const std::string& value, const std::string& note = "") {
  return element("div",
                 text_element("span", name, "class=\"name\"") +
                     text_element("span", value, "class=\"value\"") +
                     (note.empty() ? "" : text_element("span", note, "class=\"note\"")),
                 "class=\"tile\"") +
         "\n";
}

std::string tiles(const ReportContent& content) {
  const RunHistory& history = content.history;
  std::string text;
  if (!history.progress.empty()) {
    const TrainProgress& last = history.progress.back();
    text += tile("Update", with_commas(last.update), "epoch " + with_commas(last.epoch));
    // The heading of a run that has ended says how long it trained; the last progress line is older.
    const double seconds = history.end.empty() ? last.seconds : std::max(history.end_seconds, last.seconds);
    text += tile("Training time", clock_text(seconds), seconds < 3600 ? "m:ss" : "h:mm:ss");
    text += tile("Training loss", decimals(last.loss, 3),
                 "perplexity " + significant(std::exp(last.cross_entropy)));
    text += tile("Speed", whole(last.tokens_per_second), "target tokens/s");
  }
  if (const ValidationResult* best = history.best()) {
    const std::string when = best->averaged > 0 ? "mean of " + std::to_string(best->averaged) + " validations"
                                                : "best model, update " + with_commas(best->update);
    text += tile("Validation loss", decimals(best->loss, 3), "perplexity " + significant(best->perplexity()));
    text += tile("BLEU", decimals(best->bleu, 2), when) + tile("chrF2", decimals(best->chrf, 2), when);
  }
  return text.empty() ? "" : element("div", "\n" + text, "class=\"tiles\"") + "\n";
}

std::string state_of(const ReportContent& content) {
  if (content.running) {
    return "Training was running when this page was written" +
           (content.written_at.empty() ? "" : ", " + content.written_at) +
           "; it reloads itself every minute.";
  }
  if (!content.history.end.empty()) return "Ended: " + content.history.end + ".";
  return content.history.progress.empty() ? "Ended before its first progress line." : "Interrupted.";
}

std::string facts(const ReportContent& content) {
  std::string text;
  for (const auto& [name, value] : content.facts)
    text += element("div", text_element("dt", name) + text_element("dd", value)) + "\n";
  return text;
}

struct Attempt {
  int64_t update;
  std::string text;
};

// What the validations made of sample `index`, without those that say the same as the one before.
std::vector<Attempt> attempts_at(const RunHistory& history, size_t index) {
  std::vector<Attempt> attempts;
  for (const auto& result : history.validations) {
    if (index >= result.samples.size()) continue;
    const std::string& text = result.samples[index].hypothesis;
    if (attempts.empty() || attempts.back().text != text) attempts.push_back({result.update, text});
  }
  return attempts;
}

std::string sample_row(const std::string& name, const std::string& text, const std::string& kind = "") {
  return element("div",
                 text_element("dt", name) +
                     (text.empty() ? "<dd><em>(empty)</em></dd>" : text_element("dd", text, "dir=\"auto\"")),
                 kind.empty() ? "" : "class=\"" + kind + "\"") +
         "\n";
}

// The attempts between the first and the last, evenly chosen when there are many.
std::string attempts_between(const std::vector<Attempt>& attempts) {
  if (attempts.size() < 3) return "";
  const size_t between = attempts.size() - 2, shown = std::min(between, kAttemptLimit);
  std::string rows;
  for (size_t i = 0; i < shown; ++i) {
    const Attempt& attempt = attempts[1 + i * between / shown];
    rows += sample_row("update " + with_commas(attempt.update), attempt.text);
  }
  const std::string title =
      (shown == between ? "" : std::to_string(shown) + " of the ") + std::to_string(between) + " in between";
  return element("details", text_element("summary", title) + element("dl", "\n" + rows)) + "\n";
}

std::string sample_card(const RunHistory& history, size_t index) {
  const ValidationResult& now = history.validations.back();
  const SampleTranslation& sample = now.samples[index];
  const auto attempts = attempts_at(history, index);
  const std::string rows =
      sample_row("source", sample.source) + sample_row("reference", sample.reference, "reference") +
      sample_row("first attempt, update " + with_commas(attempts.front().update), attempts.front().text) +
      sample_row("now, update " + with_commas(now.update), sample.hypothesis, "now");
  return element("article", element("dl", "\n" + rows) + "\n" + attempts_between(attempts)) + "\n";
}

std::string samples(const ReportContent& content) {
  const auto& validations = content.history.validations;
  if (validations.empty() || validations.back().samples.empty()) return "";
  std::string cards;
  for (size_t i = 0; i < validations.back().samples.size(); ++i) cards += sample_card(content.history, i);
  return section("Sample translations", element("div", "\n" + cards, "class=\"samples\""));
}

}  // namespace

std::string section(const std::string& title, const std::string& content) {
  return element("section", text_element("h2", title) + "\n" + content) + "\n";
}

std::string report_html(const ReportContent& content) {
  return filled(
      report_page(),
      {{"refresh", content.running ? "<meta http-equiv=\"refresh\" content=\"60\">\n" : ""},
       {"name", html_escaped(content.name)},
       {"running", content.running ? " running" : ""},
       {"state", html_escaped(state_of(content))},
       {"facts", facts(content)},
       {"tiles", tiles(content)},
       {"curves", curves_section(content)},
       {"samples", samples(content)},
       {"text", corpus_section(content)},
       {"settings", settings_section(content)},
       {"version", DRAGOMAN_VERSION},
       {"written", content.written_at.empty() ? "" : html_escaped(", written " + content.written_at)}});
}

}  // namespace dragoman
