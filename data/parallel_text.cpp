#include "data/parallel_text.h"

#include <algorithm>
#include <limits>

#include "core/error.h"
#include "core/lines.h"
#include "core/log.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

// A few odd lines are normal in web text; more of them mean that line N no longer translates line N.
constexpr double kToleratedShare = 0.05;

std::string file_line(const std::string& path, int64_t line) {
  return path + ":" + std::to_string(line);
}

// Reads one file pair after the other into the same TextPairs.
class PairCollector {
 public:
  explicit PairCollector(CorpusReport& report)
      : report_(report), files_(std::make_shared<std::vector<FilePair>>()) {}

  void read_two_files(const std::string& source_path, const std::string& target_path);
  void read_tab_separated(const std::string& path);
  TextPairs take();

 private:
  void begin(const std::string& source_path, const std::string& target_path);
  void add(std::string& source, std::string& target, int64_t line);
  bool next(LineReader& reader, std::string& line);
  void make_valid(std::string& text, const std::string& path, int64_t line);
  void check_share(CorpusIssue issue, int64_t before, int64_t lines, const std::string& first,
                   const std::string& consequence);

  CorpusReport& report_;
  std::shared_ptr<std::vector<FilePair>> files_;
  TextPairs pairs_;
  std::string first_one_sided_, first_without_tab_;  // places in the present file pair
};

void PairCollector::begin(const std::string& source_path, const std::string& target_path) {
  files_->push_back({source_path, target_path});
  first_one_sided_.clear();
  first_without_tab_.clear();
}

bool PairCollector::next(LineReader& reader, std::string& line) {
  const bool has_line = reader.next(line);
  if (reader.looks_like_utf16()) throw DataError(file_line(reader.path(), 1), "required UTF-8, got UTF-16");
  if (reader.line_number() > std::numeric_limits<int32_t>::max()) {
    throw DataError(reader.path(), "required at most 2,147,483,647 lines, got more");
  }
  return has_line;
}

void PairCollector::make_valid(std::string& text, const std::string& path, int64_t line) {
  if (replace_invalid_utf8(text) > 0) report_.add(CorpusIssue::kInvalidUtf8, file_line(path, line));
}

void PairCollector::add(std::string& source, std::string& target, int64_t line) {
  const FilePair& files = files_->back();
  make_valid(source, files.source, line);
  make_valid(target, files.target, line);
  const bool source_blank = is_blank(source), target_blank = is_blank(target);
  const std::string place =
      source_blank || target_blank ? file_line(source_blank ? files.source : files.target, line) : "";
  if (source_blank && target_blank) {
    report_.add(CorpusIssue::kBothSidesBlank, place);
  } else if (source_blank || target_blank) {
    report_.add(CorpusIssue::kOneSideBlank, place);
    if (first_one_sided_.empty()) first_one_sided_ = place;
  } else {
    pairs_.source.push_back(std::move(source));
    pairs_.target.push_back(std::move(target));
    pairs_.origin.push_back({static_cast<int32_t>(files_->size()) - 1, static_cast<int32_t>(line)});
  }
}

// Throws when the present file pair, of `lines` lines, has too many issues of this kind.
void PairCollector::check_share(CorpusIssue issue, int64_t before, int64_t lines, const std::string& first,
                                const std::string& consequence) {
  const int64_t count = report_.count(issue) - before;
  if (static_cast<double>(count) <= kToleratedShare * static_cast<double>(lines)) return;
  throw DataError(first, consequence + ", got " + with_commas(count) + " of " + with_commas(lines));
}

void PairCollector::read_two_files(const std::string& source_path, const std::string& target_path) {
  begin(source_path, target_path);
  const int64_t one_sided = report_.count(CorpusIssue::kOneSideBlank);
  LineReader source_reader(source_path), target_reader(target_path);
  int64_t source_lines = 0, target_lines = 0;
  for (std::string source, target;;) {
    const bool has_source = next(source_reader, source), has_target = next(target_reader, target);
    source_lines += has_source;
    target_lines += has_target;
    if (!has_source && !has_target) break;
    // When one side has ended the other is only counted, for the message.
    if (has_source && has_target) add(source, target, source_lines);
  }
  if (source_lines != target_lines) {
    throw DataError(source_path + " and " + target_path, "required the same number of lines, got " +
                                                             with_commas(source_lines) + " and " +
                                                             with_commas(target_lines));
  }
  report_.read += source_lines;
  check_share(CorpusIssue::kOneSideBlank, one_sided, source_lines, first_one_sided_,
              "required " + source_path + " and " + target_path +
                  " to be translations line by line, with at most 5 % of the pairs blank on one side (are "
                  "they shifted?)");
}

