#include "planning/auto_preset.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>

#include "core/log.h"

namespace dragoman {
namespace {

// ---- the rules ----------------------------------------------------------------------------------------

// A row without a source is an estimate between its neighbours.

// The shapes, from small to large, each with its peak learning rate and the most updates of warm-up.
struct Shape {
  int64_t d_model, layers, ffn_dim, heads;
  double learning_rate;
  int64_t max_warmup;
};
constexpr std::array<Shape, 9> kShapes = {{
    {64, 3, 256, 2, 5e-3, 1'000},
    {96, 4, 256, 3, 4e-3, 1'000},
    {128, 4, 256, 4, 3e-3, 1'000},  // Wu et al. 2021, tiny; benchmarks/results/2026-11-27-multi30k.md
    {192, 4, 768, 6, 1.5e-3, 1'500},
    {256, 4, 1024, 4, 1e-3, 1'500},  // benchmarks/results/2026-11-27-tatoeba.md and 2026-11-27-cmudict.md
    {384, 6, 1536, 6, 8e-4, 4'000},
    {512, 6, 2048, 8, 7e-4, 4'000},  // Vaswani et al. 2017, table 3, base; their rate at 4,000 updates
    {768, 6, 3072, 12, 6e-4, 4'000},
    {1024, 6, 4096, 16, 5e-4, 4'000},  // Vaswani et al. 2017, table 3, big; Ott et al. 2018
}};

// By the number of training pairs: values between the rows are interpolated, in logarithms.
struct SizeRule {
  double pairs;
  double max_width;   // wider models overfit, or learn more slowly
  double vocabulary;  // pieces
  double max_epochs;
};
constexpr std::array<SizeRule, 6> kSizes = {{
    {2'000, 96, 1'500, 300},
    {5'000, 128, 2'500, 250},
    {29'000, 128, 6'000, 150},     // benchmarks/results/2026-11-27-multi30k.md: 192 is slower to learn
    {145'000, 256, 8'000, 60},     // benchmarks/results/2026-11-27-tatoeba.md
    {1'000'000, 512, 16'000, 30},  // docs/howto/choose-settings.md
    {10'000'000, 1024, 32'000, 15},
}};

// The largest shape is taken that sees so many target tokens per parameter.
// 2026-11-27-tatoeba.md: 2.5 at 256 wide are better than 15 at 160 wide; 2026-11-27-multi30k.md: 8 at 128 wide.
constexpr double kTokensPerParameter = 2;

// Dropout by epochs, interpolated in logarithms and rounded to 0.05.
struct DropoutRule {
  double epochs, dropout;
};
constexpr std::array<DropoutRule, 4> kDropouts = {{
    {10, 0.1},
    {54, 0.15},   // benchmarks/results/2026-11-27-multi30k.md: 0.25 is 2 BLEU worse
    {116, 0.15},  // the same: 0.2 is not better
    {300, 0.3},
}};

constexpr std::array<int64_t, 5> kBatches = {512, 1024, 2048, 4096, 8192};
constexpr double kMinUpdates = 4'000;        // a larger batch must leave so many
constexpr double kMinUpdatesPerEpoch = 200;  // Multi30k's recipe has 259, Tatoeba's 389
constexpr double kManyUpdates = 100'000;     // larger updates pay above it (Ott et al. 2018)
constexpr int64_t kLargeUpdate = 25'000;     // target tokens (Vaswani et al. 2017, 5.1)

constexpr double kSamplingEpochs = 8;  // fewer epochs see too few segmentations
constexpr double kSampling = 0.3;      // Kudo 2018; benchmarks/quality/multi30k

constexpr double kWarmupShare = 0.1;
constexpr double kUsableTime = 0.95;      // a machine may become slower
constexpr double kValidationTime = 0.05;  // of the time of updates, at most
constexpr double kValidationCost = 2;     // a validation token takes the time of two training tokens
constexpr int64_t kValidations = 40;
constexpr int64_t kMinValidations = 8;
constexpr double kMinValidationLines = 200;  // of which some are translated, where all would take too long
constexpr int64_t kAveraged = 5;
constexpr int64_t kPatience = 20;           // of a run without a time limit
constexpr double kDay = 24 * 3600;          // a run without a time limit is chosen to fit a day
constexpr double kFineTuningRate = 0.2;     // of the peak of the same shape from scratch
constexpr double kFineTuningEpochs = 0.15;  // of those from scratch

constexpr double kUsableMemory = 0.8;
constexpr int64_t kMinDifferentPairs = 10, kFewPairs = 1'000;
constexpr double kMuchRepetition = 0.5;
constexpr int64_t kLargeAlphabet = 1'000;
constexpr double kCoverageOfLargeAlphabet = 0.9995;  // SentencePiece's advice for Japanese and Chinese
constexpr double kLetterPieces = 4;                  // per letter, where lines are single words
constexpr double kSpecialPieces = 16;                // </s>, <unk>, and a few language tags
constexpr double kRoomForWords = 1.5;                // of the pieces of single characters

// ---- arithmetic ---------------------------------------------------------------------------------------

// Linear in log(x) and log(y) between the rows, constant outside.
template <typename Row, size_t N, typename X>
double interpolated(const std::array<Row, N>& rows, X Row::*x, double Row::*y, double at) {
  if (at <= rows.front().*x) return rows.front().*y;
  for (size_t i = 1; i < N; ++i) {
    const Row &low = rows[i - 1], &high = rows[i];
    if (at > high.*x) continue;
    const double low_x = low.*x, high_x = high.*x;
    const double share = std::log(at / low_x) / std::log(high_x / low_x);
    return std::exp(std::log(low.*y) + share * std::log(high.*y / (low.*y)));
  }
  return rows.back().*y;
}

// The nearest round number.
double rounded(double value) {
  if (value <= 0) return value;
  const double scale = std::pow(10, std::floor(std::log10(value)));
  double best = 10;
  for (const double digit : {1.0, 1.2, 1.5, 1.6, 2.0, 2.5, 3.0, 3.2, 4.0, 5.0, 6.0, 8.0})
    if (std::abs(std::log(value / scale / digit)) < std::abs(std::log(value / scale / best))) best = digit;
  return best * scale;
}

int64_t rounded_count(double value) {
  return std::max<int64_t>(1, std::llround(rounded(std::max(1.0, value))));
}

double learning_rate_for(int64_t d_model) {
  return rounded(interpolated(kShapes, &Shape::d_model, &Shape::learning_rate, d_model));
}

// That of the smallest shape which is at least as wide.
int64_t max_warmup_for(int64_t d_model) {
  for (const Shape& shape : kShapes)
    if (d_model <= shape.d_model) return shape.max_warmup;
  return kShapes.back().max_warmup;
}

std::string mebibytes(int64_t bytes) {
  return with_commas(bytes >> 20) + " MiB";
}

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// ---- the choice ---------------------------------------------------------------------------------------

class Chooser {
 public:
  Chooser(const AutoRequest& request, const MeasureSpeed& measure)
      : request_(request), measure_(measure), chosen_(request.settings) {}

  AutoChoice choose();

 private:
  struct Candidate {
    AutoSettings settings;
    UpdateSpeed speed;
    double updates = 0, epochs = 0;
    std::string by;  // what limits the updates
  };

  template <typename T>
  void set(const char* name, T& member, T value) const {
    if (request_.given.count(name) == 0) member = value;
  }
  bool is_given(const char* name) const { return request_.given.count(name) > 0; }
  const AutoCorpus& corpus() const { return request_.corpus; }

  std::vector<Shape> shapes() const;
  Candidate candidate(const Shape& shape) const;
  void set_shape(ModelOptions& model, const Shape& shape) const;
  void fit_memory(AutoSettings& settings) const;
  bool fits_memory(const AutoSettings& settings) const;
  void set_batch(AutoSettings& settings, double tokens) const;
  void set_length(Candidate& candidate) const;
  int64_t least_memory() const;
  double max_epochs() const;
  double seconds_for_updates() const;
  void set_schedule(Candidate& candidate) const;
  void set_regularisation(Candidate& candidate) const;
  void set_validation(Candidate& candidate) const;
  std::vector<std::string> lines(const Candidate& candidate) const;
  std::vector<std::string> warnings(const Candidate& candidate) const;

  const AutoRequest& request_;
  const MeasureSpeed& measure_;
  AutoSettings chosen_;
};

// From large to small. One where the shape is given.
std::vector<Shape> Chooser::shapes() const {
  const double width = is_given("d-model")
                           ? 1.0 * request_.settings.model.d_model
                           : interpolated(kSizes, &SizeRule::pairs, &SizeRule::max_width, corpus().pairs);
  std::vector<Shape> all;
  for (const Shape& shape : kShapes)
    if (all.empty() || shape.d_model <= width * 1.01) all.insert(all.begin(), shape);
  if (is_given("d-model") || request_.is_fine_tuning) all.resize(1);
  return all;
}

void Chooser::set_shape(ModelOptions& model, const Shape& shape) const {
  if (request_.is_fine_tuning) return;
  set("d-model", model.d_model, shape.d_model);
  set("encoder-layers", model.encoder_layers, shape.layers);
  set("decoder-layers", model.decoder_layers, shape.layers);
  set("encoder-ffn-dim", model.encoder_ffn_dim, shape.ffn_dim);
  set("decoder-ffn-dim", model.decoder_ffn_dim, shape.ffn_dim);
  // The rule's heads may not divide a width that was given.
  const auto heads = model.d_model % shape.heads == 0 ? shape.heads : int64_t{1};
  set("encoder-attention-heads", model.encoder_attention_heads, heads);
  set("decoder-attention-heads", model.decoder_attention_heads, heads);
}

double Chooser::max_epochs() const {
  const double rule = interpolated(kSizes, &SizeRule::pairs, &SizeRule::max_epochs, corpus().pairs);
  return request_.is_fine_tuning ? std::max(3.0, kFineTuningEpochs * rule) : rule;
}

double Chooser::seconds_for_updates() const {
  const double share = kUsableTime * (corpus().valid_tokens > 0 ? 1 - kValidationTime : 1);
  return (request_.seconds > 0 ? request_.seconds * share : kDay);
}

bool Chooser::fits_memory(const AutoSettings& settings) const {
  return request_.machine.memory == 0 || training_memory(settings) <= kUsableMemory * request_.machine.memory;
}

void Chooser::fit_memory(AutoSettings& settings) const {
  const int64_t batch = settings.training.max_tokens;
  while (!fits_memory(settings) && !is_given("max-tokens") && settings.training.max_tokens > kBatches.front())
    settings.training.max_tokens /= 2;
  if (!is_given("accumulate"))
    settings.training.accumulate *= std::max<int64_t>(1, batch / settings.training.max_tokens);
  if (!fits_memory(settings)) set("recompute", settings.training.recompute, true);
}

// The batch size for a run over so many target tokens.
void Chooser::set_batch(AutoSettings& settings, double tokens) const {
  int64_t best = kBatches[1];
  for (const int64_t batch : kBatches) {
    const double per_epoch = 1.0 * corpus().target_tokens / batch;
    if (batch > best && tokens / batch >= kMinUpdates && per_epoch >= kMinUpdatesPerEpoch) best = batch;
  }
  if (tokens / best < kMinUpdates / 4) best = kBatches.front();
  set("max-tokens", settings.training.max_tokens, best);
  if (settings.training.max_tokens == kBatches.back() && tokens / best > kManyUpdates)
    set("update-tokens", settings.training.update_tokens, kLargeUpdate);
  fit_memory(settings);
}

// How many updates the run makes: the smallest of what the user gave, the time and the epochs allow.
void Chooser::set_length(Candidate& candidate) const {
  TrainingOptions& training = candidate.settings.training;
  const double per_update = std::max(1.0, candidate.speed.tokens_per_update);
  const double per_epoch = std::max(1.0, std::ceil(corpus().target_tokens / per_update));
  const double in_time = std::floor(seconds_for_updates() * candidate.speed.tokens_per_second / per_update);
  if (is_given("max-updates")) {
    candidate.updates = training.max_updates;
    candidate.by = "--max-updates";
  } else {
    const double epochs = training.max_epochs > 0 ? 1.0 * training.max_epochs : max_epochs();
    const double in_epochs = std::ceil(epochs * per_epoch);
    candidate.updates = std::max(1.0, std::min(in_time, in_epochs));
    candidate.by = in_time <= in_epochs ? "time" : training.max_epochs > 0 ? "--max-epochs" : "epochs";
    training.max_updates = std::llround(candidate.updates);
  }
  candidate.epochs = candidate.updates / per_epoch;
}

Chooser::Candidate Chooser::candidate(const Shape& shape) const {
  Candidate made{chosen_, {}, 0, 0, ""};
  set_shape(made.settings.model, shape);
  set("precision", made.settings.training.precision, request_.machine.fastest);
  set_batch(made.settings, 1.0 * kMinUpdates * kBatches[2]);  // a first guess, to measure with
  if (!fits_memory(made.settings)) return made;
  made.speed = measure_(made.settings);
  set_length(made);
  const double tokens = made.updates * made.speed.tokens_per_update;
  const auto update_size = [&] {
    return 1.0 * made.settings.training.max_tokens * made.settings.training.accumulate;
  };
  const double measured = update_size();
  made.settings.training.accumulate = chosen_.training.accumulate;
  set_batch(made.settings, tokens);
  // The number of tokens in an update changes with its batches, the speed hardly.
  made.speed.tokens_per_update *= update_size() / measured;
  if (made.settings.training.update_tokens > 0)
    made.speed.tokens_per_update =
        std::max<double>(made.speed.tokens_per_update, made.settings.training.update_tokens);
  set_length(made);
  return made;
}

void Chooser::set_schedule(Candidate& candidate) const {
  TrainingOptions& training = candidate.settings.training;
  const int64_t d_model = candidate.settings.model.d_model;
  const double share = request_.is_fine_tuning ? kFineTuningRate : 1;
  set("schedule", training.schedule, Schedule::kLinear);
  if (training.schedule == Schedule::kNoam)
    set("learning-rate", training.learning_rate, share);  // a factor
  else
    set("learning-rate", training.learning_rate, rounded(share * learning_rate_for(d_model)));
  const double warmup = kWarmupShare * candidate.updates * (request_.is_fine_tuning ? 0.5 : 1);
  set("warmup", training.warmup, rounded_count(std::min<double>(warmup, max_warmup_for(d_model))));
}

void Chooser::set_regularisation(Candidate& candidate) const {
  TrainingOptions& training = candidate.settings.training;
  const double dropout =
      interpolated(kDropouts, &DropoutRule::epochs, &DropoutRule::dropout, candidate.epochs);
  if (!request_.is_fine_tuning)
    set("dropout", candidate.settings.model.dropout, std::round(dropout / 0.05) * 0.05);
  const bool given = is_given("subword-sampling") || is_given("bpe-dropout");
  if (!given && corpus().unigram && !corpus().symbols && candidate.epochs >= kSamplingEpochs)
    training.augmentation.subword_sampling = kSampling;
}

void Chooser::set_validation(Candidate& candidate) const {
  TrainingOptions& training = candidate.settings.training;
  if (corpus().valid_tokens == 0) return;
  const auto cost = [&](double tokens) {  // updates between validations that make it a twentieth of the time
    return kValidationCost * tokens / (kValidationTime * std::max(1.0, candidate.speed.tokens_per_update));
  };
  const double rarest = candidate.updates / kMinValidations;
  if (const double share = rarest / cost(corpus().valid_tokens); share < 1) {
    const int64_t lines = rounded_count(std::max(share * corpus().valid_pairs, kMinValidationLines));
    if (lines < corpus().valid_pairs) set("valid-lines", training.valid_lines, lines);
  }
  const double every = std::clamp(cost(corpus().valid_tokens), candidate.updates / kValidations, rarest);
  set("valid-every", training.valid_every, rounded_count(every));
  set("save-every", training.save_every,
      std::min<int64_t>(1'000, std::max<int64_t>(1, training.valid_every)));
  if (corpus().symbols) set("valid-metric", training.valid_metric, ValidMetric::kSer);
  if (training.valid_every > 0) set("average", training.average, kAveraged);
  set("early-stopping", training.early_stopping, request_.seconds > 0 ? int64_t{0} : kPatience);
}

std::string shape_text(const ModelOptions& model) {
  return std::to_string(model.encoder_layers) + "+" + std::to_string(model.decoder_layers) +
         " layers, width " + std::to_string(model.d_model) + ", feed-forward " +
         std::to_string(model.encoder_ffn_dim) + ", " + std::to_string(model.encoder_attention_heads) +
         " heads, " + with_commas(parameter_count(model)) + " parameters";
}

std::vector<std::string> Chooser::lines(const Candidate& candidate) const {
  const TrainingOptions& training = candidate.settings.training;
  const double pairs = corpus().pairs;
  const std::string size = pairs < 50'000      ? "a small corpus"
                           : pairs < 1'000'000 ? "a corpus of medium size"
                                               : "a large corpus";
  std::vector<std::string> all;
  all.push_back("text: " + with_commas(corpus().pairs) + " pairs, " + with_commas(corpus().target_tokens) +
                " target tokens per epoch: " + size +
                (corpus().symbols ? " of letters or other symbols" : ""));
  all.push_back("model: " + shape_text(candidate.settings.model) +
                (request_.is_fine_tuning ? ", that of --from-model" : ""));
  all.push_back("updates: batches of " + with_commas(training.max_tokens) + " tokens" +
                (training.accumulate > 1 ? " x " + std::to_string(training.accumulate) : "") +
                (training.update_tokens > 0
                     ? ", " + with_commas(training.update_tokens) + " target tokens per update"
                     : "") +
                ", learning rate " + number_text(training.learning_rate) + ", warm-up " +
                with_commas(training.warmup) + " updates, schedule " + name_of(training.schedule) +
                ", dropout " + number_text(candidate.settings.model.dropout) +
                (training.augmentation.subword_sampling > 0
                     ? ", subword sampling " + number_text(training.augmentation.subword_sampling)
                     : "") +
                ", " + name_of(training.precision));
  std::string length =
      with_commas(std::llround(candidate.updates)) + " updates, " + fixed(candidate.epochs, 1) + " epochs";
  if (candidate.by == "time" && request_.seconds > 0)
    length = "about " + length + " in the remaining " + clock_text(request_.seconds);
  else if (candidate.by == "time")
    length += ", as many as fit into a day; --max-time sets another limit";
  else if (candidate.by == "epochs")
    length += ", the limit for a corpus of this size";
  else
    length += " by " + candidate.by;
  all.push_back("length: " + length + " (" + with_commas(std::llround(candidate.speed.tokens_per_second)) +
                " target tokens/s)");
  if (corpus().valid_tokens > 0 && training.valid_every > 0)
    all.push_back("validation: every " + with_commas(training.valid_every) + " updates, the best by " +
                  name_of(training.valid_metric) +
                  (training.average > 0 ? "; the mean of the best " + std::to_string(training.average) +
                                              " becomes the model if it is better"
                                        : "") +
                  (training.early_stopping > 0
                       ? "; " + std::to_string(training.early_stopping) + " without a better one end the run"
                       : ""));
  return all;
}

std::vector<std::string> Chooser::warnings(const Candidate& candidate) const {
  std::vector<std::string> all;
  const TrainingOptions& training = candidate.settings.training;
  if (candidate.by == "time" && request_.seconds > 0 && candidate.epochs < 1)
    all.push_back("--max-time is enough for " + number_text(100 * candidate.epochs) +
                  " % of an epoch only; give more time, or less text");
  else if (candidate.by == "time" && request_.seconds > 0 && candidate.updates < kMinUpdates / 8)
    all.push_back("--max-time is enough for " + with_commas(std::llround(candidate.updates)) +
                  " updates only, and the model will translate poorly; give more time");
  if (training.recompute && !is_given("recompute"))
    all.push_back("memory is short: --recompute is on, which makes each update a third slower");
  return all;
}

int64_t Chooser::least_memory() const {
  return std::llround(training_memory(candidate(shapes().back()).settings) / kUsableMemory);
}

AutoChoice Chooser::choose() {
  std::optional<Candidate> best;
  for (const Shape& shape : shapes()) {
    Candidate next = candidate(shape);
    if (next.speed.tokens_per_second <= 0) continue;  // too large for the memory
    const double tokens = next.updates * next.speed.tokens_per_update;
    const bool enough = tokens >= kTokensPerParameter * parameter_count(next.settings.model);
    best = std::move(next);
    if (enough) break;
  }
  if (!best)
    throw UsageError("--preset", "expected at least " + mebibytes(least_memory()) +
                                     " of free memory for the smallest model, got " +
                                     mebibytes(request_.machine.memory) + "; train on another machine");
  set_schedule(*best);
  set_regularisation(*best);
  set_validation(*best);
  return {best->settings, best->epochs, lines(*best), warnings(*best)};
}

}  // namespace

bool AutoText::is_symbols() const {
  const auto is = [](const TextProfile& side) {
    return side.is_separated_symbols() || side.is_single_words();
  };
  return is(profile.source) && is(profile.target);
}

TokenizerOptions auto_tokenizer(TokenizerOptions options, const GivenSettings& given, const AutoText& text) {
  const TextProfile &source = text.profile.source, &target = text.profile.target;
  const int64_t characters = std::max(source.different_characters(), target.different_characters());
  if (characters > kLargeAlphabet && given.count("character-coverage") == 0)
    options.character_coverage = kCoverageOfLargeAlphabet;
  if (given.count("vocab-size") > 0) return options;
  const double fixed = std::ssize(options.user_symbols) + (options.byte_fallback ? 256 : 0);
  if (text.is_symbols()) {
    double pieces = kSpecialPieces + fixed;
    for (const TextProfile* side : {&source, &target})
      pieces += side->is_single_words() ? kLetterPieces * side->different_characters()
                                        : side->different_words() + side->different_characters();
    options.vocab_size = std::llround(pieces);
    return options;
  }
  const double rule = interpolated(kSizes, &SizeRule::pairs, &SizeRule::vocabulary, text.pairs);
  // SentencePiece gives each of these characters a piece, and refuses a vocabulary without room for them.
  const double alphabet =
      source.characters_for(options.character_coverage) + target.characters_for(options.character_coverage);
  const double smallest = kRoomForWords * (alphabet + fixed) + kSpecialPieces;
  options.vocab_size = std::llround(std::max(rounded(rule), std::ceil(smallest / 100) * 100));
  return options;
}

AutoChoice auto_settings(const AutoRequest& request, const MeasureSpeed& measure) {
  return Chooser(request, measure).choose();
}

std::vector<std::string> auto_text_warnings(const AutoText& text) {
  if (text.different < kMinDifferentPairs)
    throw DataError("training text", "expected at least " + std::to_string(kMinDifferentPairs) +
                                         " different pairs, got " + std::to_string(text.different) +
                                         "; no model learns to translate from so few (--preset tiny trains "
                                         "anyway)");
  std::vector<std::string> all;
  if (text.different < kFewPairs)
    all.push_back("the training text has " + with_commas(text.different) +
                  " different pairs only: a model will memorise them, and translate little else");
  if (text.different < (1 - kMuchRepetition) * text.pairs)
    all.push_back(with_commas(text.pairs - text.different) + " of " + with_commas(text.pairs) +
                  " pairs are repetitions of earlier ones; `dragoman check` shows which");
  return all;
}

int64_t training_memory(const AutoSettings& settings) {
  const ModelOptions& model = settings.model;
  const double parameters = parameter_count(model);
  const double d = model.d_model;
  const double layer_values = settings.training.recompute
                                  ? 2 * d
                                  : 10 * d + 1.5 * std::max(model.encoder_ffn_dim, model.decoder_ffn_dim);
  const double layers = model.encoder_layers + 1.6 * model.decoder_layers;
  const double activations = 4.0 * settings.training.max_tokens * layers * layer_values;
  constexpr double kProcess = 3e8;           // LibTorch, text, tokenizer
  constexpr double kBytesPerParameter = 20;  // weights, gradients, two moments, and a copy
  return std::llround(kProcess + kBytesPerParameter * parameters + activations);
}

}  // namespace dragoman
