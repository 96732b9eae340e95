// Saves a run while it trains: checkpoints, and the weights of a run without validations.
#pragma once

#include <functional>
#include <string>

#include "training/training.h"

namespace dragoman {

class RunSaver {
 public:
  explicit RunSaver(Training& training) : training_(training) {}

  // A full disk or a folder that became read-only does not end a run: the files that are there stay, and the
  // next attempt may succeed. Returns whether `write` succeeded; a DataError is a warning, and an error at
  // the end of the run.
  bool try_to_write(const std::string& what, const std::function<void()>& write) const;
  void begin_end() { is_ending_ = true; }

  bool has_checkpoint() const { return saved_update_ >= 0; }
  bool has_saved_update() const { return saved_update_ == training_.state.update; }  // in a checkpoint
  void resumed() { saved_update_ = training_.state.update; }                         // from a checkpoint

  // The results of all updates must have been read. DataError.
  void save();           // a new checkpoint
  void save_state();     // replaces the state of the checkpoint of this update, or makes a new checkpoint
  void write_weights();  // the present weights, or their moving average, as the model

 private:
  Training& training_;
  int64_t saved_update_ = -1;  // of the newest checkpoint; -1: there is none
  bool is_ending_ = false;
};

}  // namespace dragoman
