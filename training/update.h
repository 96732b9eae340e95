// One update: batches --> gradients --> step of the optimiser. On the CPU, several workers each take a share
// of every batch's rows: two halves of a small batch, each on one core, take half the time, while the threads
// of one small matrix product mostly wait for each other.
#pragma once

#include <vector>

#include "core/workers.h"
#include "model/transformer.h"
#include "planning/training_options.h"
#include "training/adam.h"
#include "training/batch.h"

namespace dragoman {

// How many workers a run with this many threads has: one on CUDA, at most four on the CPU (each holds
// gradients of its own); the remaining threads go to the operators.
int worker_count(int64_t threads, const torch::Device& device);

// --precision float16 or bfloat16 where the kernels multiply in it: then LibTorch's autocast stays off, and
// no loss needs a scale, since each block of float16 values has its own.
bool multiplies_by_kernels(const TrainingOptions& options, const torch::Device& device);

struct UpdateResult {
  double loss = 0, cross_entropy = 0;  // per label token
  double gradient_norm = 0;            // before clipping
  int64_t label_tokens = 0;
  bool skipped = false;  // loss or gradient was not finite: nothing was changed

  // Without UpdateSettings::wait the values above (except label_tokens) are on the device until read()
  // fetches them.
  torch::Tensor unread;
  void read();
};

struct UpdateSettings {
  double learning_rate = 0;
  double loss_scale = 1;  // float16 only
  uint64_t seed = 0;      // of dropout
  bool wait = true;       // read the result at once; on CUDA the device would be idle meanwhile
};

// Gradients of all batches are summed and normalised by all their label tokens, so that a batch in pieces
// gives what one large batch gives.
UpdateResult train_update(Transformer& model, Adam& optimiser, const std::vector<Batch>& batches,
                          const TrainingOptions& options, const UpdateSettings& settings, Workers& workers);

}  // namespace dragoman
