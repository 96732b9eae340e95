#include "app/translation_counts.h"

#include <string>

namespace dragoman {

void TranslationCounts::add(const Translation& t, int64_t n_best) {
  ++lines;
  silent += t.status == TranslationStatus::kSilent;
  unknown += t.status == TranslationStatus::kUnreadable;
  few += t.status != TranslationStatus::kEmpty && std::ssize(t.candidates) < n_best;
  split += t.pieces > 1;
  truncated += t.status == TranslationStatus::kTruncated;
  looped += t.status == TranslationStatus::kLooped;
  retried += t.retried;
  empty += t.status == TranslationStatus::kEmpty;
}

void TranslationCounts::report(Log& log, bool sentences) const {
  const auto tell = [&](int64_t count, const std::string& text) {
    if (count > 0) log.warning(with_commas(count) + (count == 1 ? " line " : " lines ") + text);
  };
  if (!sentences)
    tell(split,
         "had more tokens than --max-source-length: translated in pieces and rejoined (--split-sentences "
         "splits a paragraph at the ends of its sentences)");
  tell(truncated,
       sentences ? "reached the length limit before the translation ended (--max-length)"
                 : "reached the length limit before the translation ended (--max-length; --split-sentences "
                   "translates a paragraph sentence by sentence)");
  tell(retried,
       "had a translation that repeats itself: decoded again with repetitions forbidden (--loop-guard)");
  tell(looped, retried > 0
                   ? "had a translation that still repeats itself"
                   : "had a translation that repeats itself (--loop-guard retry decodes such lines again)");
  tell(unknown, "had characters that the model does not know in half of its tokens or more (<unk>)");
  tell(silent, "had text, and its translation is empty");
  tell(few, "had fewer different translations than --n-best: in text output, the last one is repeated");
  tell(empty, "had no text: left empty");
}

}  // namespace dragoman
