#include "training/auto_run.h"

#include <algorithm>

#include "core/machine.h"
#include "fused/linear.h"
#include "training/update_speed.h"

namespace dragoman {
namespace {

// Of the time limit, for one shape; and at most so many seconds.
constexpr double kMeasuringShare = 0.004, kMaxMeasuring = 3, kMinMeasuring = 0.5;

AutoMachine machine_of(const torch::Device& device) {
  AutoMachine machine;
  if (device.is_cuda()) {
    machine.fastest = Precision::kBFloat16;
    return machine;
  }
  if (can_multiply_in(torch::kBFloat16))
    machine.fastest = Precision::kBFloat16;
  else if (can_multiply_in(torch::kFloat16))
    machine.fastest = Precision::kFloat16;
  const Machine here = describe_machine();
  machine.memory = here.available_memory;
  if (here.memory_limit) machine.memory = std::min(machine.memory, *here.memory_limit);
  return machine;
}

bool has_all(const GivenSettings& given, const OptionList& options) {
  return std::all_of(options.begin(), options.end(),
                     [&](const Option& option) { return option.flag_only || given.count(option.name) > 0; });
}

}  // namespace

AutoRun::AutoRun(const RunOptions& options, RunningClock& clock, Log& log)
    : options_(options), given_(options.all_given()), is_on_(options.is_auto()), clock_(clock), log_(log) {
  // --config with the run.json of another run leaves nothing to choose.
  OptionList all = options_.model.describe() + options_.tokenizer.describe() + options_.training.describe();
  std::erase_if(all, [](const Option& option) { return option.name == "max-time"; });
  if (has_all(given_, all)) is_on_ = false;
}

void AutoRun::check_time(const std::string& done) const {
  const double limit = options_.training.max_time;
  if (limit > 0 && clock_.seconds() >= limit)
    throw UsageError("--max-time", "expected more than " + clock_text(clock_.seconds()) + ", the time of " +
                                       done + " before the first update, got " + clock_text(limit) +
                                       "; give more time, or less text");
}

RunOptions AutoRun::with_tokenizer(const RunText& text) {
  if (!is_on_) return options_;
  AutoText facts;
  facts.pairs = text.facts.text.kept - text.facts.held_out;
  facts.different = text.facts.text.kept - text.facts.findings.count(CorpusIssue::kDuplicate);
  facts.profile = text.profile;
  for (const auto& warning : auto_text_warnings(facts)) log_.warning(warning);
  check_time("reading the text");
  symbols_ = facts.is_symbols();
  if (!options_.is_fine_tuning()) options_.tokenizer = auto_tokenizer(options_.tokenizer, given_, facts);
  return options_;
}

RunOptions AutoRun::with_settings(const ModelOptions& model, const TrainingText& text,
                                  const TokenizerPair& tokenizers, const torch::Device& device) {
  if (!is_on_) return options_;
  check_time("reading and encoding the text");
  const EncodedCorpus& corpus = text.train.corpus;
  const double per_pair = 1.0 * corpus.target_tokens() / std::max<int64_t>(1, corpus.size());
  AutoRequest request;
  request.settings = {model, options_.training};
  request.given = given_;
  request.corpus = {corpus.size(),
                    corpus.target_tokens(),
                    options_.training.valid_every == 0 ? 0 : std::llround(per_pair * text.valid.pairs.size()),
                    text.valid.pairs.size(),
                    symbols_,
                    tokenizers.source.is_unigram() && tokenizers.target.is_unigram()};
  request.machine = machine_of(device);
  request.is_fine_tuning = options_.is_fine_tuning();
  const double limit = options_.training.max_time;
  request.seconds = limit > 0 ? limit - clock_.seconds() : 0;
  const double seconds =
      limit > 0 ? std::clamp(kMeasuringShare * limit, kMinMeasuring, kMaxMeasuring) : kMaxMeasuring;
  const AutoChoice chosen = auto_settings(request, [&](const AutoSettings& settings) {
    return measure_updates(settings, corpus, tokenizers, device, seconds, log_);
  });
  options_.model = chosen.settings.model;
  options_.training = chosen.settings.training;
  choice_ = chosen.lines;
  for (const auto& line : choice_) log_.info("auto: " + line);
  for (const auto& warning : chosen.warnings) log_.warning(warning);
  return options_;
}

}  // namespace dragoman
