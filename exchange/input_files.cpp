#include "exchange/input_files.h"

#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

constexpr std::string_view kPointer = "version https://git-lfs.github.com/spec/";

void refuse_pointer(std::string_view bytes, const std::string& path) {
  if (bytes.substr(0, kPointer.size()) != kPointer) return;
  throw ModelError(
      path,
      "expected the file itself, got a git-lfs pointer to it: run 'git lfs pull' in its folder, or "
      "download the file");
}

}  // namespace

bool has_suffix(std::string_view path, std::string_view suffix) {
  return path.size() > suffix.size() && path.substr(path.size() - suffix.size()) == suffix;
}

InputFiles::InputFiles(const std::string& path) : archive_(path + "/") {
  if (!has_suffix(path, ".zip") || is_folder(path)) return;
  archive_bytes_ = std::make_unique<MappedFile>(path);
  refuse_pointer(archive_bytes_->bytes(), path);
  zip_ = std::make_unique<ZipFile>(archive_bytes_->bytes(), path);
}

std::string InputFiles::name_in_archive(const std::string& path) const {
  const bool inside = zip_ != nullptr && path.rfind(archive_, 0) == 0;
  return inside ? std::filesystem::path(path.substr(archive_.size())).lexically_normal().string() : "";
}

std::string InputFiles::archive_root() const {
  const std::string archive = archive_.substr(0, archive_.size() - 1);
  const auto& entries = zip_->entries();
  if (entries.empty()) return archive;
  const std::string& first = entries.begin()->first;
  const std::string top = first.substr(0, first.find('/') + 1);
  const bool in_one = !top.empty() && std::all_of(entries.begin(), entries.end(), [&](const auto& entry) {
    return entry.first.rfind(top, 0) == 0;
  });
  return in_one ? archive_ + top.substr(0, top.size() - 1) : archive;
}

bool InputFiles::exists(const std::string& path) const {
  const std::string name = name_in_archive(path);
  return name.empty() ? file_exists(path) && !is_folder(path) : zip_->entries().count(name) > 0;
}

std::vector<std::string> InputFiles::list(const std::string& folder) const {
  if (zip_ == nullptr || (folder + "/").rfind(archive_, 0) != 0) return list_folder(folder);
  std::vector<std::string> names;
  const std::string prefix = (folder + "/").substr(archive_.size());
  for (const auto& [name, entry] : zip_->entries()) {
    if (name.rfind(prefix, 0) == 0 && name.find('/', prefix.size()) == std::string::npos &&
        name.size() > prefix.size())
      names.push_back(name.substr(prefix.size()));
  }
  return names;
}

std::string_view InputFiles::bytes(const std::string& path) {
  const std::string name = name_in_archive(path);
  const std::string_view bytes =
      name.empty() ? mapped_.try_emplace(path, path).first->second.bytes() : zip_->content(name);
  refuse_pointer(bytes, path);
  return bytes;
}

}  // namespace dragoman
