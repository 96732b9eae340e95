#include "core/lines.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>

#include "core/error.h"

namespace dragoman {

struct LineReader::State {
  std::string path;
  int descriptor = -1;
  gzFile gz = nullptr;  // set when the input is a regular file: zlib reads packed and plain ones
  std::string buffer;   // what is read and not yet given out, from `begin` on
  size_t begin = 0;
  size_t scanned = 0;  // no newline stands before this place
  bool at_end = false;
  bool at_start = true;
  bool utf16 = false;
  int64_t line_number = 0;

  ~State() {
    if (gz != nullptr)
      gzclose(gz);
    else if (descriptor > 2)
      ::close(descriptor);
  }

  // Waits for at least one more byte and appends what came. False at the end of the input.
  bool fill() {
    if (at_end) return false;
    buffer.erase(0, begin);
    scanned -= begin;
    begin = 0;
    const size_t had = buffer.size();
    constexpr size_t kChunk = 1 << 16;
    buffer.resize(had + kChunk);
    const ssize_t count =
        gz != nullptr ? read_gz(&buffer[had], kChunk) : read_descriptor(&buffer[had], kChunk);
    buffer.resize(had + static_cast<size_t>(count));
    at_end = count == 0;
    return !at_end;
  }

  // The place of the newline that ends the next line, or npos.
  size_t find_newline() {
    const size_t found = buffer.find('\n', scanned);
    scanned = found == std::string::npos ? buffer.size() : found;
    return found;
  }

  ssize_t read_descriptor(char* data, size_t bytes) {
    ssize_t count;
    do {
      count = ::read(descriptor, data, bytes);
    } while (count < 0 && errno == EINTR);
    if (count < 0) throw DataError(path, "required a readable file, got " + errno_text(errno));
    return count;
  }

  // gzread gives the bytes of a truncated member and only then, at the end, tells of it (Z_BUF_ERROR).
  ssize_t read_gz(char* data, size_t bytes) {
    const int count = gzread(gz, data, static_cast<unsigned>(bytes));
    int code = Z_OK;
    const char* message = gzerror(gz, &code);
    if (count < 0 || (count == 0 && code != Z_OK && code != Z_STREAM_END)) {
      throw DataError(path, "required a readable file, got " +
                                (code == Z_ERRNO ? errno_text(errno) : std::string(message)));
    }
    return count;
  }
};

LineReader::LineReader(const std::string& path) : state_(std::make_unique<State>()) {
  state_->path = path;
  if (path == "-") {
    state_->descriptor = STDIN_FILENO;
    return;
  }
  state_->descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (state_->descriptor < 0) throw DataError(path, "required a readable file, got " + errno_text(errno));
  // zlib passes a file through that does not begin with gzip's two bytes. A pipe is read directly, so that a
  // line is given out as soon as it is there.
  if (::lseek(state_->descriptor, 0, SEEK_CUR) >= 0) {
    state_->gz = gzdopen(state_->descriptor, "rb");
    if (state_->gz == nullptr) throw DataError(path, "required a readable file, got no memory to read it");
    gzbuffer(state_->gz, 1 << 17);
  }
}

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
  if (s.at_start) {
    s.at_start = false;
    if (line.compare(0, 3, "\xEF\xBB\xBF") == 0) line.erase(0, 3);
    s.utf16 = line.compare(0, 2, "\xFF\xFE") == 0 || line.compare(0, 2, "\xFE\xFF") == 0;
  }
  if (!ended && line.empty()) return false;
  if (ended && !line.empty() && line.back() == '\r') line.pop_back();
  ++s.line_number;
  return true;
}

bool LineReader::has_line_ready() {
  State& s = *state_;
  if (s.gz != nullptr) return true;  // a regular file never makes one wait
  while (!s.at_end && s.find_newline() == std::string::npos) {
    pollfd waiting{s.descriptor, POLLIN, 0};
    if (::poll(&waiting, 1, 0) <= 0) return false;
    s.fill();
  }
  return true;
}

int64_t LineReader::line_number() const {
  return state_->line_number;
}
bool LineReader::looks_like_utf16() const {
  return state_->utf16;
}
const std::string& LineReader::path() const {
  return state_->path;
}

}  // namespace dragoman