void PairCollector::read_tab_separated(const std::string& path) {
  begin(path, path);
  const int64_t one_sided = report_.count(CorpusIssue::kOneSideBlank);
  const int64_t without_tab = report_.count(CorpusIssue::kWithoutOneTab);
  LineReader reader(path);
  int64_t lines = 0;
  for (std::string line; next(reader, line);) {
    ++lines;
    const size_t tab = line.find('\t');
    if (is_blank(line)) {
      report_.add(CorpusIssue::kBothSidesBlank, file_line(path, lines));
    } else if (tab == std::string::npos || line.find('\t', tab + 1) != std::string::npos) {
      report_.add(CorpusIssue::kWithoutOneTab, file_line(path, lines));
      if (first_without_tab_.empty()) first_without_tab_ = file_line(path, lines);
    } else {
      std::string source = line.substr(0, tab), target = line.substr(tab + 1);
      add(source, target, lines);
    }
  }
  report_.read += lines;
  check_share(CorpusIssue::kWithoutOneTab, without_tab, lines, first_without_tab_,
              "required a source, one tab and a target on at least 95 % of the lines");
  check_share(CorpusIssue::kOneSideBlank, one_sided, lines, first_one_sided_,
              "required text on both sides of the tab on at least 95 % of the lines");
}

TextPairs PairCollector::take() {
  pairs_.files = files_;
  report_.kept = pairs_.size();
  return std::move(pairs_);
}

std::string all_names(const ParallelFiles& files) {
  std::string names;
  for (const StringList* list : {&files.source, &files.target, &files.pairs}) {
    for (const std::string& name : *list) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

void check_files(const ParallelFiles& files) {
  if (files.source.size() != files.target.size()) {
    throw UsageError("training text", "required as many source files as target files, got " +
                                          std::to_string(files.source.size()) + " and " +
                                          std::to_string(files.target.size()));
  }
  if (files.source.empty() && files.pairs.empty()) {
    throw UsageError("training text",
                     "required a source and a target file, or tab-separated pairs, got none");
  }
  int64_t standard_input = 0;
  for (const StringList* list : {&files.source, &files.target, &files.pairs}) {
    standard_input += std::count(list->begin(), list->end(), "-");
  }
  if (standard_input > 1) {
    throw UsageError("training text", "required '-' (standard input) at most once, got it " +
                                          std::to_string(standard_input) + " times");
  }
}

}  // namespace

std::string TextPairs::place(int64_t pair) const {
  const PairOrigin& from = origin.at(static_cast<size_t>(pair));
  return file_line(files->at(static_cast<size_t>(from.file)).source, from.line);
}

TextPairs TextPairs::select(const std::vector<int64_t>& indices) const {
  TextPairs result;
  result.files = files;
  result.source.reserve(indices.size());
  result.target.reserve(indices.size());
  result.origin.reserve(indices.size());
  for (const int64_t index : indices) {
    const auto i = static_cast<size_t>(index);
    result.source.push_back(source.at(i));
    result.target.push_back(target.at(i));
    result.origin.push_back(origin.at(i));
  }
  return result;
}

TextPairs read_parallel_text(const ParallelFiles& files, CorpusReport& report) {
  check_files(files);
  PairCollector collector(report);
  for (size_t i = 0; i < files.source.size(); ++i) collector.read_two_files(files.source[i], files.target[i]);
  for (const std::string& path : files.pairs) collector.read_tab_separated(path);
  TextPairs pairs = collector.take();
  if (pairs.size() == 0) throw DataError(all_names(files), "required at least one pair of lines, got none");
  return pairs;
}

}  // namespace dragoman
