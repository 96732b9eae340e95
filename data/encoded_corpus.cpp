#include "data/encoded_corpus.h"

#include <algorithm>
#include <exception>
#include <thread>

#include "core/error.h"
#include "core/log.h"

namespace dragoman {
namespace {

// Pairs are encoded in blocks of this many, so that little stands in memory twice.
constexpr int64_t kBlock = 1 << 16;
// Between short sentences a high ratio means nothing: "Yes." may take twelve tokens in another language.
constexpr int64_t kShortSide = 10;

struct EncodedPair {
  std::vector<int32_t> source, target;
};

std::vector<int32_t> ended(const std::vector<int64_t>& ids, int64_t eos) {
  std::vector<int32_t> result;
  result.reserve(ids.size() + 1);
  for (const int64_t id : ids) result.push_back(static_cast<int32_t>(id));
  result.push_back(static_cast<int32_t>(eos));
  return result;
}

// Calls work(i) for each i in [begin, end) on up to `threads` threads; the first exception is thrown on.
template <typename Work>
void in_parallel(int64_t begin, int64_t end, int64_t threads, const Work& work) {
  const int64_t parts = std::clamp<int64_t>(threads, 1, std::max<int64_t>(1, end - begin));
  std::vector<std::exception_ptr> failures(static_cast<size_t>(parts));
  const auto run_part = [&](int64_t part) {
    try {
      for (int64_t i = begin + part; i < end; i += parts) work(i);
    } catch (...) {
      failures[static_cast<size_t>(part)] = std::current_exception();
    }
  };
  std::vector<std::thread> running;
  for (int64_t part = 1; part < parts; ++part) running.emplace_back(run_part, part);
  run_part(0);
  for (std::thread& thread : running) thread.join();
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace

std::optional<CorpusIssue> length_issue(int64_t source_length, int64_t target_length,
                                        const CorpusOptions& options) {
  const auto [shorter, longer] = std::minmax(source_length, target_length);
  if (options.max_train_length > 0 && longer > options.max_train_length) return CorpusIssue::kTooLong;
  // The shorter side counts as kShortSide tokens at least.
  const auto base = static_cast<double>(std::max(shorter, kShortSide));
  if (options.max_length_ratio > 0 && static_cast<double>(longer) > options.max_length_ratio * base) {
    return CorpusIssue::kUnequalLengths;
  }
  return std::nullopt;
}

OptionList CorpusOptions::describe() {
  return grouped(
      "Training text",
      {
          option(max_train_length, "max-train-length", "N",
                 "pairs with more tokens on a side are left out, </s> included; 0 for no limit")
              .at_least(0),
          option(max_length_ratio, "max-length-ratio", "X",
                 "pairs with a side this many times as long as the other are left out (a side of fewer than "
                 "10 tokens counts as 10); 0 for no limit")
              .at_least(0),
      });
}

void EncodedCorpus::Side::append(std::span<const int32_t> sentence) {
  ids.insert(ids.end(), sentence.begin(), sentence.end());
  begin.push_back(ids.size());
}

void EncodedCorpus::append(int64_t text_index, std::span<const int32_t> source,
                           std::span<const int32_t> target) {
  source_.append(source);
  target_.append(target);
  index_.push_back(text_index);
}

EncodedCorpus EncodedCorpus::encode(const TextPairs& pairs, const Tokenizer& source_tokenizer,
                                    const Tokenizer& target_tokenizer, const CorpusOptions& options,
                                    int64_t threads, CorpusReport& report) {
  EncodedCorpus corpus;
  const int64_t source_eos = source_tokenizer.vocabulary().eos_id(),
                target_eos = target_tokenizer.vocabulary().eos_id();
  std::vector<EncodedPair> block(static_cast<size_t>(std::min(kBlock, pairs.size())));
  for (int64_t first = 0; first < pairs.size(); first += kBlock) {
    const int64_t end = std::min(first + kBlock, pairs.size());
    in_parallel(first, end, threads, [&](int64_t i) {
      const auto text = static_cast<size_t>(i);
      EncodedPair& pair = block[static_cast<size_t>(i - first)];
      pair.source = ended(source_tokenizer.encode_source(pairs.source[text]), source_eos);
      pair.target = ended(target_tokenizer.encode(pairs.target[text]), target_eos);
    });
    for (int64_t i = first; i < end; ++i) {
      const EncodedPair& pair = block[static_cast<size_t>(i - first)];
      const auto issue = length_issue(static_cast<int64_t>(pair.source.size()),
                                      static_cast<int64_t>(pair.target.size()), options);
      if (issue)
        report.add(*issue, pairs.place(i));
      else
        corpus.append(i, pair.source, pair.target);
    }
  }
  report.kept += corpus.size() - pairs.size();
  if (corpus.size() == 0) {
    throw DataError(
        pairs.size() > 0 ? pairs.place(0) : "training text",
        "required at least one pair within --max-train-length and --max-length-ratio, got none of " +
            with_commas(pairs.size()));
  }
  return corpus;
}

EncodedCorpus EncodedCorpus::from_ids(const std::vector<std::vector<int32_t>>& source,
                                      const std::vector<std::vector<int32_t>>& target) {
  if (source.size() != target.size()) throw std::logic_error("from_ids: the sides differ in size");
  EncodedCorpus corpus;
  for (size_t i = 0; i < source.size(); ++i) corpus.append(static_cast<int64_t>(i), source[i], target[i]);
  return corpus;
}

}  // namespace dragoman
