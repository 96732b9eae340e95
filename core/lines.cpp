#include "core/lines.h"

#include <algorithm>
#include <stdexcept>

#include "core/input_bytes.h"
#include "core/log.h"
#include "core/unpacker.h"
#include "core/utf8.h"

namespace dragoman {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view kUtf8Mark = "\xEF\xBB\xBF";
constexpr size_t kHeadBytes = 4096;                // what is checked to recognise files that are not text
constexpr size_t kEndlessLine = size_t{16} << 20;  // without a LF, but with a CR

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.substr(0, beginning.size()) == beginning;
}

// The encoding that a byte-order mark tells, or "".
std::string marked_encoding(std::string_view head) {
  if (begins_with(head, "\xFF\xFE\0\0"sv)) return "UTF-32LE";
  if (begins_with(head, "\0\0\xFE\xFF"sv)) return "UTF-32BE";
  if (begins_with(head, "\xFF\xFE"sv)) return "UTF-16LE";
  if (begins_with(head, "\xFE\xFF"sv)) return "UTF-16BE";
  return "";
}

// The encoding without a mark that NUL bytes tell, or "". Letters below U+0100, or else spaces, digits and
// line feeds, have their NUL bytes at odd places in UTF-16LE and at even ones in UTF-16BE.
std::string encoding_of_nul_bytes(std::string_view head) {
  size_t at[4] = {}, nul_bytes = 0;
  for (size_t i = 0; i < head.size(); ++i) {
    if (head[i] == '\0') ++at[i % 4], ++nul_bytes;
  }
  const size_t even = at[0] + at[2], odd = at[1] + at[3];
  if (nul_bytes < 2) return "";
  if (head.size() >= 4 && at[1] + 1 >= head.size() / 4 && nul_bytes * 8 >= head.size() * 5)
    return at[0] > at[3] ? "UTF-32BE" : "UTF-32LE";
  // Every line feed has its NUL byte next to it; in text with a stray NUL byte it has none.
  const auto all_line_feeds_at = [&](size_t parity) {
    for (size_t i = 0; i < head.size(); ++i) {
      if (head[i] != '\n') continue;
      const size_t other = parity == 0 ? i + 1 : i - 1;
      if (i % 2 != parity || (other < head.size() && head[other] != '\0')) return false;
    }
    return true;
  };
  if (odd > 8 * even && all_line_feeds_at(0)) return "UTF-16LE";
  if (even > 8 * odd && all_line_feeds_at(1)) return "UTF-16BE";
  return "";
}

// A remedy for the text of a compressed file: "do: command FILE" becomes "do: unpack FILE | command".
std::string after_unpacking(const std::string& remedy, const std::string& unpacking) {
  if (unpacking.empty()) return remedy;
  const size_t colon = remedy.find(": ") + 2;
  std::string command = remedy.substr(colon);
  // These read files, not pipes. tar unpacks by itself.
  if (command.rfind("tar ", 0) == 0) return remedy;
  for (const char* reader : {"unzip ", "7z ", "unrar ", "pdftotext "}) {
    if (command.rfind(reader, 0) == 0)
      return remedy.substr(0, colon) + unpacking + " > unpacked, then " +
             replace_all(command, "FILE", "unpacked");
  }
  command = replace_all(replace_all(replace_all(command, " < FILE", ""), " FILE;", ";"), " FILE", "");
  return remedy.substr(0, colon) + unpacking + " | " +
         replace_all(command, "; else remove them: ", "; else remove them: " + unpacking + " | ");
}

}  // namespace

struct LineReader::State {
  State(const std::string& path, InvalidUtf8 policy) : input(path), invalid_utf8(policy) {}

  InputBytes input;
  InvalidUtf8 invalid_utf8;
  std::string buffer;  // what is read and not yet given out, from `begin` on
  size_t begin = 0;
  size_t scanned = 0;  // no newline is before this position
  bool at_end = false;
  std::string head;  // the first bytes of the text
  int64_t line_number = 0, replaced_lines = 0, first_replaced = 0;
  bool replaced = false;

  // Appends what came, maybe nothing. False at the end of the input.
  bool fill() {
    if (at_end) return false;
    buffer.erase(0, begin);
    scanned -= begin;
    begin = 0;
    const size_t had = buffer.size();
    at_end = !input.read_some(buffer);
    if (head.size() < kHeadBytes) head.append(buffer, had, kHeadBytes - head.size());
    if (line_number == 0 && buffer.size() > kEndlessLine)
      check_line_ends(std::string_view(buffer).substr(had));
    return !at_end;
  }

  // The place of the newline that ends the next line, or npos.
  size_t find_newline() {
    const size_t found = buffer.find('\n', scanned);
    scanned = found == std::string::npos ? buffer.size() : found;
    return found;
  }

  std::string place(int64_t line) const { return input_name(input.path()) + ":" + std::to_string(line); }

  // `remedy`: what to do, with FILE for the path.
  [[noreturn]] void refuse(const std::string& expected, const std::string& got,
                           const std::string& remedy) const {
    const std::string file = input.path() == "-" ? "FILE" : input.path();
    throw NotTextError(place(line_number + 1),
                       "expected " + expected + ", got " + got + "; " +
                           replace_all(after_unpacking(remedy, input.unpacking_command()), "FILE", file));
  }

