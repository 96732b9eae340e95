// TensorBoard's event files: a run's scalars for `tensorboard --logdir`. The format is TensorFlow's TFRecord
// (tensorflow/core/lib/io/record_writer.h: length, masked CRC-32C of it, data, masked CRC-32C of it) of Event
// messages (tensorflow/core/util/event.proto), of which the few fields needed are written by hand.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

struct Scalar {
  std::string name;  // "train/loss"
  double value;
};

class EventFile {
 public:
  // A new file in this folder, which is made. `first_step`: TensorBoard forgets what earlier files in the
  // folder say from this step on, as a resumed run must. DataError.
  EventFile(const std::string& folder, int64_t first_step);

  // Written, without fsync, when it returns. DataError.
  void add(int64_t step, const std::vector<Scalar>& scalars);

  const std::string& path() const { return path_; }

 private:
  void append(const std::string& event);

  std::string path_;
};

// RFC 3720, appendix B.4: polynomial 0x1EDC6F41.
uint32_t crc32c(std::string_view bytes);

}  // namespace dragoman
