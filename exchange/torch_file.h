// A dictionary of tensors that torch.save wrote (pytorch_model.bin), in both formats.
//
//   since 1.6   a zip archive: NAME/data.pkl has the objects, NAME/data/KEY the values of each storage,
//               NAME/byteorder "little"
//   before      consecutive streams: a magic number, the version, facts of the machine, the objects, the keys
//               of the storages; then the count (8 bytes) and the values of each storage
//
// exchange/object_stream.h reads the objects and runs no code. Errors are ModelErrors naming the file.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "exchange/foreign_tensor.h"
#include "exchange/zip_file.h"

namespace dragoman {

class TorchFile {
 public:
  // `bytes` must outlive this object.
  TorchFile(std::string_view bytes, const std::string& path);

  // By name. Several tensors may share their bytes.
  const ForeignTensors& tensors() const { return tensors_; }

 private:
  void read_archive(std::string_view bytes, const std::string& path);
  void read_streams(std::string_view bytes, const std::string& path);

  std::unique_ptr<ZipFile> zip_;
  ForeignTensors tensors_;
};

}  // namespace dragoman
