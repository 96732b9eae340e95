// What torch.save made of a dictionary of tensors (pytorch_model.bin), in both formats.
//
//   since 1.6   a zip archive: NAME/data.pkl, the objects; NAME/data/KEY, the numbers of each storage;
//   NAME/byteorder before      streams one behind the other: a magic number, the version, facts of the
//   machine, the objects, the
//               keys of the storages; then of each storage its count (8 bytes) and its numbers
//
// The objects are read by exchange/object_stream.h, which runs nothing. Errors are ModelErrors naming the
// file.
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

  // By their names; several may share their bytes.
  const ForeignTensors& tensors() const { return tensors_; }

 private:
  void read_archive(std::string_view bytes, const std::string& path);
  void read_streams(std::string_view bytes, const std::string& path);

  std::unique_ptr<ZipFile> zip_;
  ForeignTensors tensors_;
};

}  // namespace dragoman
