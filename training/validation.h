// Scores of the present model: its loss on the validation pairs, and BLEU, chrF and the share of wrong lines
// of its translations.
#pragma once

#include <string>

#include "data/encoded_corpus.h"
#include "evaluation/bleu_tokenizer.h"
#include "model/weights.h"
#include "planning/training_options.h"
#include "report/train_log.h"

namespace dragoman {

class Validator {
 public:
  // `text`: the pairs that `corpus` was encoded from. Both must outlive the validator.
  Validator(const TextPairs& text, const EncodedCorpus& corpus, const TrainingOptions& options);

  // A checksum over the text.
  std::string fingerprint() const;
  // How BLEU splits the targets: 13a where they have spaces between words, else zh or char. By the script, so
  // that BLEU never stays at 0.
  Tokenization bleu_tokenizer() const { return bleu_tokenizer_; }

  // Leaves the model in the mode (training or evaluation) in which it was.
  ValidationResult run(LoadedModelFolder& folder, int64_t update) const;

 private:
  void measure_loss(Transformer& model, ValidationResult& result) const;
  void translate(LoadedModelFolder& folder, ValidationResult& result) const;

  const TextPairs& text_;
  const EncodedCorpus& corpus_;
  const TrainingOptions& options_;
  Tokenization bleu_tokenizer_;
};

}  // namespace dragoman
