// `--preset auto`: the settings of a new run from its text, the machine and the time limit.
//
//   text --auto_tokenizer--> TokenizerOptions --> encoded text --auto_settings--> AutoChoice
//
// Every setting that the user gave stays as it is, and the others adapt to it. The rules are tables at the
// head of auto_preset.cpp. A row names the measurement or paper that it comes from, or is an estimate
// (docs/auto.md).
#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "core/shared_options.h"
#include "data/text_profile.h"
#include "folder/model_options.h"
#include "planning/training_options.h"
#include "tokenizer/trainer.h"

namespace dragoman {

// The names of the settings that the user gave, as flags or by --config: "d-model".
using GivenSettings = std::set<std::string>;

// What the first pass over the training text finds.
struct AutoText {
  int64_t pairs = 0;      // without those held out
  int64_t different = 0;  // pairs that are not a repetition of an earlier one
  PairProfile profile;

  bool is_symbols() const;  // letters or phones on both sides, separated or as single words
};

// Vocabulary size, and coverage of characters where the alphabet is large.
TokenizerOptions auto_tokenizer(TokenizerOptions options, const GivenSettings& given, const AutoText& text);

// The encoded text.
struct AutoCorpus {
  int64_t pairs = 0;
  int64_t target_tokens = 0;  // of an epoch
  int64_t valid_tokens = 0;   // target tokens of the validation text; 0: none
  int64_t valid_pairs = 0;
  bool symbols = false;  // AutoText::is_symbols
  bool unigram = true;   // the tokenizer can be sampled
};

struct AutoMachine {
  Precision fastest = Precision::kFloat32;  // of training
  int64_t memory = 0;                       // bytes that this process may use; 0: unknown
};

struct AutoSettings {
  ModelOptions model;  // with the sizes of the vocabularies
  TrainingOptions training;
};

// How fast updates with some settings are.
struct UpdateSpeed {
  double tokens_per_second = 0;  // target tokens
  double tokens_per_update = 0;
};
using MeasureSpeed = std::function<UpdateSpeed(const AutoSettings&)>;

struct AutoChoice {
  AutoSettings settings;
  double epochs = 0;               // that the updates make
  std::vector<std::string> lines;  // for the user: what was chosen and why
  std::vector<std::string> warnings;
};

struct AutoRequest {
  AutoSettings settings;  // those that the user gave, and the defaults
  GivenSettings given;
  AutoCorpus corpus;
  AutoMachine machine;
  double seconds = 0;           // that are left for training; 0: no limit
  bool is_fine_tuning = false;  // the shape is fixed, the weights are trained
};

// Shape, batch size, learning rate, warm-up, schedule, dropout, subword sampling, averaging, validation
// interval, precision and number of updates. `measure` is called for a few shapes, the largest first.
// UsageError when the smallest model does not fit into the memory.
AutoChoice auto_settings(const AutoRequest& request, const MeasureSpeed& measure);

// Warnings for a text from which no useful model can be expected. DataError when there are too few different
// pairs to train on at all.
std::vector<std::string> auto_text_warnings(const AutoText& text);

// An estimate of the bytes that training takes: weights, gradients, Adam's moments and the activations of a batch.
int64_t training_memory(const AutoSettings& settings);

}  // namespace dragoman
