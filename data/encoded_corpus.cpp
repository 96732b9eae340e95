#include "data/encoded_corpus.h"

#include <algorithm>

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "core/workers.h"

namespace dragoman {
namespace {

// Pairs are encoded in blocks of this size. Only one block is in memory both as text and as ids.
constexpr int64_t kBlock = 1 << 16;
// The length ratio of short sentences means nothing: "Yes." may have twelve tokens in another language.
constexpr int64_t kShortSide = 10;

struct EncodedPair {
  std::vector<int32_t> source, target;
};

std::vector<int32_t> with_end(const std::vector<int64_t>& ids, int64_t eos) {
  std::vector<int32_t> result;
  result.reserve(ids.size() + 1);
  result.assign(ids.begin(), ids.end());
  result.push_back(eos);
  return result;
}

bool has_unknown(const std::vector<int32_t>& ids, const Tokenizer& tokenizer) {
  return std::find(ids.begin(), ids.end(), tokenizer.vocabulary().unk_id()) != ids.end();
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

CorpusEncoder::CorpusEncoder(const Tokenizer& source, const Tokenizer& target, const CorpusOptions& options,
                             int64_t threads, CorpusReport& report, std::string folder)
    : source_(source),
      target_(target),
      options_(options),
      threads_(threads),
      report_(report),
      folder_(std::move(folder)) {
  corpus_.max_length_ = options.max_train_length;
}

void CorpusEncoder::add(const VisitedPair& pair) {
  if (added_++ == 0) first_place_ = pair.place();
  block_.append(pair);
  if (block_.size() == kBlock) encode_block();
}

void CorpusEncoder::encode_block() {
  std::vector<EncodedPair> ids(block_.size());
  side_by_side(ids.size(), std::max<int64_t>(1, threads_), [&](size_t i) {
    throw_if_interrupted();
    ids[i].source = with_end(source_.encode_source(block_.source[i]), source_.vocabulary().eos_id());
    ids[i].target = with_end(target_.encode(block_.target[i]), target_.vocabulary().eos_id());
  });
  for (size_t i = 0; i < ids.size(); ++i) {
    const auto issue = pair_issue(ids[i].source.size(), ids[i].target.size(), options_);
    if (issue) {
      report_.add(*issue, block_.place(i));
      --report_.kept;
      continue;
    }
    if (has_unknown(ids[i].source, source_))
      report_.add(CorpusIssue::kUnknownCharacters, block_.at(i).place());
    if (has_unknown(ids[i].target, target_))
      report_.add(CorpusIssue::kUnknownCharacters, block_.at(i).place(true));
    corpus_.append(ids[i].source, ids[i].target);
  }
  block_.clear();
  const int64_t mebibytes = (corpus_.source_.bytes() + corpus_.target_.bytes()) >> 20;
  if (!spilled_ && !folder_.empty() && mebibytes >= options_.corpus_memory) {
    corpus_.source_.spill(folder_);
    corpus_.target_.spill(folder_);
    spilled_ = true;
  }
}

EncodedCorpus CorpusEncoder::finish() {
  encode_block();
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
