#include "planning/training_options.h"

#include "core/shared_options.h"

namespace dragoman {
namespace {

constexpr double kMany = 1e15;

OptionList length_options(TrainingOptions& o) {
  return grouped(
      "Training",
      {
          option(o.max_tokens, "max-tokens", "N",
                 "maximum number of padded positions per batch, on the side (source or target) that has more")
              .at_least(1)
              .at_most(1 << 24),
          option(o.accumulate, "accumulate", "N",
                 "number of batches whose gradients are summed for one "
                 "update")
              .at_least(1)
              .at_most(1 << 16)
              .alias("update-freq"),
          option(o.update_tokens, "update-tokens", "N",
                 "minimum number of target tokens per update: add batches until it has as many (in addition "
                 "to --accumulate); 0: off")
              .at_least(0)
              .at_most(kMany),
          option(o.max_updates, "max-updates", "N", "stop at this update; +N: N updates after the checkpoint")
              .at_least(1)
              .at_most(kMany)
              .or_relative(o.max_updates_is_relative)
              .changeable(),
          option(o.max_epochs, "max-epochs", "N",
                 "stop after this many epochs (passes over the training "
                 "text); 0: no limit")
              .at_least(0)
              .at_most(kMany)
              .changeable(),
          option(o.max_time, "max-time", "TIME",
                 "stop after this much training time: 90s, 30m, 2h; 0: no limit")
              .at_least(0)
              .seconds()
              .changeable(),
      });
}

OptionList optimiser_options(TrainingOptions& o) {
  return grouped(
      "Optimiser",
      {
          option(o.learning_rate, "learning-rate", "X",
                 "peak learning rate; with --schedule noam, the factor in the paper's formula")
              .more_than(0)
              .at_most(100)
              .alias("lr"),
          option(o.warmup, "warmup", "N", "updates until the learning rate has risen to its peak")
              .at_least(0)
              .at_most(kMany),
          option(o.schedule, "schedule", "NAME",
                 "inverse-sqrt: linear warm-up, then peak * sqrt(warmup/update); noam: the same in the "
                 "paper's scaling; cosine, linear: decay to 0 at --max-updates; constant: no decay"),
          option(o.adam_beta1, "adam-beta1", "X", "decay of Adam's first moment")
              .at_least(0)
              .at_most(0.999999),
          option(o.adam_beta2, "adam-beta2", "X", "decay of Adam's second moment")
              .at_least(0)
              .at_most(0.999999),
          option(o.adam_epsilon, "adam-epsilon", "X", "Adam's epsilon").more_than(0).at_most(1),
          option(o.label_smoothing, "label-smoothing", "X",
                 "probability mass that is spread over the whole vocabulary")
              .at_least(0)
              .at_most(0.99),
          option(o.clip_norm, "clip-norm", "X", "maximum norm of the gradient; 0: no clipping").at_least(0),
      });
}

OptionList regularisation_options(TrainingOptions& o) {
  return o.augmentation.describe() +
         grouped(
             "Regularisation",
             {
                 option(o.moving_average, "moving-average", "DECAY",
                        "validate and keep an exponential moving average of the weights; 0.999 to 0.9999; 0: "
                        "off")
                     .at_least(0)
                     .at_most(0.999999),
                 option(o.average, "average", "N",
                        "at the end, average the weights of N validations; the average becomes the model if "
                        "it scores better than the best validation; 0: off")
                     .at_least(0)
                     .at_most(100),
                 option(o.average_of, "average-of", "NAME",
                        "which validations --average takes: the best N "
                        "or the last N"),
             });
}

OptionList validation_options(TrainingOptions& o) {
  return grouped(
      "Validation and checkpoints",
      {
          option(o.valid_every, "valid-every", "N",
                 "updates between validations; 0: none, and the last model is kept")
              .at_least(0)
              .at_most(kMany),
          option(o.valid_metric, "valid-metric", "NAME",
                 "metric that selects the best model; ser is the share of wrong lines, for short outputs "
                 "such as pronunciations"),
          option(o.valid_beam_size, "valid-beam-size", "N",
                 "beam size of translations at a validation; 1 is greedy search")
              .at_least(1)
              .at_most(64),
          option(o.valid_lines, "valid-lines", "N", "translate only the first N validation lines; 0: all")
              .at_least(0)
              .at_most(kMany),
          option(o.early_stopping, "early-stopping", "N",
                 "stop after this many consecutive validations without an improvement; 0: never")
              .at_least(0)
              .at_most(kMany)
              .changeable(),
          option(o.save_every, "save-every", "N", "updates between checkpoints; 0: only at the end")
              .at_least(0)
              .at_most(kMany)
              .changeable(),
          option(o.keep_checkpoints, "keep-checkpoints", "N", "number of newest checkpoints to keep on disk")
              .at_least(1)
              .at_most(kMany)
              .changeable(),
          option(
              o.max_bad_updates, "max-bad-updates", "N",
              "stop after this many consecutive updates whose loss or gradient is not finite; such updates "
              "are skipped and counted")
              .at_least(1)
              .at_most(kMany)
              .changeable(),
          option(o.log_every, "log-every", "N", "updates between progress lines")
              .at_least(1)
              .at_most(kMany)
              .changeable(),
          option(o.tensorboard, "tensorboard",
                 "write event files for TensorBoard into the model folder's tensorboard/")
              .changeable(),
      });
}

OptionList machine_options(TrainingOptions& o) {
  return grouped(
      "Machine",
      {
          option(o.recompute, "recompute",
                 "activation checkpointing: keep only the inputs of each layer, and compute the layer "
                 "again for its gradients. Less memory, a third more time, the same result"),
          option(
              o.precision, "precision", "NAME",
              "data type of matrix products: float32, bfloat16 or float16. On the CPU, bfloat16 is fastest "
              "with AMX and float16 with AVX512-FP16; without these, LibTorch's autocast converts. int8 is "
              "for translate only"),
          seed_option(o.seed),
          device_option(o.device).changeable(),
          threads_option(o.threads).changeable(),
      });
}

}  // namespace

OptionList TrainingOptions::describe() {
  return length_options(*this) + optimiser_options(*this) + regularisation_options(*this) +
         validation_options(*this) + machine_options(*this);
}

}  // namespace dragoman
