#include "data/parallel_text.h"

#include <algorithm>
#include <filesystem>
#include <limits>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/lines.h"
#include "core/log.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

// A few bad lines are normal in web text. More of them mean that line N no longer translates line N.
constexpr double kToleratedShare = 0.05;

// Thrown inside this file after a complaint: the rest of the file pair is skipped.
struct Skipped {};

std::string file_line(const std::string& path, int64_t line) {
  return path + ":" + std::to_string(line);
}

// Reads one file pair after the other and calls the visitor for each pair.
class PairReader {
 public:
  PairReader(CorpusReport& report, const PairVisitor& visit, const Complaint& complain)
      : report_(report), visit_(visit), complain_(complain) {}

  void read_two_files(const std::string& source_path, const std::string& target_path);
  void read_tab_separated(const std::string& path);

 private:
  void begin(const std::string& source_path, const std::string& target_path);
  void add(const std::string& source, const std::string& target, int64_t line);
  bool next(LineReader& reader, std::string& line);
  void check_share(CorpusIssue issue, int64_t before, int64_t lines, const std::string& first,
                   const std::string& expected);
  void read_lines(LineReader& source, LineReader& target, int64_t& source_lines, int64_t& target_lines);

  CorpusReport& report_;
  const PairVisitor& visit_;
  const Complaint& complain_;
  FilePair files_;  // the current ones
  int32_t file_ = -1;
  std::string first_one_sided_, first_without_tab_;  // places in the current file pair
};

void PairReader::begin(const std::string& source_path, const std::string& target_path) {
  files_ = {source_path, target_path};
  ++file_;
  first_one_sided_.clear();
  first_without_tab_.clear();
}

bool PairReader::next(LineReader& reader, std::string& line) {
  const bool has_line = [&] {
    try {
      return reader.next(line);
    } catch (const NotTextError& error) {
      complain_(error);
      throw Skipped();
    }
  }();
  if (reader.line_number() > std::numeric_limits<int32_t>::max()) {
    throw DataError(reader.path(), "expected at most 2,147,483,647 lines, got more");
  }
  if (has_line && reader.replaced()) report_.add(CorpusIssue::kInvalidUtf8, reader.place());
  return has_line;
}

void PairReader::add(const std::string& source, const std::string& target, int64_t line) {
  throw_if_interrupted();
  const bool source_blank = is_blank(source), target_blank = is_blank(target);
  const std::string place =
      source_blank || target_blank ? file_line(source_blank ? files_.source : files_.target, line) : "";
  if (source_blank && target_blank) {
    report_.add(CorpusIssue::kBothSidesBlank, place);
  } else if (source_blank || target_blank) {
    report_.add(CorpusIssue::kOneSideBlank, place);
    if (first_one_sided_.empty()) first_one_sided_ = place;
  } else {
    ++report_.kept;
    visit_({source, target, files_, {file_, static_cast<int32_t>(line)}});
  }
}

// Complains when too many of the current file pair's `lines` lines have this issue.
void PairReader::check_share(CorpusIssue issue, int64_t before, int64_t lines, const std::string& first,
                             const std::string& expected) {
  const int64_t count = report_.count(issue) - before;
  if (count <= kToleratedShare * lines) return;
  complain_(DataError(first, "expected " + expected + " on at least 95 % of the lines, got that on " +
                                 with_commas(lines - count) + " of " + with_commas(lines) +
                                 " (this line is the first without)"));
}

void PairReader::read_lines(LineReader& source_reader, LineReader& target_reader, int64_t& source_lines,
                            int64_t& target_lines) {
  for (std::string source, target;;) {
    const bool has_source = next(source_reader, source), has_target = next(target_reader, target);
    source_lines += has_source;
    target_lines += has_target;
    if (!has_source && !has_target) break;
    ++report_.read;
    // After the end of one side, the lines of the other are only counted, for the message.
    if (has_source && has_target) add(source, target, source_lines);
  }
}

void PairReader::read_two_files(const std::string& source_path, const std::string& target_path) {
  begin(source_path, target_path);
  const int64_t one_sided = report_.count(CorpusIssue::kOneSideBlank);
  LineReader source_reader(source_path), target_reader(target_path);
  int64_t source_lines = 0, target_lines = 0;
  read_lines(source_reader, target_reader, source_lines, target_lines);
  if (source_lines != target_lines) {
    complain_(DataError(source_path + " and " + target_path, "expected the same number of lines, got " +
                                                                 with_commas(source_lines) + " and " +
                                                                 with_commas(target_lines)));
  }
  check_share(
      CorpusIssue::kOneSideBlank, one_sided, source_lines, first_one_sided_,
      "text on both sides (are " + source_path + " and " + target_path + " shifted against each other?)");
}

