// numpy's .npz: a zip archive with one .npy file per array (numpy.lib.format, versions 1 to 3).
//
//   6 bytes   "\x93NUMPY"      2 bytes   version      2 or 4 bytes   N, the header's length
//   N bytes   {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }      the rest   the values
//
// Torch-free. A header is parsed by a small grammar and never evaluated. Errors are ModelErrors naming file
// and array.
#pragma once

#include <string>
#include <string_view>

#include "exchange/foreign_tensor.h"
#include "exchange/zip_file.h"

namespace dragoman {

// One .npy file. The result views `bytes`.
ForeignTensor parse_npy(std::string_view bytes, const std::string& where);

class NpzFile {
 public:
  // `bytes` must outlive this object.
  NpzFile(std::string_view bytes, const std::string& path);

  // By their names, without ".npy".
  const ForeignTensors& arrays() const { return arrays_; }
  const std::string& path() const { return zip_.path(); }

 private:
  ZipFile zip_;
  ForeignTensors arrays_;
};

}  // namespace dragoman
