#include "core/log.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <utility>

#include "core/terminal.h"

namespace dragoman {

namespace {

constexpr size_t kUsualWidth = 80;  // of a terminal that does not say

std::string joined(const std::vector<ProgressField>& fields, const char* space) {
  std::string text;
  for (const ProgressField& field : fields) text += (text.empty() ? "" : space) + field.text;
  return text;
}

}  // namespace

Log::Log(std::ostream& stream, bool terminal, Width width)
    : stream_(&stream), terminal_(terminal), width_(std::move(width)) {
  if (!width_) width_ = [] { return terminal_width(STDERR_FILENO, kUsualWidth); };
}

void Log::info(const std::string& text) {
  const std::lock_guard lock(mutex_);
  line(text);
}

void Log::warning(const std::string& text) {
  const std::lock_guard lock(mutex_);
  ++warnings_;
  line("warning: " + text);
}

void Log::progress(const std::string& text) {
  const std::lock_guard lock(mutex_);
  terminal_ ? show_progress(text) : line(text);
}

void Log::progress(std::vector<ProgressField> fields) {
  const std::lock_guard lock(mutex_);
  if (!terminal_) return line(joined(fields, "  "));
  const char* space = "  ";
  while (display_width(joined(fields, space)) > columns()) {
    if (space[1] != 0) {
      space = " ";
      continue;
    }
    if (fields.size() == 1) break;
    fields.erase(std::max_element(fields.begin(), fields.end(),
                                  [](const auto& a, const auto& b) { return a.rank < b.rank; }));
  }
  show_progress(joined(fields, space));
}

void Log::clear_progress() {
  const std::lock_guard lock(mutex_);
  erase_progress();
  *stream_ << std::flush;
}

int64_t Log::warnings() const {
  const std::lock_guard lock(mutex_);
  return warnings_;
}

double Log::silent_seconds() const {
  const std::lock_guard lock(mutex_);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - last_output_).count();
}

size_t Log::columns() const {
  return std::max<size_t>(width_(), 2) - 1;
}

void Log::erase_progress() {
  // A terminal that became narrower has wrapped the old progress line; more spaces than it has would scroll
  // it.
  if (progress_width_ > 0) *stream_ << '\r' << std::string(std::min(progress_width_, columns()), ' ') << '\r';
  progress_width_ = 0;
}

void Log::line(const std::string& text) {
  erase_progress();
  *stream_ << printable(text) << '\n' << std::flush;
  last_output_ = std::chrono::steady_clock::now();
}

void Log::show_progress(const std::string& text) {
  const std::string safe = printable(text);
  const std::string_view shown = cut_to_width(safe, columns());
  const size_t width = display_width(shown), before = std::min(progress_width_, columns());
  *stream_ << '\r' << shown << std::string(before > width ? before - width : 0, ' ') << std::flush;
  progress_width_ = width;
  last_output_ = std::chrono::steady_clock::now();
}

std::string with_commas(int64_t number) {
  std::string text = std::to_string(number);
  for (int64_t place = std::ssize(text) - 3; place > (number < 0 ? 1 : 0); place -= 3) {
    text.insert(place, 1, ',');
  }
  return text;
}

std::string clock_text(double seconds) {
  const long long whole = std::llround(std::fmax(0, seconds));
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", whole / 3600, whole / 60 % 60, whole % 60);
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", whole / 60, whole % 60);
  }
  return text;
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace dragoman
