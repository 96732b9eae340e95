#include "folder/manifest.h"

#include <xxhash.h>

#include <fstream>

#include "core/files.h"
#include "core/json.h"

namespace dragoman {
namespace {

std::string hexadecimal(XXH128_hash_t hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

bool is_entry(const nlohmann::json& entry) {
  return entry.is_object() && entry.contains("bytes") && entry.contains("xxh3_128");
}

void check_file(const std::string& folder, const std::string& name, const nlohmann::json& entry) {
  const std::string path = join_path(folder, name);
  const std::string manifest = join_path(folder, kManifestName);
  const bool plain = !name.empty() && name.find('/') == std::string::npos && name != "." && name != "..";
  if (!plain || !is_entry(entry)) {
    throw ModelError(manifest + ": " + name,
                     "expected a file name with bytes and xxh3_128, got " + entry.dump().substr(0, 80));
  }
  if (!file_exists(path)) throw ModelError(path, "expected this file (manifest.json lists it), got none");
  const uint64_t size = file_size(path, ErrorKind::kModel);
  const bool replaced =
      entry.contains("before") && is_entry(entry["before"]) && entry["before"]["bytes"] == size;
  const std::string hint =
      ": the file is damaged, or changed on purpose (then: dragoman inspect --model " + folder + " --reseal)";
  if (entry["bytes"] != size && !replaced) {
    throw ModelError(path, "expected " + entry["bytes"].dump() + " bytes (manifest.json), got " +
                               std::to_string(size) + hint);
  }
  const std::string checksum = checksum_of_file(path, OnInterrupt::kThrow);
  if (entry["xxh3_128"] != checksum && !(replaced && entry["before"]["xxh3_128"] == checksum)) {
    throw ModelError(
        path, "expected checksum " + entry["xxh3_128"].dump() + " (manifest.json), got " + checksum + hint);
  }
}

nlohmann::ordered_json entry_of(const std::string& path, OnInterrupt on_interrupt = OnInterrupt::kFinish) {
  return {{"bytes", file_size(path, ErrorKind::kData)}, {"xxh3_128", checksum_of_file(path, on_interrupt)}};
}

void write_entries(const std::string& folder, const nlohmann::ordered_json& files) {
  write_file_atomically(join_path(folder, kManifestName), json_text({{"files", files}}));
}

nlohmann::ordered_json entries_of(const std::string& folder, const std::vector<std::string>& names,
                                  OnInterrupt on_interrupt = OnInterrupt::kFinish) {
  nlohmann::ordered_json files = nlohmann::ordered_json::object();
  for (const auto& name : names) files[name] = entry_of(join_path(folder, name), on_interrupt);
  return files;
}

}  // namespace

std::string checksum_of(std::string_view bytes) {
  return hexadecimal(XXH3_128bits(bytes.data(), bytes.size()));
}

struct Checksum::State {
  XXH3_state_t* hash = XXH3_createState();
  ~State() { XXH3_freeState(hash); }
};

Checksum::Checksum() : state_(std::make_unique<State>()) {
  XXH3_128bits_reset(state_->hash);
}
Checksum::~Checksum() = default;

void Checksum::add(const void* data, size_t bytes) {
  XXH3_128bits_update(state_->hash, data, bytes);
}

std::string Checksum::text() const {
  return hexadecimal(XXH3_128bits_digest(state_->hash));
}

std::string checksum_of_file(const std::string& path, OnInterrupt on_interrupt) {
  std::ifstream file(path, std::ios::binary);
  if (!file) cannot(ErrorKind::kModel, "read", path, errno);
  Checksum checksum;
  std::vector<char> buffer(1 << 20);
  while (file.read(buffer.data(), std::ssize(buffer)), file.gcount() > 0) {
    poll_interrupt(on_interrupt);
    checksum.add(buffer.data(), file.gcount());
  }
  return checksum.text();
}

void write_manifest(const std::string& folder, const std::vector<std::string>& names,
                    OnInterrupt on_interrupt) {
  write_entries(folder, entries_of(folder, names, on_interrupt));
}

namespace {
// `files`: the entries of the folder as it is.
void replace_with_entries(const std::string& folder, const std::string& name, const std::string& from,
                          nlohmann::ordered_json files) {
  const std::string path = join_path(folder, name);
  const nlohmann::ordered_json replacement = entry_of(from);
  if (file_exists(path) && file_exists(join_path(folder, kManifestName))) {
    nlohmann::ordered_json either = files;
    either[name] = replacement;
    either[name]["before"] = files[name];
    write_entries(folder, either);
  }
  rename_path(from, path);
  sync_folder(folder);
  files[name] = replacement;
  write_entries(folder, files);
}
}  // namespace

void replace_listed_file(const std::string& folder, const std::string& name, const std::string& from,
                         const std::vector<std::string>& names) {
  replace_with_entries(folder, name, from, entries_of(folder, names));
}

void replace_listed_file(const std::string& folder, const std::string& name, const std::string& from) {
  const std::string path = join_path(folder, kManifestName);
  nlohmann::ordered_json files = nlohmann::ordered_json::object();
  const nlohmann::json manifest = read_json_file(path, ErrorKind::kModel);
  for (const auto& [listed, entry] : manifest.at("files").items()) files[listed] = entry;
  files[name] = entry_of(join_path(folder, name));  // the manifest may still know two contents of it
  replace_with_entries(folder, name, from, std::move(files));
}

void check_manifest(const std::string& folder) {
  check_manifest(folder, [](const std::string&) { return true; });
}

void check_manifest(const std::string& folder, const std::function<bool(const std::string&)>& is_wanted) {
  const std::string path = join_path(folder, kManifestName);
  if (!file_exists(path)) return;
  const nlohmann::json manifest = read_json_file(path, ErrorKind::kModel);
  if (!manifest.is_object() || !manifest.contains("files") || !manifest["files"].is_object()) {
    throw ModelError(path, "expected an object 'files', got none");
  }
  for (const auto& [name, entry] : manifest["files"].items()) {
    if (is_wanted(name)) check_file(folder, name, entry);
  }
}

}  // namespace dragoman
