// The updates of a run: batches of the corpus --> gradients --> weights. An update is a pure function of the
// state, the seed and the number of threads.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "training/batch.h"
#include "training/training.h"
#include "training/update.h"

namespace dragoman {

class Updates {
 public:
  Updates(Training& training, const EncodedCorpus& corpus);

  bool have_begun() const { return stream_ != nullptr; }
  void begin();                    // starts to make batches from the position in the state on
  void end() { stream_.reset(); }  // stops it
  int operator_threads() const;    // which the workers leave to LibTorch's operators

  // One update. The state is its result; Interrupted leaves it unchanged.
  void run();
  // Whether read() should be called now: on the CPU always; on CUDA seldom, as it waits for the device.
  bool must_be_read() const;
  // The results of the updates since the last call, except skipped ones, which are logged. std::runtime_error
  // when --max-bad-updates in a row were skipped.
  std::vector<UpdateResult> read();

 private:
  struct Gathered {
    std::vector<Batch> batches;
    DataPosition after;
  };
  Gathered next_batches();
  bool waits() const;  // for the result of each update
  bool was_skipped(const UpdateResult& result, int64_t update);
  [[noreturn]] void stop_for_bad_updates() const;

  Training& training_;
  const EncodedCorpus& corpus_;
  int threads_;
  bool scales_loss_;  // float16 by autocast
  Workers workers_;
  std::optional<Augmentation> augmentation_;
  std::unique_ptr<BatchStream> stream_;
  std::vector<UpdateResult> unread_;
  int64_t skipped_in_a_row_ = 0;
};

}  // namespace dragoman
