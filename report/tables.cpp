// The tables of report.html: what the text is like, and the settings.
#include <functional>

#include "core/log.h"
#include "report/html.h"
#include "report/parts.h"

namespace dragoman {
namespace {

std::string percent(double share) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.3g", 100 * share);
  return std::string(buffer) + " %";
}

std::string head_row(const StringList& cells) {
  std::string text;
  for (const auto& cell : cells) text += text_element("th", cell, "scope=\"col\"");
  return element("tr", text) + "\n";
}

// The first cell is the heading of the row.
std::string row(const StringList& cells) {
  std::string text;
  for (size_t i = 0; i < cells.size(); ++i)
    text += i == 0 ? text_element("th", cells[i], "scope=\"row\"") : text_element("td", cells[i], "");
  return element("tr", text) + "\n";
}

std::string table(const std::string& head, const std::string& body, const std::string& kind) {
  return element(
             "div",
             element("table", (head.empty() ? "" : element("thead", head)) + element("tbody", "\n" + body),
                     "class=\"" + kind + "\""),
             "class=\"wide\"") +
         "\n";
}

// A row for each issue that occurred.
std::string issue_rows(const CorpusReport& report) {
  std::string body;
  for (size_t i = 0; i < kCorpusIssues; ++i) {
    const auto issue = static_cast<CorpusIssue>(i);
    if (report.count(issue) == 0) continue;
    std::string places;
    for (const auto& place : report.examples(issue)) places += (places.empty() ? "first in " : ", ") + place;
    body += row({CorpusReport::text_of(issue), with_commas(report.count(issue)), places});
  }
  return body;
}

std::string findings_table(const ReportCorpus& corpus) {
  const std::string body = issue_rows(corpus.findings);
  return body.empty() ? "" : table(head_row({"found, and kept", "", "where"}), body, "counts");
}

std::string drops_table(const ReportCorpus& corpus) {
  std::string body = row({"read", with_commas(corpus.text.read), ""}) + issue_rows(corpus.text) +
                     issue_rows(corpus.encoding);
  if (corpus.held_out > 0) body += row({"held out for validation", with_commas(corpus.held_out), ""});
  body += row({"kept", with_commas(corpus.source.sentences), ""});
  return table(head_row({"pairs", "", "where"}), body, "counts");
}

std::string lengths_table(const ReportCorpus& corpus) {
  const auto cells = [&](const std::string& name,
                         const std::function<std::string(const LengthStatistics&)>& of) {
    return row({name, of(corpus.source), of(corpus.target)});
  };
  using Side = const LengthStatistics&;
  std::string body = cells("tokens", [](Side side) { return with_commas(side.tokens); }) +
                     cells("a sentence, mean", [](Side side) { return fixed(side.mean(), 1); });
  for (const auto& [name, q] : std::vector<std::pair<std::string, double>>{
           {"shortest", 0}, {"median", 0.5}, {"95th percentile", 0.95}, {"longest", 1}})
    body += cells(name, [share = q](Side side) { return with_commas(side.quantile(share)); });
  body += cells("unknown tokens", [](Side side) { return percent(side.unknown_rate()); });
  return table(head_row({"tokens", "source", "target"}), body, "counts numbers");
}

std::string settings_table(const std::vector<ReportSetting>& settings, bool with_usual) {
  std::string body;
  for (const auto& setting : settings) {
    StringList cells = {"--" + setting.name, setting.value};
    if (with_usual) cells.push_back(setting.usual);
    cells.push_back(setting.help);
    body += row(cells);
  }
  StringList head = {"setting", "value"};
  if (with_usual) head.emplace_back("default");
  head.emplace_back("meaning");
  return table(head_row(head), body, "settings");
}

}  // namespace

std::string corpus_section(const ReportContent& content) {
  std::string text;
  for (const auto& corpus : content.corpora) {
    text += element("div",
                    text_element("h3", corpus.title) + "\n" + drops_table(corpus) + findings_table(corpus) +
                        lengths_table(corpus) + length_histogram(corpus),
                    "class=\"corpus\"") +
            "\n";
  }
  return text.empty() ? "" : section("Text", element("div", "\n" + text, "class=\"corpora\""));
}

std::string settings_section(const ReportContent& content) {
  if (content.settings.empty()) return "";
  std::vector<ReportSetting> changed;
  for (const auto& setting : content.settings) {
    if (setting.changed()) changed.push_back(setting);
  }
  std::string all, group;
  for (size_t begin = 0, end = 0; begin < content.settings.size(); begin = end) {
    const std::string& name = content.settings[begin].group;
    while (end < content.settings.size() && content.settings[end].group == name) ++end;
    all += text_element("h3", name) + "\n" +
           settings_table({content.settings.begin() + begin, content.settings.begin() + end}, false);
  }
  return section(
      "Settings",
      (changed.empty() ? "<p>All settings are the defaults.</p>\n" : settings_table(changed, true)) +
          element("details",
                  text_element("summary", "all " + std::to_string(content.settings.size()) + " settings") +
                      "\n" + all));
}

std::vector<ReportSetting> report_settings(const OptionList& options, const OptionList& usual) {
  std::vector<ReportSetting> settings;
  for (size_t i = 0; i < options.size(); ++i) {
    if (options[i].flag_only) continue;
    settings.push_back({options[i].group, options[i].name, options[i].value_text(), usual.at(i).value_text(),
                        options[i].help});
  }
  return settings;
}

}  // namespace dragoman
