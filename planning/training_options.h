// How a run trains: everything that is neither text, tokenizer nor model.
#pragma once

#include <cstdint>
#include <string>

#include "core/options.h"
#include "core/shared_options.h"
#include "data/augmentation.h"
#include "report/train_log.h"

namespace dragoman {

// How the learning rate continues after its warm-up (planning/schedule.h).
enum class Schedule { kInverseSqrt, kNoam, kCosine, kLinear, kConstant };
constexpr auto names_of(Schedule) {
  return choice_names("inverse-sqrt", "noam", "cosine", "linear", "constant");
}

// Which validations' weights are averaged.
enum class AverageOf { kBest, kLast };
constexpr auto names_of(AverageOf) {
  return choice_names("best", "last");
}

struct TrainingOptions {
  int64_t max_tokens = 4096;
  int64_t accumulate = 1;
  int64_t update_tokens = 0;
  int64_t max_updates = 100'000;
  bool max_updates_is_relative = false;
  int64_t max_epochs = 0;
  double max_time = 0;

  double learning_rate = 5e-4;
  int64_t warmup = 4000;
  Schedule schedule = Schedule::kInverseSqrt;
  double adam_beta1 = 0.9, adam_beta2 = 0.98, adam_epsilon = 1e-9;
  double label_smoothing = 0.1;
  double clip_norm = 1.0;
  AugmentationOptions augmentation;
  double moving_average = 0;
  int64_t average = 0;
  AverageOf average_of = AverageOf::kBest;

  int64_t valid_every = 1000;
  ValidMetric valid_metric = ValidMetric::kChrf;
  int64_t valid_beam_size = 1;
  int64_t valid_lines = 0;
  int64_t early_stopping = 10;

  int64_t save_every = 1000;
  int64_t keep_checkpoints = 1;
  int64_t log_every = 100;
  int64_t max_bad_updates = 50;
  bool tensorboard = true;

  bool recompute = false;
  Precision precision = Precision::kFloat32;
  int64_t seed = 1;
  std::string device = "auto";
  int64_t threads = 0;

  OptionList describe();
};

}  // namespace dragoman
