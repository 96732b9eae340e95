// A folder of results that is either complete or absent, however the command that writes it ends.
//
//   OUT is absent:     OUT.unfinished/ --> renamed to OUT
//   OUT is a folder:   OUT/.unfinished/ --> its files are moved into OUT, which may be a mount point
#pragma once

#include <string>
#include <vector>

namespace dragoman {

// Files are written to path() until finish(). Without it (an error, a signal), the destructor removes
// what was written. What a killed command left is removed by the next one that writes the same folder.
// Errors are DataError naming path and errno.
class StagingFolder {
 public:
  // `last`: the file that makes a folder of this kind complete. It is moved after all others.
  StagingFolder(std::string name, std::string last);
  ~StagingFolder();
  StagingFolder(const StagingFolder&) = delete;
  StagingFolder& operator=(const StagingFolder&) = delete;

  const std::string& path() const { return path_; }
  // Interrupted if a signal came before; otherwise the folder gets its final name.
  void finish();

 private:
  void move_files();

  std::string name_, last_, path_;
  std::vector<std::string> moved_;
  bool is_inside_, is_finished_ = false;
};

// Whether nothing is lost when a folder of this name is written: it does not exist, is empty, or is one
// that a killed command was about to finish.
bool is_free_for_new_folder(const std::string& name);

}  // namespace dragoman
