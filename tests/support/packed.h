// Text in the formats that readers unpack, by the libraries' own compressors.
#pragma once

#include <zlib.h>

#include <string>
#include <vector>
#ifdef DRAGOMAN_HAS_BZIP2
#include <bzlib.h>
#endif
#ifdef DRAGOMAN_HAS_LZMA
#include <lzma.h>
#endif
#ifdef DRAGOMAN_HAS_ZSTD
#include <zstd.h>
#endif

#include "core/unpacker.h"

namespace dragoman {

// Those that this build reads.
inline std::vector<FileFormat::Packing> packings() {
  std::vector<FileFormat::Packing> all = {FileFormat::Packing::kGzip};
#ifdef DRAGOMAN_HAS_BZIP2
  all.push_back(FileFormat::Packing::kBzip2);
#endif
#ifdef DRAGOMAN_HAS_LZMA
  all.push_back(FileFormat::Packing::kXz);
#endif
#ifdef DRAGOMAN_HAS_ZSTD
  all.push_back(FileFormat::Packing::kZstd);
#endif
  return all;
}

inline std::string gzip_packed(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16 /* gzip */, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string packed_by(FileFormat::Packing packing, const std::string& text) {
  std::string out(2 * text.size() + 1000, '\0');
  size_t size = 0;
#ifdef DRAGOMAN_HAS_BZIP2
  if (packing == FileFormat::Packing::kBzip2) {
    auto length = static_cast<unsigned>(out.size());
    BZ2_bzBuffToBuffCompress(out.data(), &length, const_cast<char*>(text.data()),
                             static_cast<unsigned>(text.size()), 9, 0, 0);
    size = length;
  }
#endif
#ifdef DRAGOMAN_HAS_LZMA
  if (packing == FileFormat::Packing::kXz) {
    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC64, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                            text.size(), reinterpret_cast<uint8_t*>(out.data()), &size, out.size());
  }
#endif
#ifdef DRAGOMAN_HAS_ZSTD
  if (packing == FileFormat::Packing::kZstd) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);  // as the program zstd does
    size = ZSTD_compress2(context, out.data(), out.size(), text.data(), text.size());
    ZSTD_freeCCtx(context);
  }
#endif
  if (packing == FileFormat::Packing::kGzip) return gzip_packed(text);
  out.resize(size);
  return out;
}

}  // namespace dragoman
