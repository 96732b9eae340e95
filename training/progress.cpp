#include "training/progress.h"

#include <algorithm>

namespace dragoman {
namespace {

constexpr double kLogSeconds = 60, kTerminalSeconds = 1;
constexpr double kFirstSeconds = 5;  // not on a terminal

}  // namespace

void ProgressWindow::add(const UpdateResult& result) {
  loss_ += result.loss * result.label_tokens;
  cross_entropy_ += result.cross_entropy * result.label_tokens;
  gradient_norm_ += result.gradient_norm;
  tokens_ += result.label_tokens;
  ++updates_;
}

TrainProgress ProgressWindow::averages(double now) const {
  const double tokens = std::max<int64_t>(1, tokens_);
  TrainProgress progress;
  progress.loss = loss_ / tokens;
  progress.cross_entropy = cross_entropy_ / tokens;
  progress.gradient_norm = gradient_norm_ / std::max<int64_t>(1, updates_);
  progress.tokens_per_second = tokens_ / std::max(1e-9, now - since_ - paused_);
  progress.target_tokens = tokens_;
  return progress;
}

ProgressLine ProgressTimes::due(double now, bool on_terminal) const {
  if (now - logged_at_ >= kLogSeconds) return ProgressLine::kLogged;
  const double wait = on_terminal ? kTerminalSeconds : has_shown_ ? kLogSeconds : kFirstSeconds;
  return now - shown_at_ >= wait ? ProgressLine::kShown : ProgressLine::kNone;
}

void ProgressTimes::shown(double now) {
  shown_at_ = now;
  has_shown_ = true;
}

void ProgressTimes::logged(double now) {
  logged_at_ = now;
  shown(now);
}

}  // namespace dragoman
