// Batches as tensors, and the thread that makes them ahead of the training loop.
//
//   pair:           source  a b c </s>           target  x y </s>
//   source          a b c </s>                   what the encoder reads
//   decoder_input   <pad> x y                    the target shifted right
//   labels          x y </s>                     what each position must predict
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include <torch/types.h>
#include "data/augmentation.h"
#include "data/batch_plan.h"
#include "data/encoded_corpus.h"

namespace dragoman {

// Rows shorter than the longest are filled up with <pad>.
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
// The same with what `augmentation` makes of the pairs in this pass over the corpus.
Batch make_batch(const EncodedCorpus& corpus, const BatchIndices& pairs, const PadIds& pad,
                 const Augmentation& augmentation, int64_t epoch);
Batch to_device(const Batch& batch, const torch::Device& device);

struct StreamOptions {
  int64_t max_tokens;
  uint64_t seed;
  PadIds pad;
  const Augmentation* augmentation = nullptr;  // none
  bool pinned = false;                         // in memory from which CUDA copies while it computes
};

// Batches without end, epoch after epoch, from any position on: the plan of an epoch is a pure function of
// the seed and its number. A thread of its own stays a few batches ahead; what it throws, next() throws.
class BatchStream {
 public:
  BatchStream(const EncodedCorpus& corpus, const StreamOptions& options, const DataPosition& start);
  ~BatchStream();
  BatchStream(const BatchStream&) = delete;
  BatchStream& operator=(const BatchStream&) = delete;

  struct Item {
    Batch batch;
    DataPosition after;       // where the data stands once this batch is done
    bool ends_epoch = false;  // after.batch is 0
  };
  Item next();

 private:
  void produce();
  bool produce_window(const BatchPlan& plan, int64_t first_batch, bool is_last);  // false: stop

  const EncodedCorpus& corpus_;
  StreamOptions options_;
  DataPosition position_;  // of the producer
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Item> ready_;
  std::exception_ptr failure_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace dragoman
