// The text of a run. The training text is read three times, one pair in memory at a time:
//
//   files --read_text--> RunText --train_tokenizers (of a new run)--> TokenizerFiles
//                                --encode_training_text--> EncodedText, ValidationText
//                                                          ValidationText --encode_validation_text-->
//                                                          EncodedText
#pragma once

#include <string>
#include <unordered_set>

#include "core/log.h"
#include "data/text_profile.h"
#include "folder/model_files.h"
#include "report/report.h"
#include "tokenizer/language_tags.h"
#include "training/run_options.h"

namespace dragoman {

struct ValidationText {
  TextPairs pairs;
  LanguageTags tags;  // that begin source lines
  ReportCorpus facts{.title = "Validation text"};
};

// What the first pass finds.
struct RunText {
  explicit RunText(const ParallelFiles& files) : train(files) {}

  RepeatableText train;
  std::unordered_set<std::string> held_out;  // sources of it that are validation text instead
  LanguageTags tags;                         // that begin source lines
  PairProfile profile;
  ReportCorpus facts{.title = "Training text"};
  ValidationText valid;  // without the pairs that are held out

  bool is_held_out(const VisitedPair& pair) const { return held_out.count(pair.source) > 0; }
};

// The first pass: checks the text, and holds pairs out for validation if there is no validation
// text. DataError, UsageError: see RepeatableText and HeldOutChooser.
RunText read_text(const RunOptions& options, Log& log);

// The second pass. It changes the text only in that it is read again.
TokenizerFiles train_tokenizers(const RunOptions& options, RunText& text, Log& log);

struct EncodedText {
  EncodedCorpus corpus;
  ReportCorpus facts;
};

// What training and validation read.
struct TrainingText {
  EncodedText train;
  ValidationText valid;  // with the pairs that are held out
};

// The last pass.
TrainingText encode_training_text(RunText text, const TokenizerPair& tokenizers, const RunOptions& options,
                                  Log& log);
EncodedText encode_validation_text(const ValidationText& text, const TokenizerPair& tokenizers,
                                   const RunOptions& options, Log& log);

}  // namespace dragoman
