// The folder of a run: checked before the text is read, and locked, since two trainers in one folder would
// destroy each other's work.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "core/files.h"
#include "core/log.h"
#include "training/run_options.h"

namespace dragoman {

// What a run finds in its folder.
struct FoundRun {
  std::optional<std::string> checkpoint;  // the newest intact one; none: the run is new
  bool from_model_moved = false;          // --from-model is another path than when the run began

  bool is_new() const { return !checkpoint; }
};

// A folder that is locked for this process. Made when it does not exist.
class LockedFolder {
 public:
  explicit LockedFolder(const std::string& path);  // UsageError when another run has it

  // Calls `begin`, which writes the first files of a run. If that fails, a folder that was made here is
  // removed.
  void begin(const std::function<void()>& begin) const;

 private:
  void remove() const;

  std::string path_;
  bool is_new_;
  std::unique_ptr<FolderLock> lock_;
};

struct OpenedRun {
  LockedFolder folder;
  FoundRun found;
};

// Checks the folder before the text is read. Locks and returns an earlier run; a new folder is not made yet.
// UsageError when the folder has something else than a run, or a run with other settings or without an intact
// checkpoint; DataError when no file can be written there.
std::optional<OpenedRun> open_earlier_run(const RunOptions& options, Log& log);

// Makes and locks the folder after the text was read. Another process may have started a run there meanwhile:
// the checks are repeated.
OpenedRun open_new_run(const RunOptions& options, Log& log);

// The settings of the run in the folder, if there is one, for all that was not given (RunOptions::given); text
// and folders aside. Otherwise the settings as they are. ConfigError.
RunOptions with_settings_of_run(RunOptions options);

// Writes run.json, the first file of a run.
void write_run_settings(const RunOptions& options);

// A checksum of the weights in a model folder.
std::string checksum_of_weights(const std::string& folder);

// --from-model may be another path when it holds the same weights. `began_with`: their checksum. UsageError.
void check_same_model(const std::string& folder, const std::string& began_with);

}  // namespace dragoman
