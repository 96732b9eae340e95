#include "report/run_history.h"

#include <cmath>
#include <limits>
#include <sstream>

#include "core/files.h"
#include "core/json.h"

namespace dragoman {
namespace {

// JSON has no NaN: the log wrote null.
double number(const nlohmann::json& line, const char* key) {
  const auto found = line.find(key);
  if (found == line.end() || !found->is_number()) return std::numeric_limits<double>::quiet_NaN();
  return found->get<double>();
}

TrainProgress progress_of(const nlohmann::json& line) {
  TrainProgress progress;
  progress.epoch = line.at("epoch").get<int64_t>();
  progress.update = line.at("update").get<int64_t>();
  progress.loss = number(line, "loss");
  progress.cross_entropy = std::log(number(line, "perplexity"));
  progress.learning_rate = number(line, "learning_rate");
  progress.gradient_norm = number(line, "gradient_norm");
  progress.tokens_per_second = number(line, "target_tokens_per_second");
  progress.seconds = number(line, "seconds");
  return progress;
}

ValidationResult validation_of(const nlohmann::json& line) {
  ValidationResult result;
  result.update = line.at("update").get<int64_t>();
  result.loss = number(line, "loss");
  result.cross_entropy = std::log(number(line, "perplexity"));
  result.bleu = number(line, "bleu");
  result.chrf = number(line, "chrf");
  result.ser = line.contains("ser") ? number(line, "ser") : 0;  // older logs have none
  result.seconds = number(line, "seconds");
  result.is_best = line.at("best").get<bool>();
  result.averaged = line.value("averaged", int64_t{0});
  result.was_asked_for = line.value("asked_for", false);
  for (const auto& sample : line.at("samples")) {
    result.samples.push_back({sample.at("source").get<std::string>(),
                              sample.at("reference").get<std::string>(),
                              sample.at("hypothesis").get<std::string>()});
  }
  return result;
}

// Removes the entries of `update` and later ones.
template <typename Entry>
void cut(std::vector<Entry>& entries, int64_t update) {
  while (!entries.empty() && entries.back().update >= update) entries.pop_back();
}

double finite_or_nan(double value) {
  return std::isfinite(value) ? value : std::numeric_limits<double>::quiet_NaN();
}

// The log holds the perplexity, which overflows sooner.
double finite_cross_entropy(double cross_entropy) {
  return std::isfinite(std::exp(cross_entropy)) ? cross_entropy : std::numeric_limits<double>::quiet_NaN();
}

void add_line(RunHistory& history, const nlohmann::json& line) {
  const auto kind = choice_of<LogLine>(line.at("kind").get<std::string>());
  history.end.clear();
  if (kind == LogLine::kTrain) history.add(progress_of(line));
  if (kind == LogLine::kValid) history.add(validation_of(line));
  if (kind == LogLine::kStopped) history.stop(line.at("text").get<std::string>(), line.value("seconds", 0.0));
}

}  // namespace

void RunHistory::add(TrainProgress entry) {
  entry.cross_entropy = finite_cross_entropy(entry.cross_entropy);
  for (double* value : {&entry.loss, &entry.learning_rate, &entry.gradient_norm, &entry.tokens_per_second})
    *value = finite_or_nan(*value);
  end.clear();
  if (averaged && averaged->update >= entry.update) averaged.reset();
  cut(progress, entry.update);
  cut(validations, entry.update + 1);  // the last progress line of a run comes after its validation
  progress.push_back(entry);
}

void RunHistory::add(ValidationResult result) {
  result.cross_entropy = finite_cross_entropy(result.cross_entropy);
  for (double* value : {&result.loss, &result.bleu, &result.chrf, &result.ser})
    *value = finite_or_nan(*value);
  end.clear();
  if (result.averaged > 0) {
    averaged = std::move(result);
    return;
  }
  cut(progress, result.update + 1);  // the progress line of the same update comes before it
  cut(validations, result.update);
  validations.push_back(std::move(result));
}

void RunHistory::stop(std::string reason, double seconds) {
  end = std::move(reason);
  end_seconds = seconds;
}

const ValidationResult* RunHistory::best() const {
  const ValidationResult* best = nullptr;
  for (const auto& result : validations) {
    if (result.is_best) best = &result;
  }
  if (averaged && averaged->is_best && (!best || best->update <= averaged->update)) best = &*averaged;
  return best;
}

RunHistory read_run_history(const std::string& log_path) {
  RunHistory history;
  if (!file_exists(log_path)) return history;
  // Not the reader of text: a damaged line is skipped, whatever bytes it holds.
  std::istringstream lines(read_file(log_path, ErrorKind::kData));
  for (std::string line; std::getline(lines, line);) {
    try {
      add_line(history, parse_json(line, log_path, ErrorKind::kData));
    } catch (const Error&) {
      continue;
    } catch (const nlohmann::json::exception&) {
      continue;
    }
  }
  return history;
}

}  // namespace dragoman
