// The text of a run: read, looked at, split, learned from by the tokenizers, and encoded.
#pragma once

#include <string>
#include <unordered_set>

#include "report/report.h"
#include "tokenizer/language_tags.h"
#include "training/run.h"

namespace dragoman {

// The training text is gone through three times, a pair in memory at a time: once to look at it, once to
// learn the tokenizer (of a new run), once to encode it.
struct RunText {
  explicit RunText(const ParallelFiles& files) : train_text(files) {}

  RepeatableText train_text;
  std::unordered_set<std::string> held_out;  // sources of it that are validation text instead
  TextPairs valid_text;
  LanguageTags tags, valid_tags;  // that begin source lines
  ReportCorpus train{.title = "Training text"}, valid{.title = "Validation text"};

  bool is_held_out(const VisitedPair& pair) const { return held_out.count(pair.source) > 0; }
};

// The first pass: what is in the text, and what of it is held out for validation when there is no other text
// for that. DataError, UsageError: see RepeatableText and HeldOutChooser.
void read_text(const RunOptions& options, RunText& text, Log& log);

struct TrainedPair {
  std::string source_spm, target_spm;
  Vocabulary source, target;
};

// The second pass.
TrainedPair train_tokenizers(const RunOptions& options, RunText& text, Log& log);

// The last pass, which also collects the pairs that are held out.
EncodedCorpus encode_training_text(RunText& text, const TokenizerPair& tokenizers, const RunOptions& options,
                                   Log& log);
EncodedCorpus encode_validation_text(RunText& text, const TokenizerPair& tokenizers,
                                     const RunOptions& options, Log& log);

}  // namespace dragoman
