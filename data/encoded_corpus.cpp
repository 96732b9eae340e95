#include "data/encoded_corpus.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"

namespace dragoman {
namespace {

// Pairs are encoded in blocks of this size, of which a few per thread are in memory.
constexpr int64_t kBlock = 1 << 12;
// Words that the threads remember for one side: all together, and each at least.
constexpr int64_t kWords = 1 << 18, kMinWords = 1 << 16;
// The length ratio of short sentences means nothing: "Yes." may have twelve tokens in another language.
constexpr int64_t kShortSide = 10;

bool has(std::span<const int32_t> ids, int64_t id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

}  // namespace

std::optional<CorpusIssue> pair_issue(int64_t source_length, int64_t target_length,
                                      const CorpusOptions& options) {
  const auto [shorter, longer] = std::minmax(source_length, target_length);
  if (longer <= 1) return CorpusIssue::kBothSidesBlank;
  if (shorter <= 1) return CorpusIssue::kOneSideBlank;
  if (options.max_train_length > 0 && longer > options.max_train_length) return CorpusIssue::kTooLong;
  // The shorter side counts as at least kShortSide tokens.
  const int64_t base = std::max(shorter, kShortSide);
  if (options.max_length_ratio > 0 && longer > options.max_length_ratio * base) {
    return CorpusIssue::kUnequalLengths;
  }
  return std::nullopt;
}

OptionList CorpusOptions::describe() {
  return grouped(
      "Training text",
      {
          option(max_train_length, "max-train-length", "N",
                 "drop pairs with more tokens than this on a side, </s> included; 0: no limit")
              .at_least(0),
          option(max_length_ratio, "max-length-ratio", "X",
                 "drop pairs with a side more than this many times as long as the other (a side of fewer "
                 "than 10 tokens counts as 10); 0: no limit")
              .at_least(0),
          option(corpus_memory, "corpus-memory", "MIB",
                 "memory for the encoded training text; the rest goes to a temporary file in the model "
                 "folder and is read from there in windows")
              .at_least(0)
              .changeable(),
      });
}

void EncodedCorpus::Side::append(std::span<const int32_t> sentence) {
  ids.append(sentence.data(), sentence.size());
  begin.append(ids.size());
}

void EncodedCorpus::Side::spill(const std::string& folder) {
  ids.spill(folder);
  begin.spill(folder);
}

void EncodedCorpus::Side::seal() {
  ids.seal();
  begin.seal();
}

void EncodedCorpus::Side::release() const {
  ids.release();
  begin.release();
}

void EncodedCorpus::release() const {
  source_.release();
  target_.release();
}

void EncodedCorpus::append(std::span<const int32_t> source, std::span<const int32_t> target) {
  source_.append(source);
  target_.append(target);
}

EncodedCorpus EncodedCorpus::encode(const TextPairs& pairs, const Tokenizer& source_tokenizer,
                                    const Tokenizer& target_tokenizer, const CorpusOptions& options,
                                    int64_t threads, CorpusReport& report) {
  CorpusEncoder encoder(source_tokenizer, target_tokenizer, options, threads, report);
  for (int64_t i = 0; i < pairs.size(); ++i) encoder.add(pairs.at(i));
  return encoder.finish();
}

EncodedCorpus EncodedCorpus::from_ids(const std::vector<std::vector<int32_t>>& source,
                                      const std::vector<std::vector<int32_t>>& target) {
  if (source.size() != target.size()) throw std::logic_error("from_ids: the sides differ in size");
  EncodedCorpus corpus;
  for (size_t i = 0; i < source.size(); ++i) corpus.append(source[i], target[i]);
  return corpus;
}

std::span<const int32_t> CorpusEncoder::Ids::at(size_t sentence) const {
  const size_t begin = sentence == 0 ? 0 : ends[sentence - 1];
  return std::span(ids).subspan(begin, ends[sentence] - begin);
}

CorpusEncoder::CorpusEncoder(const Tokenizer& source, const Tokenizer& target, const CorpusOptions& options,
                             int64_t threads, CorpusReport& report, std::string folder)
    : source_end_(source.vocabulary().eos_id()),
      source_unknown_(source.vocabulary().unk_id()),
      target_end_(target.vocabulary().eos_id()),
      target_unknown_(target.vocabulary().unk_id()),
      options_(options),
      report_(report),
      folder_(std::move(folder)),
      pipeline_(
          threads, [this](Block& block, int64_t thread) { encode(block, thread); },
          [this](Block& block) { append(block); }) {
  threads = std::max<int64_t>(1, threads);
  const auto source_words = std::make_shared<const WordSplitter>(source);
  const auto target_words = std::make_shared<const WordSplitter>(target);
  const size_t capacity = std::max(kMinWords, kWords / threads);
  for (int64_t i = 0; i < threads; ++i)
    encoders_.push_back({WordEncoder(source_words, capacity), WordEncoder(target_words, capacity)});
  corpus_.max_length_ = options.max_train_length;
}

void CorpusEncoder::add(const VisitedPair& pair) {
  if (added_++ == 0) first_place_ = pair.place();
  block_.text.append(pair);
  if (block_.text.size() == kBlock) pipeline_.add(std::exchange(block_, Block()));
}

void CorpusEncoder::encode(Block& block, int64_t thread) {
  const auto end_sentence = [](Ids& side, int64_t end) {
    side.ids.push_back(end);
    side.ends.push_back(side.ids.size());
  };
  Encoders& encoders = encoders_[thread];
  for (int64_t i = 0; i < block.text.size(); ++i) {
    throw_if_interrupted();
    encoders.source.encode_source(block.text.source[i], block.source.ids);
    end_sentence(block.source, source_end_);
    encoders.target.encode(block.text.target[i], block.target.ids);
    end_sentence(block.target, target_end_);
  }
}

void CorpusEncoder::append(const Block& block) {
  for (int64_t i = 0; i < block.text.size(); ++i) {
    const auto source = block.source.at(i), target = block.target.at(i);
    const auto issue = pair_issue(source.size(), target.size(), options_);
    if (issue) {
      report_.add(*issue, block.text.place(i));
      --report_.kept;
      continue;
    }
    if (has(source, source_unknown_)) report_.add(CorpusIssue::kUnknownCharacters, block.text.at(i).place());
    if (has(target, target_unknown_))
      report_.add(CorpusIssue::kUnknownCharacters, block.text.at(i).place(true));
    corpus_.source_statistics_.add(source, source_unknown_);
    corpus_.target_statistics_.add(target, target_unknown_);
    corpus_.append(source, target);
  }
  const int64_t mebibytes = (corpus_.source_.bytes() + corpus_.target_.bytes()) >> 20;
  if (!spilled_ && !folder_.empty() && mebibytes >= options_.corpus_memory) {
    corpus_.source_.spill(folder_);
    corpus_.target_.spill(folder_);
    spilled_ = true;
  }
}

EncodedCorpus CorpusEncoder::finish() {
  pipeline_.add(std::exchange(block_, Block()));
  pipeline_.finish();
  corpus_.source_.seal();
  corpus_.target_.seal();
  if (corpus_.size() == 0) {
    throw DataError(added_ > 0 ? first_place_ : "training text",
                    "expected at least one pair within --max-train-length " +
                        std::to_string(options_.max_train_length) + " and --max-length-ratio, got none of " +
                        with_commas(added_) + "; raise them, or see what `dragoman check` says of the text");
  }
  return std::move(corpus_);
}

}  // namespace dragoman
