#include "report/run_watch.h"

#include <chrono>
#include <cmath>
#include <ctime>

#include "core/files.h"

namespace dragoman {
namespace {

constexpr char kReportName[] = "report.html", kEventFolder[] = "tensorboard";

std::string local_time() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  localtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M %Z", &parts);
  return text;
}

}  // namespace

RunWatch::RunWatch(std::string folder, ReportContent content, bool tensorboard, int64_t update, Log& log)
    : folder_(std::move(folder)), content_(std::move(content)), log_(log) {
  content_.history = read_run_history(join_path(folder_, TrainLog::kName));
  if (tensorboard) attempt([&] { events_.emplace(join_path(folder_, kEventFolder), update + 1); });
  write_report(true);
}

RunWatch::~RunWatch() {
  try {
    write_report(false);
  } catch (...) {
    // The run reports its own error, and a destructor must not throw.
  }
}

template <typename Action>
void RunWatch::attempt(Action action) {
  try {
    action();
  } catch (const DataError& error) {
    log_.warning(error.what());
  }
}

void RunWatch::write_report(bool running) {
  attempt([&] {
    content_.running = running;
    content_.written_at = local_time();
    write_file_atomically(join_path(folder_, kReportName), report_html(content_));
  });
}

void RunWatch::add_scalars(int64_t update, const std::vector<Scalar>& scalars) {
  if (events_) attempt([&] { events_->add(update, scalars); });
}

void RunWatch::progressed(const TrainProgress& progress) {
  content_.history.add(progress);
  add_scalars(progress.update, {{"train/loss", progress.loss},
                                {"train/perplexity", std::exp(progress.cross_entropy)},
                                {"train/lr", progress.learning_rate},
                                {"train/gradient_norm", progress.gradient_norm},
                                {"train/tokens_per_second", progress.tokens_per_second}});
}

void RunWatch::validated(const ValidationResult& result) {
  content_.history.add(result);
  // The mean of several weights is no point of the run's own curve.
  const std::string of = result.averaged > 0 ? "averaged/" : "valid/";
  std::vector<Scalar> scalars = {{of + "loss", result.loss},
                                 {of + "perplexity", result.perplexity()},
                                 {of + "bleu", result.bleu},
                                 {of + "chrf", result.chrf}};
  if (content_.valid_metric == ValidMetric::kSer) scalars.push_back({of + "ser", result.ser});
  add_scalars(result.update, scalars);
  write_report(true);
}

void RunWatch::stopped(const std::string& reason, double seconds) {
  content_.history.stop(reason, seconds);
}

}  // namespace dragoman
