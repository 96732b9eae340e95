// manifest.json: size and checksum of the files of a folder, so that damage is noticed before use.
//
//   {"files": {"model.safetensors": {"bytes": 4321, "xxh3_128": "0123..."}, ...}}
//
// An entry may hold another one under "before": while a file is being replaced, either content is valid.
// The checksum is XXH3 with 128 bits: it finds damage, not forgery.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/interrupt.h"

namespace dragoman {

inline constexpr char kManifestName[] = "manifest.json";

// A checksum of bytes that come in pieces.
class Checksum {
 public:
  Checksum();
  ~Checksum();
  Checksum(const Checksum&) = delete;
  Checksum& operator=(const Checksum&) = delete;

  void add(const void* data, size_t bytes);
  std::string text() const;  // 32 hexadecimal digits, as of checksum_of() all of them

 private:
  struct State;
  std::unique_ptr<State> state_;
};

std::string checksum_of(std::string_view bytes);  // 32 hexadecimal digits
// ModelError when it cannot be read.
std::string checksum_of_file(const std::string& path, OnInterrupt on_interrupt = OnInterrupt::kFinish);

// Writes FOLDER/manifest.json over the named files, atomically.
void write_manifest(const std::string& folder, const std::vector<std::string>& names,
                    OnInterrupt on_interrupt = OnInterrupt::kFinish);

// Replaces FOLDER/NAME by the file `from` (already on the disk, in the same file system), and the manifest
// over `names`. At every moment in between the folder passes check_manifest with the old file or the new one:
// for a while the manifest lists both ("before").
void replace_listed_file(const std::string& folder, const std::string& name, const std::string& from,
                         const std::vector<std::string>& names);

// The same for a folder with a complete manifest: its entries for the other files stay.
void replace_listed_file(const std::string& folder, const std::string& name, const std::string& from);

// Does nothing when the folder has no manifest. ModelError naming the first file that is missing, or whose
// size or checksum differs. Interrupted.
void check_manifest(const std::string& folder);
// The same for the listed files that `is_wanted` names.
void check_manifest(const std::string& folder, const std::function<bool(const std::string&)>& is_wanted);

}  // namespace dragoman
