// `--preset auto` of a run: gathers what planning/auto_preset.h chooses by, and completes the settings.
#pragma once

#include "core/running_clock.h"
#include "runtime/torch.h"
#include "training/run_text.h"

namespace dragoman {

// Completes the settings of a new run with kAutoPreset, in two steps. Settings of other presets stay as they
// are. `clock` runs since the command began: --max-time counts from there.
class AutoRun {
 public:
  AutoRun(const RunOptions& options, RunningClock& clock, Log& log);

  // Before the tokenizer is trained. DataError for a text that no model can learn from; UsageError when
  // --max-time is over.
  RunOptions with_tokenizer(const RunText& text);
  // When the text is encoded. `model`: with the sizes of the vocabularies. Trains a few models for a second
  // or two, to see how fast they are. Errors as above.
  RunOptions with_settings(const ModelOptions& model, const TrainingText& text,
                           const TokenizerPair& tokenizers, const torch::Device& device);

  // What was chosen and why; empty when nothing was.
  const std::vector<std::string>& choice() const { return choice_; }

 private:
  void check_time(const std::string& done) const;

  RunOptions options_;
  GivenSettings given_;
  bool is_on_;
  RunningClock& clock_;
  Log& log_;
  bool symbols_ = false;
  std::vector<std::string> choice_;
};

}  // namespace dragoman
