#include "report/page.h"

#include <set>
#include <stdexcept>

namespace dragoman {

extern const char kReportPage[];  // made by the build from page.html

std::string_view report_page() {
  return kReportPage;
}

std::string filled(std::string_view page, const Markup& values) {
  std::string text;
  std::set<std::string_view> used;
  for (;;) {
    const size_t begin = page.find("{{"), end = page.find("}}", begin);
    text += page.substr(0, begin);
    if (begin == std::string_view::npos) break;
    const std::string_view name = page.substr(begin + 2, end - begin - 2);
    const auto value = values.find(name);
    if (end == std::string_view::npos || value == values.end())
      throw std::logic_error("the page needs a value for " + std::string(name));
    text += value->second;
    used.insert(name);
    page.remove_prefix(end + 2);
  }
  if (used.size() < values.size()) throw std::logic_error("the page has no place for a value");
  return text;
}

}  // namespace dragoman
