#include "tokenizer/language_tags.h"

#include <algorithm>
#include <cctype>

#include "core/log.h"

namespace dragoman {
namespace {

constexpr size_t kMaxName = 32;    // bytes: "cmn_Hans", "pt-BR"
constexpr size_t kMaxTags = 2000;  // more than this are not languages but, for example, ids
constexpr int64_t kMinLines = 2;   // a tag that begins only one line may be an accident
constexpr size_t kShownTags = 10;

bool may_be_in_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '@';
}

}  // namespace

std::optional<std::string_view> leading_tag(std::string_view text) {
  if (text.substr(0, 2) != ">>") return std::nullopt;
  size_t end = 2;
  while (end < text.size() && may_be_in_a_name(text[end])) ++end;
  if (end == 2 || end > kMaxName + 2 || text.substr(end, 2) != "<<") return std::nullopt;
  return text.substr(0, end + 2);
}

void LanguageTags::add(std::string_view line) {
  ++lines_;
  const auto tag = leading_tag(line);
  if (!tag) return;
  ++tagged_;
  const auto found = counts_.find(*tag);
  if (found != counts_.end())
    ++found->second;
  else if (counts_.size() <= kMaxTags)
    counts_.emplace(*tag, 1);
}

std::vector<std::string> LanguageTags::codes() const {
  std::vector<std::string> codes;
  if (counts_.size() > kMaxTags) return codes;
  for (const auto& [tag, count] : counts_) {
    if (count >= kMinLines) codes.push_back(tag);
  }
  return codes;
}

std::string LanguageTags::text() const {
  std::vector<std::pair<int64_t, std::string>> order;
  for (const auto& [tag, count] : counts_) order.emplace_back(-count, tag);
  std::sort(order.begin(), order.end());
  std::string text;
  for (size_t i = 0; i < std::min(order.size(), kShownTags); ++i) {
    const int64_t count = -order[i].first;
    text += (text.empty() ? "" : ", ") + order[i].second + " (" + with_commas(count) +
            (count == 1 ? " line)" : " lines)");
  }
  if (order.size() > kShownTags) text += " and " + with_commas(order.size() - kShownTags) + " more";
  return text;
}

std::vector<std::string> LanguageTags::added_to(std::vector<std::string> symbols) const {
  for (const std::string& code : codes()) {
    if (std::find(symbols.begin(), symbols.end(), code) == symbols.end()) symbols.push_back(code);
  }
  return symbols;
}

}  // namespace dragoman