  void check_beginning() const {
    if (const std::string encoding = marked_encoding(head); !encoding.empty()) refuse_encoding(encoding);
    if (const FileFormat* format = recognise_format(head, at_end).format; format != nullptr)
      refuse("text", format->name, std::string("unpack it first: ") + format->remedy);
  }

  [[noreturn]] void refuse_encoding(const std::string& encoding) const {
    refuse("UTF-8", encoding, "convert it: iconv -f " + encoding + " -t UTF-8 FILE");
  }

  [[noreturn]] void refuse_nul_byte() const {
    if (head.substr(std::min<size_t>(257, head.size()), 5) == "ustar")
      refuse("text", "a tar archive", "unpack it first: tar -xf FILE");
    if (const std::string encoding = encoding_of_nul_bytes(head); !encoding.empty())
      refuse_encoding(encoding);
    refuse("text", "a NUL byte",
           "convert it, if it is UTF-16: iconv -f UTF-16LE -t UTF-8 FILE; else remove them: tr -d '\\000' < "
           "FILE");
  }

  // Nothing precedes `text`. One line with a CR at its end is one line whoever reads it.
  void check_line_ends(std::string_view text) const {
    const size_t first = text.find('\r');
    if (first < text.size() - 1 && text.find('\n') == std::string_view::npos)
      refuse("lines that end in LF", "CR alone at the end of each", "convert it: tr '\\r' '\\n' < FILE");
  }

  void check_utf8(std::string& line) {
    replaced = false;
    if (is_valid_utf8(line)) return;
    if (invalid_utf8 == InvalidUtf8::kRefuse)
      refuse("UTF-8", "other bytes", "convert it, if it is Latin-1: iconv -f LATIN1 -t UTF-8 FILE");
    replace_invalid_utf8(line);
    replaced = true;
    if (replaced_lines++ == 0) first_replaced = line_number + 1;
  }
};

LineReader::LineReader(const std::string& path, InvalidUtf8 invalid_utf8)
    : state_(std::make_unique<State>(path, invalid_utf8)) {}

LineReader::~LineReader() = default;
LineReader::LineReader(LineReader&&) noexcept = default;
LineReader& LineReader::operator=(LineReader&&) noexcept = default;

bool LineReader::next(std::string& line) {
  State& s = *state_;
  size_t newline;
  while ((newline = s.find_newline()) == std::string::npos && s.fill()) {
  }
  const bool ended = newline != std::string::npos;
  const size_t end = ended ? newline : s.buffer.size();
  line.assign(s.buffer, s.begin, end - s.begin);
  s.begin = s.scanned = ended ? end + 1 : end;
  if (s.line_number == 0) {
    s.check_beginning();
    if (begins_with(line, kUtf8Mark)) line.erase(0, kUtf8Mark.size());
    if (!ended && !line.empty()) s.check_line_ends(line);
  }
  if (!ended && line.empty()) return false;
  if (line.find('\0') != std::string::npos) s.refuse_nul_byte();
  if (ended && !line.empty() && line.back() == '\r') line.pop_back();
  s.check_utf8(line);
  ++s.line_number;
  return true;
}

bool LineReader::has_line_ready() {
  State& s = *state_;
  while (!s.at_end && s.find_newline() == std::string::npos) {
    if (!s.input.is_ready()) return false;
    s.fill();
  }
  return true;
}

bool LineReader::is_at_end() const {
  return state_->at_end && state_->begin == state_->buffer.size();
}
int64_t LineReader::line_number() const {
  return state_->line_number;
}
std::string LineReader::place() const {
  return state_->place(state_->line_number);
}
const std::string& LineReader::path() const {
  return state_->input.path();
}
bool LineReader::replaced() const {
  return state_->replaced;
}
int64_t LineReader::replaced_lines() const {
  return state_->replaced_lines;
}

std::string LineReader::replaced_text() const {
  const State& s = *state_;
  if (s.replaced_lines == 0) return "";
  return with_commas(s.replaced_lines) + (s.replaced_lines == 1 ? " line" : " lines") +
         " had invalid UTF-8, replaced by U+FFFD (first: " + s.place(s.first_replaced) + ")";
}

TextReader::TextReader(const std::string& flag, const std::vector<std::string>& paths,
                       InvalidUtf8 invalid_utf8) {
  if (std::count(paths.begin(), paths.end(), "-") > 1)
    throw UsageError(flag, "expected standard input ('-') once, got it twice");
  if (paths.empty()) throw std::logic_error("TextReader: expected an input, got none");
  for (const auto& path : paths) readers_.emplace_back(path, invalid_utf8);
}

bool TextReader::next(std::string& line) {
  while (!readers_[at_].next(line)) {
    if (at_ + 1 == readers_.size()) return false;
    ++at_;
  }
  return true;
}

bool TextReader::has_line_ready() {
  for (size_t i = at_; i < readers_.size(); ++i) {
    if (!readers_[i].has_line_ready()) return false;
    if (!readers_[i].is_at_end()) return true;
  }
  return true;
}

std::vector<std::string> TextReader::replaced_texts() const {
  std::vector<std::string> texts;
  for (const auto& reader : readers_) {
    if (reader.replaced_lines() > 0) texts.push_back(reader.replaced_text());
  }
  return texts;
}

std::vector<std::string> read_lines(const std::string& path) {
  LineReader reader(path, InvalidUtf8::kRefuse);
  std::vector<std::string> lines;
  for (std::string line; reader.next(line);) lines.push_back(line);
  return lines;
}

}  // namespace dragoman
