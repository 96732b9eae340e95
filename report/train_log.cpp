#include "report/train_log.h"

#include <cmath>

#include "core/files.h"
#include "core/json.h"

namespace dragoman {
namespace {

std::string perplexity_text(double cross_entropy) {
  return fixed(std::exp(std::min(cross_entropy, 50.0)), 2);
}

}  // namespace

double ValidationResult::perplexity() const {
  return std::exp(cross_entropy);
}

TrainLog::TrainLog(const std::string& folder, Log& log) : path_(join_path(folder, kName)), log_(log) {}

void TrainLog::append(const std::string& json_line) {
  // A log that cannot be written (a full disk) must not end the run.
  try {
    append_line(path_, json_line);
  } catch (const DataError& error) {
    log_.warning(error.what());
  }
}

void TrainLog::show(const TrainProgress& p) {
  char rate[32];
  std::snprintf(rate, sizeof rate, "%.3g", p.learning_rate);
  // On a narrow terminal the perplexity goes first: it is the loss in other words.
  std::vector<ProgressField> fields = {{"epoch " + std::to_string(p.epoch), 4},
                                       {"update " + with_commas(p.update), 0},
                                       {"loss " + fixed(p.loss, 3), 1},
                                       {"ppl " + perplexity_text(p.cross_entropy), 6},
                                       {std::string("lr ") + rate, 5},
                                       {with_commas(std::llround(p.tokens_per_second)) + " tok/s", 3}};
  if (p.seconds_left >= 0) fields.push_back({clock_text(p.seconds_left) + " left", 2});
  log_.progress(std::move(fields));
}

void TrainLog::progress(const TrainProgress& p) {
  show(p);
  append(nlohmann::ordered_json{{"kind", name_of(LogLine::kTrain)},
                                {"epoch", p.epoch},
                                {"update", p.update},
                                {"loss", p.loss},
                                {"perplexity", std::exp(p.cross_entropy)},
                                {"learning_rate", p.learning_rate},
                                {"gradient_norm", p.gradient_norm},
                                {"target_tokens_per_second", p.tokens_per_second},
                                {"seconds", p.seconds}}
             .dump());
  if (watcher_) watcher_->progressed(p);
}

void TrainLog::validation(const ValidationResult& r, ValidMetric metric, int64_t without_gain) {
  std::string line = "valid  update " + with_commas(r.update) + "  loss " + fixed(r.loss, 3) + "  ppl " +
                     perplexity_text(r.cross_entropy) + "  BLEU " + fixed(r.bleu, 2) + "  chrF2 " +
                     fixed(r.chrf, 2) + (metric == ValidMetric::kSer ? "  SER " + fixed(r.ser, 2) : "") +
                     "  (" + clock_text(r.seconds) + ")";
  if (r.averaged > 0) line += "  mean of " + std::to_string(r.averaged) + " validations";
  line += r.was_asked_for ? "  requested by SIGUSR2, not counted"
          : r.is_best     ? "  best " + name_of(metric) + " so far"
                          : "  no better " + name_of(metric) + " for " + std::to_string(without_gain);
  log_.info(line);
  nlohmann::ordered_json samples = nlohmann::ordered_json::array();
  for (const auto& sample : r.samples) {
    log_.info("  source      " + sample.source);
    log_.info("  reference   " + sample.reference);
    log_.info("  hypothesis  " + sample.hypothesis);
    samples.push_back(
        {{"source", sample.source}, {"reference", sample.reference}, {"hypothesis", sample.hypothesis}});
  }
  append(nlohmann::ordered_json{{"kind", name_of(LogLine::kValid)},
                                {"update", r.update},
                                {"loss", r.loss},
                                {"perplexity", r.perplexity()},
                                {"bleu", r.bleu},
                                {"chrf", r.chrf},
                                {"ser", r.ser},
                                {"seconds", r.seconds},
                                {"best", r.is_best},
                                {"averaged", r.averaged},
                                {"asked_for", r.was_asked_for},
                                {"samples", samples}}
             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  if (watcher_) watcher_->validated(r);
}

void TrainLog::saved(int64_t update, double seconds) {
  event(LogLine::kSaved, update, seconds, "saved on request: update " + std::to_string(update));
}

void TrainLog::stopped(int64_t update, double seconds, const std::string& reason) {
  event(LogLine::kStopped, update, seconds, reason);
  if (watcher_) watcher_->stopped(reason, seconds);
}

void TrainLog::event(LogLine kind, int64_t update, double seconds, const std::string& text) {
  log_.info(text);
  // A text may hold the name of a file, which need not be UTF-8.
  append(nlohmann::ordered_json{
      {"kind", name_of(kind)}, {"update", update}, {"seconds", seconds}, {"text", text}}
             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

}  // namespace dragoman
