// Language tags: ">>de<< The file." asks a model of several target languages for German (the convention of
// OPUS-MT; Johnson et al. 2017). This file counts the tags that begin the lines of a text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

// The tag at the beginning of the text: ">>", letters, digits, '_', '-', '.' or '@', "<<". Otherwise nullopt.
std::optional<std::string_view> leading_tag(std::string_view text);

class LanguageTags {
 public:
  void add(std::string_view line);

  int64_t lines() const { return lines_; }
  int64_t tagged() const { return tagged_; }  // lines that begin with a tag
  // Tags that begin at least two lines, in alphabetical order. None when the text has too many different tags
  // for languages.
  std::vector<std::string> codes() const;
  // Every tag, and the number of lines that it begins.
  const std::map<std::string, int64_t, std::less<>>& counts() const { return counts_; }
  // ">>de<< (1,200 lines), >>fr<< (800 lines)"; the ten most frequent.
  std::string text() const;
  // The symbols, followed by those of codes() that are not among them.
  std::vector<std::string> added_to(std::vector<std::string> symbols) const;

 private:
  std::map<std::string, int64_t, std::less<>> counts_;
  int64_t lines_ = 0, tagged_ = 0;
};

}  // namespace dragoman
