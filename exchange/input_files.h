// The files that an import reads: in folders, or inside one zip archive (as OPUS-MT offers its models). An
// archive counts as a folder: "opus.zip/decoder.yml".
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/mapped_file.h"
#include "core/replacement_file.h"
#include "exchange/zip_file.h"

namespace dragoman {

class InputFiles {
 public:
  // `path`: what is imported. An archive is opened when its name ends in .zip. ModelError.
  explicit InputFiles(const std::string& path);

  bool is_archive() const { return zip_ != nullptr; }
  // The archive itself, or the one folder that contains all its files.
  std::string archive_root() const;
  bool exists(const std::string& path) const;
  std::vector<std::string> list(const std::string& folder) const;  // names, sorted

  // Valid while this object lives. ModelError naming the path for a file that cannot be read, and for a
  // pointer of git-lfs.
  std::string_view bytes(const std::string& path);

 private:
  std::string name_in_archive(const std::string& path) const;  // "" for a file outside

  std::string archive_;
  std::unique_ptr<MappedFile> archive_bytes_;
  std::unique_ptr<ZipFile> zip_;
  std::map<std::string, MappedFile> mapped_;
};

// Whether a path ends in this suffix and is longer.
bool has_suffix(std::string_view path, std::string_view suffix);

}  // namespace dragoman
