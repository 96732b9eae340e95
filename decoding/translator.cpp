#include "decoding/translator.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <stdexcept>

#include "core/interrupt.h"
#include "core/random.h"
#include "core/utf8.h"
#include "core/workers.h"
#include "decoding/batches.h"
#include "decoding/folder_ids.h"
#include "decoding/loop_guard.h"
#include "decoding/sentences.h"

namespace dragoman {

struct Translator::Segment {
  size_t line;
  std::vector<int64_t> source;  // ids, </s> at the end
  std::vector<int64_t> prefix;  // ids that the translation begins with
  std::vector<Hypothesis> hypotheses;
  bool looped = false, retried = false;
  bool unknown = false;  // at least half of the tokens are <unk>

  // The source without </s>.
  std::vector<int64_t> text() const { return {source.begin(), source.end() - 1}; }
};

namespace {

// Lines between two checks for signals, without and with a progress line.
constexpr size_t kWindow = 1024, kShownWindow = 256;

// A word has about two tokens: a phrase may be repeated, a clause may not.
constexpr int64_t kNoRepeatOnRetry = 4;
// For n-best lists with too few different texts, the beam grows by at most this factor and to this size.
constexpr int64_t kMaxBeamGrowth = 64, kMaxGrownBeam = 256;

// A line of text cannot contain a line break, but a byte-fallback vocabulary could generate one.
std::string without_line_breaks(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

// Whether at least half of the tokens are <unk>. A space symbol (U+2581) alone does not count.
bool is_mostly_unknown(const std::vector<int64_t>& ids, const Vocabulary& vocabulary) {
  const int64_t unknown = std::count(ids.begin(), ids.end(), vocabulary.unk_id());
  const auto space = vocabulary.find("\xE2\x96\x81");
  const int64_t spaces = space ? std::count(ids.begin(), ids.end(), *space) : 0;
  return unknown > 0 && 2 * unknown >= std::ssize(ids) - spaces;
}

// Splits `ids` (without </s>) into parts of at most `most` ids. A part ends at the last word boundary before
// the limit if possible.
std::vector<std::vector<int64_t>> cut(const std::vector<int64_t>& ids, int64_t most,
                                      const Vocabulary& vocabulary) {
  std::vector<std::vector<int64_t>> parts;
  int64_t begin = 0;
  while (std::ssize(ids) - begin > most) {
    int64_t end = begin + most;
    while (end > begin + most / 2 && vocabulary.piece(ids[end]).rfind("\xE2\x96\x81", 0) != 0)
      --end;  // U+2581 begins a word
    if (end == begin + most / 2) end = begin + most;
    parts.emplace_back(ids.begin() + begin, ids.begin() + end);
    begin = end;
  }
  parts.emplace_back(ids.begin() + begin, ids.end());
  return parts;
}

}  // namespace

OptionList TranslateOptions::describe() {
  return search.describe() +
         grouped(
             "Text",
             {
                 option(max_tokens, "max-tokens", "N", "maximum number of padded source positions per batch")
                     .at_least(1)
                     .at_most(1 << 24),
                 option(max_batch_lines, "max-batch-lines", "N",
                        "number of lines to read before translating them; with 1, each line is answered "
                        "before the next is read")
                     .at_least(1)
                     .at_most(1 << 24),
                 option(max_source_length, "max-source-length", "N",
                        "a line with more tokens is translated in pieces and rejoined; see --split-sentences")
                     .at_least(8)
                     .at_most(1 << 20),
                 option(target_language, "target-language", "CODE",
                        "puts >>CODE<< before each line, for models of several target languages"),
                 option(split_sentences, "split-sentences",
                        "translate paragraphs sentence by sentence and rejoin them: Unicode's sentences, "
                        "without those that end at an abbreviation"),
                 option(loop_guard, "loop-guard", "NAME",
                        "translations that repeat themselves: mark counts them and gives them the status "
                        "looped; retry decodes them again with repetitions forbidden; off ignores them"),
             });
}

std::string status_name(TranslationStatus status) {
  switch (status) {
    case TranslationStatus::kOk:
      return "ok";
    case TranslationStatus::kEmpty:
      return "empty";
    case TranslationStatus::kSplit:
      return "split";
    case TranslationStatus::kUnreadable:
      return "unknown";
    case TranslationStatus::kSilent:
      return "silent";
    case TranslationStatus::kTruncated:
      return "truncated";
    case TranslationStatus::kLooped:
      return "looped";
  }
  return "ok";
}

Translator::Translator(ModelFolder folder, const TranslateOptions& options, const EngineFactory& make_engine)
    : Translator(std::vector<ModelFolder>{std::move(folder)}, options, make_engine) {}

Translator::Translator(std::vector<ModelFolder> folders, const TranslateOptions& options,
                       const EngineFactory& make_engine)
    : folders_(std::move(folders)),
      options_(options),
      forbidden_(folder().generation.forbidden_groups),
      prefix_(language_prefix(folder(), options.target_language)) {
  options.search.check();
  if (options.split_sentences && !can_split_sentences())
    throw UsageError("--split-sentences", "expected a program that was built with ICU, got one without it");
  check_ids(folder(), options.search);
  std::vector<int64_t> never = forbidden_ids(folder());
  if (options.search.rules_see_log_probabilities()) {
    // Forbidden tokens have a share in these probabilities: the rules forbid them, not the engine.
    for (const int64_t id : never) forbidden_.push_back({id});
    never.clear();
  }
  engine_ = make_engine(folders_, never);
  for (auto& folder : folders_) folder.weights.reset();  // the engine has them
}

std::vector<Translator::Segment> Translator::segments_of(size_t line, const std::string& text) const {
  const Tokenizer& tokenizer = folder().tokenizers.source;
  const SourceLine line_parts = tokenizer.source_line(text);
  // A code at the beginning of a line applies to all its pieces.
  const std::vector<int64_t> prefix = line_parts.code ? std::vector<int64_t>{*line_parts.code} : prefix_;
  const std::string body(line_parts.text);
  const auto sentences = options_.split_sentences ? split_sentences(body) : std::vector<std::string>{body};
  std::vector<Segment> segments;
  for (const auto& sentence : sentences) {
    const std::vector<int64_t> ids = tokenizer.encode(sentence);
    if (ids.empty()) continue;
    const int64_t room = std::max<int64_t>(1, options_.max_source_length - 1 - std::ssize(prefix));
    for (const auto& part : cut(ids, room, tokenizer.vocabulary())) {
      Segment segment{line, prefix, {}, {}};
      segment.unknown = is_mostly_unknown(part, tokenizer.vocabulary());
      segment.source.insert(segment.source.end(), part.begin(), part.end());
      segment.source.push_back(tokenizer.vocabulary().eos_id());
      segments.push_back(std::move(segment));
    }
  }
  return segments;
}

void Translator::search_batch(const std::vector<Segment*>& batch, const SearchOptions& search_options) const {
  SearchLimits limits;
  limits.end_id = folder().tokenizers.target.vocabulary().eos_id();
  limits.forbidden = forbidden_;
  std::vector<const std::vector<int64_t>*> sources;
  bool has_prefix = false;
  for (const auto* segment : batch) {
    sources.push_back(&segment->source);
    const int64_t limit = search_options.limit(segment->source.size(), folder().generation.most_tokens());
    limits.lengths.push_back(limit + std::ssize(segment->prefix));
    limits.keys.push_back(stable_hash(
        {reinterpret_cast<const char*>(segment->source.data()), segment->source.size() * sizeof(int64_t)}));
    has_prefix = has_prefix || !segment->prefix.empty();
  }
  for (const auto* segment : batch) {
    if (has_prefix) limits.prefixes.push_back(segment->prefix);
  }
  if (search_options.encoder_no_repeat_ngram > 0) limits.sources = sources;
  auto results = engine_->search(sources, search_options, limits);
  for (size_t i = 0; i < batch.size(); ++i) batch[i]->hypotheses = std::move(results[i]);
}

void Translator::search_all(const std::vector<Segment*>& segments,
                            const SearchOptions& search_options) const {
  std::vector<size_t> lengths;
  for (const auto* segment : segments) lengths.push_back(segment->source.size());
  const auto batches = batches_by_length(lengths, options_.max_tokens);
  side_by_side(batches.size(), engine_->workers(), [&](size_t index) {
    std::vector<Segment*> batch;
    for (const size_t i : batches[index]) batch.push_back(segments[i]);
    search_batch(batch, search_options);
  });
}

// For n-best lists, all hypotheses of the beam are needed, because some have the same text.
SearchOptions Translator::wanted_search(bool retried) const {
  SearchOptions search = options_.search;
  if (search.is_beam_search() && search.n_best > 1) search.n_best = search.beam_size;
  if (retried && search.no_repeat_ngram == 0) search.no_repeat_ngram = kNoRepeatOnRetry;
  return search;
}

void Translator::guard_against_loops(std::vector<Segment>& segments) const {
  if (options_.loop_guard == LoopGuard::kOff) return;
  std::vector<Segment*> again;
  for (auto& segment : segments) {
    segment.looped = is_loop(segment.text(), segment.hypotheses.front().ids);
    if (segment.looped) again.push_back(&segment);
  }
  if (options_.loop_guard != LoopGuard::kRetry || again.empty()) return;
  search_all(again, wanted_search(true));
  for (auto* segment : again) {
    segment->retried = true;
    segment->looped = is_loop(segment->text(), segment->hypotheses.front().ids);
  }
}

// Keeps the best hypothesis of each text. The first hypothesis stays the result of the original search: those
// of `more`, which a wider beam found, are added only if they are not better.
void Translator::keep_different_texts(Segment& segment, std::vector<Hypothesis> more) const {
  std::set<std::string> texts;
  std::vector<Hypothesis> kept;
  const auto keep = [&](std::vector<Hypothesis>& hypotheses) {
    for (auto& hypothesis : hypotheses) {
      if (!kept.empty() && hypothesis.score > kept.front().score) continue;
      if (texts.insert(folder().tokenizers.target.decode(hypothesis.ids)).second)
        kept.push_back(std::move(hypothesis));
    }
  };
  keep(segment.hypotheses), keep(more);
  order_by_score(kept);
  segment.hypotheses = std::move(kept);
}

void Translator::find_different_texts(std::vector<Segment>& segments) const {
  const int64_t wanted = options_.search.n_best;
  if (wanted == 1 || !options_.search.is_beam_search()) return;
  for (auto& segment : segments) keep_different_texts(segment, {});
  for (const bool retried : {false, true}) {
    SearchOptions wider = wanted_search(retried);
    for (int64_t times = 2; times <= kMaxBeamGrowth && times * options_.search.beam_size <= kMaxGrownBeam;
         times *= 2) {
      std::vector<Segment*> few;
      for (auto& segment : segments) {
        if (segment.retried == retried && std::ssize(segment.hypotheses) < wanted) few.push_back(&segment);
      }
      if (few.empty()) break;
      std::vector<std::vector<Hypothesis>> before;
      for (auto* segment : few) before.push_back(std::move(segment->hypotheses));
      wider.beam_size = wider.n_best = times * options_.search.beam_size;
      search_all(few, wider);
      for (size_t i = 0; i < few.size(); ++i) {
        std::swap(few[i]->hypotheses, before[i]);
        keep_different_texts(*few[i], std::move(before[i]));
      }
    }
  }
  for (auto& segment : segments)
    segment.hypotheses.resize(std::min<int64_t>(segment.hypotheses.size(), wanted));
}

Translation Translator::assemble(const std::vector<Segment>& segments, size_t begin, size_t end) const {
  Translation result;
  if (begin == end) {
    result.status = TranslationStatus::kEmpty;
    result.candidates.emplace_back();
    return result;
  }
  result.pieces = end - begin;
  if (result.pieces > 1) result.status = TranslationStatus::kSplit;
  // Pieces are joined by rank: the k-th best translation of a line consists of the k-th best of each piece.
  size_t ranks = segments[begin].hypotheses.size();
  for (size_t i = begin; i < end; ++i) ranks = std::min(ranks, segments[i].hypotheses.size());
  for (size_t rank = 0; rank < ranks; ++rank) {
    Translation::Candidate candidate;
    for (size_t i = begin; i < end; ++i) {
      const Hypothesis& hypothesis = segments[i].hypotheses[rank];
      const std::string text = folder().tokenizers.target.decode(hypothesis.ids);
      if (i > begin && !joins_without_space(candidate.text, text)) candidate.text += ' ';
      candidate.text += text;
      candidate.score += hypothesis.score / (end - begin);
      candidate.log_probability += hypothesis.log_probability;
      candidate.tokens += hypothesis.ids.size();
      if (rank == 0 && !hypothesis.complete) result.status = TranslationStatus::kTruncated;
    }
    candidate.text = without_line_breaks(std::move(candidate.text));
    result.candidates.push_back(std::move(candidate));
  }
  const bool unknown = std::any_of(segments.begin() + begin, segments.begin() + end,
                                   [](const Segment& s) { return s.unknown; });
  if (result.status != TranslationStatus::kTruncated && is_blank(result.text()))
    result.status = TranslationStatus::kSilent;
  else if (result.status != TranslationStatus::kTruncated && unknown)
    result.status = TranslationStatus::kUnreadable;
  for (size_t i = begin; i < end; ++i) {
    if (segments[i].looped) result.status = TranslationStatus::kLooped;
    result.retried = result.retried || segments[i].retried;
  }
  return result;
}

std::vector<Translation> Translator::translate(const std::vector<std::string>& lines,
                                               const std::vector<std::string>& prefixes) const {
  if (!prefixes.empty() && prefixes.size() != lines.size())
    throw std::logic_error("Translator: expected a prefix for each line or none");
  std::vector<Segment> segments;
  std::vector<size_t> first_segment;  // of each line, and the end of the last
  std::vector<int64_t> replaced;
  for (size_t i = 0; i < lines.size(); ++i) {
    first_segment.push_back(segments.size());
    std::string text = lines[i];
    replaced.push_back(replace_invalid_utf8(text));
    if (is_blank(text)) continue;
    for (auto& segment : segments_of(i, text)) segments.push_back(std::move(segment));
    if (!prefixes.empty() && segments.size() > first_segment.back()) {
      std::string prefix = prefixes[i];
      replace_invalid_utf8(prefix);
      segments[first_segment.back()].prefix = folder().tokenizers.target.encode(prefix);
    }
  }
  first_segment.push_back(segments.size());

  std::vector<Segment*> all;
  for (auto& segment : segments) all.push_back(&segment);
  search_all(all, wanted_search(false));
  guard_against_loops(segments);
  find_different_texts(segments);

  std::vector<Translation> results;
  for (size_t i = 0; i < lines.size(); ++i) {
    results.push_back(assemble(segments, first_segment[i], first_segment[i + 1]));
    results.back().replaced_bytes = replaced[i];
  }
  return results;
}

StringList translate_lines(const Translator& translator, const StringList& sources,
                           const TranslationProgress& progress) {
  StringList texts(sources.size());
  // Sorted by length, so the batches of a window have no more padding than those of the whole text.
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
