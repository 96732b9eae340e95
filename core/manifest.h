// manifest.json: size and checksum of the files of a folder, so that damage is noticed before it is used.
//
//   {"files": {"model.safetensors": {"bytes": 4321, "xxh3_128": "0123..."}, ...}}
//
// The checksum is XXH3 with 128 bits: it finds damage, not forgery.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

inline constexpr char kManifestName[] = "manifest.json";

std::string checksum_of(std::string_view bytes);        // 32 hexadecimal digits
std::string checksum_of_file(const std::string& path);  // ModelError when it cannot be read

// Writes FOLDER/manifest.json over the named files, atomically.
void write_manifest(const std::string& folder, const std::vector<std::string>& names);

// Does nothing when the folder has no manifest. ModelError naming the first file that is missing, or whose
// size or checksum differs.
void check_manifest(const std::string& folder);

}  // namespace dragoman