void PairReader::read_tab_separated(const std::string& path) {
  begin(path, path);
  const int64_t one_sided = report_.count(CorpusIssue::kOneSideBlank);
  const int64_t without_tab = report_.count(CorpusIssue::kWithoutTab);
  LineReader reader(path);
  int64_t lines = 0;
  for (std::string line; next(reader, line);) {
    ++lines, ++report_.read;
    const size_t tab = line.find('\t');
    if (is_blank(line)) {
      report_.add(CorpusIssue::kBothSidesBlank, reader.place());
    } else if (tab == std::string::npos) {
      report_.add(CorpusIssue::kWithoutTab, reader.place());
      if (first_without_tab_.empty()) first_without_tab_ = reader.place();
    } else {
      // Further columns often have the origin and a score of the pair.
      const size_t end = std::min(line.find('\t', tab + 1), line.size());
      if (end < line.size()) report_.add(CorpusIssue::kMoreColumns, reader.place());
      add(line.substr(0, tab), line.substr(tab + 1, end - tab - 1), lines);
    }
  }
  check_share(CorpusIssue::kWithoutTab, without_tab, lines, first_without_tab_,
              "a source, a tab and a target");
  check_share(CorpusIssue::kOneSideBlank, one_sided, lines, first_one_sided_,
              "text on both sides of the tab");
}

std::string all_names(const ParallelFiles& files) {
  std::string names;
  for (const StringList* list : {&files.source, &files.target, &files.pairs}) {
    for (const std::string& name : *list) names += (names.empty() ? "" : ", ") + name;
  }
  return names;
}

void check_files(const ParallelFiles& files) {
  const std::string source = files.flags[0], target = files.flags[1], pairs = files.flags[2];
  if (files.source.size() != files.target.size()) {
    throw UsageError(source, "expected as many files as " + target + ", got " +
                                 std::to_string(files.source.size()) + " and " +
                                 std::to_string(files.target.size()));
  }
  if (files.source.empty() && files.pairs.empty()) {
    throw UsageError(source, "expected text (" + source + " and " + target + ", or " + pairs + "), got none");
  }
  int64_t standard_input = 0;
  for (const StringList* list : {&files.source, &files.target, &files.pairs}) {
    standard_input += std::count(list->begin(), list->end(), "-");
  }
  if (standard_input > 1) {
    throw UsageError(source, "expected '-' (standard input) at most once, got it " +
                                 std::to_string(standard_input) + " times");
  }
}

}  // namespace

VisitedPair TextPairs::at(int64_t pair) const {
  return {source.at(pair), target.at(pair), files->at(origin[pair].file), origin[pair]};
}

std::string TextPairs::place(int64_t pair) const {
  const PairOrigin& from = origin.at(pair);
  return file_line(files->at(from.file).source, from.line);
}

void TextPairs::append(const VisitedPair& pair) {
  const int32_t file = pair.origin.file;
  if (std::ssize(*files) <= file) files->resize(file + 1);
  (*files)[file] = pair.files;
  source.push_back(pair.source);
  target.push_back(pair.target);
  origin.push_back(pair.origin);
}

void TextPairs::clear() {
  source.clear();
  target.clear();
  origin.clear();
}

std::string VisitedPair::place(bool of_target) const {
  return file_line(of_target ? files.target : files.source, origin.line);
}

void visit_parallel_text(const ParallelFiles& files, CorpusReport& report, const PairVisitor& visit,
                         const Complaint& complain) {
  check_files(files);
  const int64_t kept_before = report.kept;
  PairReader reader(report, visit, complain);
  const auto unless_skipped = [](const auto& read) {
    try {
      read();
    } catch (const Skipped&) {
    }
  };
  for (size_t i = 0; i < files.source.size(); ++i)
    unless_skipped([&] { reader.read_two_files(files.source[i], files.target[i]); });
  for (const std::string& path : files.pairs) unless_skipped([&] { reader.read_tab_separated(path); });
  if (report.kept == kept_before)
    complain(DataError(all_names(files), "expected at least one pair of lines, got none"));
}

TextPairs read_parallel_text(const ParallelFiles& files, CorpusReport& report) {
  TextPairs pairs;
  visit_parallel_text(
      files, report, [&](const VisitedPair& pair) { pairs.append(pair); },
      [](const DataError& error) { throw DataError(error); });
  return pairs;
}

RepeatableText::RepeatableText(ParallelFiles files) : files_(std::move(files)), read_once_(false) {
  for (const StringList* list : {&files_.source, &files_.target, &files_.pairs}) {
    for (const std::string& name : *list) {
      std::error_code ignored;
      const auto kind = std::filesystem::status(name, ignored).type();
      read_once_ |= name == "-" || kind == std::filesystem::file_type::fifo ||
                    kind == std::filesystem::file_type::character ||
                    kind == std::filesystem::file_type::socket;
    }
  }
}

void RepeatableText::visit(CorpusReport& report, const PairVisitor& visit) {
  const int64_t before = report.kept;
  if (read_once_) {
    if (pairs_ < 0) memory_ = read_parallel_text(files_, memory_report_);
    report = memory_report_;
    for (int64_t i = 0; i < memory_.size(); ++i) throw_if_interrupted(), visit(memory_.at(i));
  } else {
    visit_parallel_text(files_, report, visit, [](const DataError& error) { throw DataError(error); });
  }
  const int64_t pairs = read_once_ ? memory_.size() : report.kept - before;
  if (pairs_ >= 0 && pairs != pairs_) {
    throw DataError(all_names(files_), "expected text that stays the same while it is read, got " +
                                           with_commas(pairs_) + " pairs and then " + with_commas(pairs));
  }
  pairs_ = pairs;
}

}  // namespace dragoman
