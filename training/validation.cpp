#include "training/validation.h"

#include "core/interrupt.h"
#include "core/running_clock.h"
#include "decoding/torch/engine_factory.h"
#include "decoding/translator.h"
#include "evaluation/metrics.h"
#include "evaluation/word_spaces.h"
#include "folder/manifest.h"
#include "training/batch.h"
#include "training/projected_loss.h"

namespace dragoman {
namespace {

constexpr int64_t kSamples = 5;

StringList first(const StringList& lines, int64_t count) {
  const int64_t size = std::ssize(lines);
  return {lines.begin(), lines.begin() + (count == 0 ? size : std::min(count, size))};
}

class InEvaluation {
 public:
  explicit InEvaluation(Transformer& model) : model_(model), was_training_(model->is_training()) {
    model_->eval();
  }
  ~InEvaluation() { model_->train(was_training_); }
  InEvaluation(const InEvaluation&) = delete;
  InEvaluation& operator=(const InEvaluation&) = delete;

 private:
  Transformer& model_;
  bool was_training_;
};

}  // namespace

Validator::Validator(const TextPairs& text, const EncodedCorpus& corpus, const TrainingOptions& options)
    : text_(text),
      corpus_(corpus),
      options_(options),
      bleu_tokenizer_(tokenizer_of_script(word_spaces(text.target))) {}

std::string Validator::fingerprint() const {
  Checksum checksum;
  for (const StringList* side : {&text_.source, &text_.target}) {
    for (const std::string& line : *side) checksum.add(line.data(), line.size()), checksum.add("\n", 1);
  }
  return checksum.text();
}

ValidationResult Validator::run(LoadedModelFolder& folder, int64_t update) const {
  RunningClock clock;
  const InEvaluation mode(folder.model);
  ValidationResult result;
  result.update = update;
  measure_loss(folder.model, result);
  translate(folder, result);
  result.seconds = clock.seconds();
  return result;
}

void Validator::measure_loss(Transformer& model, ValidationResult& result) const {
  const torch::NoGradGuard no_grad;
  const ModelOptions& options = model->options();
  double loss = 0, cross_entropy = 0;
  int64_t tokens = 0;
  for (const auto& pairs : plan_sorted(corpus_, options_.max_tokens)) {
    throw_if_interrupted();
    const Batch batch = to_device(
        make_batch(corpus_, pairs, {options.source_pad_id(), options.target_pad_id()}), model->device());
    const auto hidden = model->decode_hidden(batch.decoder_input, model->encode(batch.source), batch.source);
    const auto sums = projected_loss(hidden, model->output_projection_, batch.labels,
                                     {options.target_pad_id(), options_.label_smoothing});
    loss += sums.smoothed.item<double>();
    cross_entropy += sums.cross_entropy.item<double>();
    tokens += batch.label_tokens;
  }
  result.loss = loss / tokens;
  result.cross_entropy = cross_entropy / tokens;
}

void Validator::translate(LoadedModelFolder& folder, ValidationResult& result) const {
  TranslateOptions translate_options;
  translate_options.search.beam_size = options_.valid_beam_size;
  const Translator translator(folder, translate_options, engine_over(folder.model));
  const StringList sources = first(text_.source, options_.valid_lines),
                   references = first(text_.target, options_.valid_lines);
  const StringList hypotheses = translate_lines(translator, sources);
  MetricOptions metrics;
  metrics.metrics = {MetricName::kBleu, MetricName::kChrf, MetricName::kSer};
  metrics.bleu.tokenize = bleu_tokenizer_;
  const auto scores = score_corpus(hypotheses, {references}, metrics);
  result.bleu = scores[0].score;
  result.chrf = scores[1].score;
  result.ser = scores[2].score;
  // Samples from all over the set, the same ones at each validation.
  const int64_t lines = std::ssize(sources);
  for (int64_t i = 0; i < std::min(kSamples, lines); ++i) {
    const int64_t line = i * lines / kSamples;
    result.samples.push_back({sources[line], references[line], hypotheses[line]});
  }
}

}  // namespace dragoman
