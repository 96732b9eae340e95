// Batches as tensors, and the threads that prefetch them for the training loop.
//
//   pair:           source  a b c </s>           target  x y </s>
//   source          a b c </s>                   what the encoder reads
//   decoder_input   <pad> x y                    the target shifted right
//   labels          x y </s>                     what each position must predict
#pragma once

#include <torch/types.h>

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "data/augmentation.h"
#include "data/batch_plan.h"
#include "data/encoded_corpus.h"

namespace dragoman {

// Rows shorter than the longest are padded with <pad>.
struct Batch {
  torch::Tensor source;         // [B,S] int64
  torch::Tensor decoder_input;  // [B,T] int64
  torch::Tensor labels;         // [B,T] int64
  int64_t label_tokens = 0;     // labels that are not <pad>
  BatchIndices pairs;           // which pairs of the corpus the rows are
};

struct PadIds {
  int64_t source, target;
};

Batch make_batch(const EncodedCorpus& corpus, const BatchIndices& pairs, const PadIds& pad);

// What is done to the rows of a planned batch.
struct RowChanges {
  const Augmentation* augmentation = nullptr;  // none
  int64_t epoch = 0;                           // for which the pairs are changed
  int64_t max_tokens = 0;  // rows times the longest row of a batch, after all changes; 0: no limit
};
// One batch, or several when the pairs are too many for max_tokens once they are changed: subword sampling
// makes them longer. A row that is longer by itself is a batch of its own. A pure function of its arguments.
std::vector<Batch> make_batches(const EncodedCorpus& corpus, const BatchIndices& pairs, const PadIds& pad,
                                const RowChanges& options);
Batch to_device(const Batch& batch, const torch::Device& device);

struct StreamOptions {
  int64_t max_tokens;
  uint64_t seed;
  PadIds pad;
  const Augmentation* augmentation = nullptr;  // none
  bool pinned = false;                         // in memory from which CUDA copies while it computes
  int threads = 1;  // that make batches in parallel; the batches and their order do not depend on it
};

// Batches without end, epoch after epoch, from any position on: the plan of an epoch is a pure function of
// the seed and its number. Threads of its own prefetch a few batches; next() throws what they throw.
class BatchStream {
 public:
  BatchStream(const EncodedCorpus& corpus, const StreamOptions& options, const DataPosition& start);
  ~BatchStream();
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  struct Item {
    std::vector<Batch> parts;  // of a planned batch, for one update: see make_batches
    DataPosition after;        // the position after this batch
    bool ends_epoch = false;   // after.batch is 0
  };
  Item next();

 private:
  // A batch that is to be made: what is in it, and its place in the stream.
  struct Job {
    BatchIndices pairs;
    int64_t epoch = 0, number = 0;
    Item item;  // without its parts
  };
  void produce();
  Job next_job();
  std::vector<Batch> made(const Job& job) const;

  const EncodedCorpus& corpus_;
  StreamOptions options_;

  std::mutex planning_;    // guards what the next job follows from
  DataPosition position_;  // of the next job
  std::optional<EpochPlan> plan_;
  BatchPlan window_;
  int64_t window_index_ = 0, first_of_window_ = 0, jobs_ = 0;

  std::mutex mutex_;  // guards the rest
  std::condition_variable changed_;
  std::map<int64_t, Item> ready_;  // by number
  int64_t taken_ = 0;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dragoman
