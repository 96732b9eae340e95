#include "evaluation/evaluator.h"

#include <algorithm>
#include <numeric>

#include "core/interrupt.h"
#include "core/lines.h"

namespace dragoman {
namespace {

// Lines from one sign of life to the next: of those that nobody sees, and of a progress line.
constexpr size_t kWindow = 1024, kShownWindow = 256;

}  // namespace

StringList read_lines(const std::string& path) {
  LineReader reader(path, InvalidUtf8::kRefuse);
  StringList lines;
  for (std::string line; reader.next(line);) lines.push_back(line);
  return lines;
}

StringList translate_lines(const Translator& translator, const StringList& sources,
                           const TranslationProgress& progress) {
  StringList texts(sources.size());
  // Lines of one length stand in one window, so that batches have no more padding than those of the whole.
  std::vector<size_t> order(sources.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return sources[a].size() > sources[b].size(); });
  const size_t window = progress ? kShownWindow : kWindow;
  for (size_t begin = 0; begin < order.size(); begin += window) {
    throw_if_interrupted();
    const size_t end = std::min(begin + window, order.size());
    StringList lines;
    for (size_t i = begin; i < end; ++i) lines.push_back(sources[order[i]]);
    const auto translations = translator.translate(lines);
    for (size_t i = begin; i < end; ++i) texts[order[i]] = translations[i - begin].text();
    if (progress) progress(translations);
  }
  return texts;
}

}  // namespace dragoman
