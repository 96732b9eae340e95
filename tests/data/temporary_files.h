// A folder that is gone when the test is over, and files in it.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>

#include "core/files.h"

namespace dragoman {

class TemporaryFolder {
 public:
  TemporaryFolder() : path_(std::filesystem::temp_directory_path() / "dragoman-test-XXXXXX") {
    if (mkdtemp(path_.data()) == nullptr) throw std::runtime_error("no temporary folder");
  }
  ~TemporaryFolder() { remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  std::string path(const std::string& name) const { return join_path(path_, name); }
  // Returns the path.
  std::string write(const std::string& name, const std::string& content) const {
    write_file_atomically(path(name), content);
    return path(name);
  }

 private:
  std::string path_;
};

}  // namespace dragoman
