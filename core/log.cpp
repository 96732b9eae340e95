#include "core/log.h"

#include <cmath>
#include <cstdio>

namespace dragoman {

void Log::line(const std::string& text) {
  if (progress_width_ > 0) *stream_ << '\r' << std::string(progress_width_, ' ') << '\r';
  progress_width_ = 0;
  *stream_ << text << '\n' << std::flush;
}

void Log::progress(const std::string& text) {
  if (!terminal_) return line(text);
  const size_t leftover = progress_width_ > text.size() ? progress_width_ - text.size() : 0;
  *stream_ << '\r' << text << std::string(leftover, ' ') << std::flush;
  progress_width_ = text.size();
}

std::string with_commas(int64_t number) {
  std::string text = std::to_string(number);
  for (auto place = static_cast<int64_t>(text.size()) - 3; place > (number < 0 ? 1 : 0); place -= 3) {
    text.insert(static_cast<size_t>(place), 1, ',');
  }
  return text;
}

std::string clock_text(double seconds) {
  const auto whole = static_cast<int64_t>(std::llround(std::fmax(0, seconds)));
  char text[32];
  if (whole >= 3600) {
    std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(whole / 3600),
                  static_cast<long long>(whole / 60 % 60), static_cast<long long>(whole % 60));
  } else {
    std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(whole / 60),
                  static_cast<long long>(whole % 60));
  }
  return text;
}

std::string fixed(double value, int decimals) {
  char text[64];
  std::snprintf(text, sizeof text, "%.*f", decimals, value);
  return text;
}

}  // namespace dragoman
