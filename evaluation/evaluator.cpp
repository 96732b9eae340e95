#include "evaluation/evaluator.h"

#include "core/lines.h"
#include "core/utf8.h"

namespace dragoman {

StringList read_lines(const std::string& path) {
  LineReader reader(path);
  StringList lines;
  for (std::string line; reader.next(line);) {
    replace_invalid_utf8(line);
    lines.push_back(line);
  }
  return lines;
}

StringList translate_lines(const Translator& translator, const StringList& sources) {
  StringList texts;
  for (const auto& translation : translator.translate(sources)) texts.push_back(translation.text());
  return texts;
}

}  // namespace dragoman
