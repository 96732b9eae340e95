// The log of a run: lines for the user, and train.log.jsonl with one JSON object per line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/choice.h"
#include "core/log.h"

namespace dragoman {

// Averages since the previous progress line.
struct TrainProgress {
  int64_t epoch = 0, update = 0;
  double loss = 0;           // label-smoothed, per token
  double cross_entropy = 0;  // per token, natural logarithm
  double learning_rate = 0;
  double gradient_norm = 0;
  double tokens_per_second = 0;  // target tokens, </s> included
  int64_t target_tokens = 0;     // since the previous line
  double seconds = 0;            // of training so far
  double seconds_left = -1;      // unknown below 0
};

struct SampleTranslation {
  std::string source, reference, hypothesis;
};

struct ValidationResult {
  int64_t update = 0;
  double loss = 0, cross_entropy = 0;  // per token, as above
  double bleu = 0, chrf = 0;
  double ser = 0;              // lines that are wrong, in percent
  double seconds = 0;          // that the validation took
  bool is_best = false;        // it became the model
  bool was_asked_for = false;  // by a signal: it has no effect on the run
  int64_t averaged = 0;        // snapshots whose mean it was; 0: the weights of this update
  std::vector<SampleTranslation> samples;

  double perplexity() const;
};

// The score by which the best model is chosen.
enum class ValidMetric { kChrf, kBleu, kLoss, kSer };
constexpr auto names_of(ValidMetric) {
  return choice_names("chrf", "bleu", "loss", "ser");
}

// The "kind" of a line of train.log.jsonl.
enum class LogLine { kTrain, kValid, kSaved, kStopped };
constexpr auto names_of(LogLine) {
  return choice_names("train", "valid", "saved", "stopped");
}

// Receives each entry after the log has written it.
class TrainWatcher {
 public:
  virtual ~TrainWatcher() = default;
  virtual void progressed(const TrainProgress& progress) = 0;
  virtual void validated(const ValidationResult& result) = 0;
  virtual void stopped(const std::string& /*reason*/, double /*seconds: of training so far*/) {}
};

class TrainLog {
 public:
  static constexpr char kName[] = "train.log.jsonl";

  TrainLog(const std::string& folder, Log& log);

  void watch(TrainWatcher& watcher) { watcher_ = &watcher; }  // it must outlive the run

  void progress(const TrainProgress& progress);
  void show(const TrainProgress& progress);  // to the user only, between two lines of the log
  void validation(const ValidationResult& result, ValidMetric metric, int64_t without_gain);
  // seconds: of training so far.
  void saved(int64_t update, double seconds);  // at the user's request
  void stopped(int64_t update, double seconds, const std::string& reason);

 private:
  void event(LogLine kind, int64_t update, double seconds, const std::string& text);
  void append(const std::string& json_line);

  std::string path_;
  Log& log_;
  TrainWatcher* watcher_ = nullptr;
};

}  // namespace dragoman
