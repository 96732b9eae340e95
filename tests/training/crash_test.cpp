// uses: torch
// What a crash, a full disk or a lost write leaves behind: one save is interrupted at every file-system call
// that it makes, in every way. Afterwards the folder must hold the old state or the new one, whole.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>

#include "core/files.h"
#include "core/log.h"
#include "core/manifest.h"
#include "model/config.h"
#include "model/weights.h"
#include "tests/support/small_model.h"
#include "training/checkpoint.h"

namespace dragoman {
namespace {

namespace fs = std::filesystem;

struct ProcessEnded {};

enum class Ending { kKilled, kPowerLost, kDiskFull, kInputOutputError };

// Counts calls, and at the chosen one ends the process or makes the call fail. For a lost power supply it
// also keeps book of what was never synced: written files lose their content, renames and removals are
// undone.
class Disaster {
 public:
  Disaster(int64_t at, Ending ending, std::string backup)
      : at_(at), ending_(ending), backup_(std::move(backup)) {
    set_file_call_hook([this](const FileCall& call) { return on_call(call); });
  }
  ~Disaster() { set_file_call_hook(nullptr); }

  int64_t calls() const { return calls_; }

  void lose_what_was_not_synced() {
    set_file_call_hook(nullptr);
    for (auto change = changes_.rbegin(); change != changes_.rend(); ++change) {
      if (change->name == "rename") {
        if (fs::exists(change->to)) fs::rename(change->to, change->path);
        if (!change->saved.empty()) fs::copy(change->saved, change->to, fs::copy_options::recursive);
      } else if (change->name == "remove" && !change->saved.empty() && !fs::exists(change->path)) {
        fs::create_directories(fs::path(change->path).parent_path());
        fs::copy(change->saved, change->path, fs::copy_options::recursive);
      }
    }
    for (const auto& path : unsynced_) {
      if (fs::exists(path)) fs::resize_file(path, fs::file_size(path) / 2);
    }
  }

 private:
  struct Change {
    std::string name, path, to, saved;
  };

  int on_call(const FileCall& call) {
    if (calls_++ == at_) {
      if (ending_ == Ending::kDiskFull) return ENOSPC;
      if (ending_ == Ending::kInputOutputError) return EIO;
      throw ProcessEnded();
    }
    if (ending_ == Ending::kPowerLost) keep_book(call);
    return 0;
  }

  std::string saved_copy(const std::string& path) {
    if (!fs::exists(path)) return "";
    const std::string copy = join_path(backup_, std::to_string(copies_++));
    fs::copy(path, copy, fs::copy_options::recursive);
    return copy;
  }

  void keep_book(const FileCall& call) {
    const std::string name = call.name;
    if (name == "write") unsynced_.insert(call.path);
    if (name == "fsync") unsynced_.erase(call.path);
    if (name == "rename") {
      changes_.push_back({name, call.path, call.to, saved_copy(call.to)});
      if (unsynced_.erase(call.path) > 0) unsynced_.insert(call.to);
    }
    if (name == "remove" && !fs::is_directory(call.path))
      changes_.push_back({name, call.path, "", saved_copy(call.path)});
    if (name == "fsync_folder") {
      const auto lasts = [&](const Change& change) {
        const std::string& where = change.to.empty() ? change.path : change.to;
        return fs::path(where).parent_path() == fs::path(join_path(call.path, "x")).parent_path();
      };
      changes_.erase(std::remove_if(changes_.begin(), changes_.end(), lasts), changes_.end());
    }
  }

  int64_t at_, calls_ = 0;
  Ending ending_;
  std::string backup_;
  int copies_ = 0;
  std::set<std::string> unsynced_;
  std::vector<Change> changes_;
};

class CrashSweep : public ::testing::TestWithParam<Ending> {
 protected:
  // Runs `save` in a fresh copy of the folder that `prepare` made, with a disaster at each of its calls;
  // `check` then looks at what is there. When nothing ended the process, a second save must succeed.
  template <typename Prepare, typename Save, typename Check>
  void sweep(const Prepare& prepare, const Save& save, const Check& check) {
    int64_t points = 0;
    for (bool done = false; !done; ++points) {
      SCOPED_TRACE("call " + std::to_string(points));
      const TemporaryFolder folder, backup;
      prepare(folder.path(""));
      Disaster disaster(points, GetParam(), backup.path(""));
      bool ended = false;
      try {
        save(folder.path(""));
      } catch (const ProcessEnded&) {
        ended = true;
      } catch (const DataError& error) {
        EXPECT_NE(std::string(error.what()).find("errno"), std::string::npos) << error.what();
      }
      done = disaster.calls() <= points;
      if (GetParam() == Ending::kPowerLost && ended) disaster.lose_what_was_not_synced();
      set_file_call_hook(nullptr);
      check(folder.path(""), done);
      if (HasFatalFailure()) return;
      save(folder.path(""));
      check(folder.path(""), true);
    }
    EXPECT_GT(points, 10);
    std::cout << points - 1 << " points\n";
  }
};

constexpr Ending kEndings[] = {Ending::kKilled, Ending::kPowerLost, Ending::kDiskFull,
                               Ending::kInputOutputError};
std::string name_of(const ::testing::TestParamInfo<Ending>& one) {
  const char* const names[] = {"Killed", "PowerLost", "DiskFull", "InputOutputError"};
  return names[static_cast<int>(one.param)];
}
INSTANTIATE_TEST_SUITE_P(Each, CrashSweep, ::testing::ValuesIn(kEndings), name_of);

void save_update(const std::string& folder, int64_t update) {
  const Transformer model = random_model(small_model_options(), static_cast<uint64_t>(update));
  Transformer same = model;
  const Adam optimiser(same, {});
  TrainingState state;
  state.update = update;
  save_checkpoint(folder, state, model, optimiser, nullptr, 1);
}

TEST_P(CrashSweep, ACheckpointIsTheOldOneOrTheNewOne) {
  sweep([](const std::string& folder) { save_update(folder, 1); },
        [](const std::string& folder) { save_update(folder, 2); },
        [](const std::string& folder, bool done) {
          std::ostringstream text;
          Log log(text);
          const auto newest = newest_checkpoint(folder, log);
          ASSERT_TRUE(newest.has_value()) << text.str();
          Transformer model(small_model_options());
          Adam optimiser(model, {});
          const int64_t update = load_checkpoint(*newest, model, optimiser, nullptr).update;
          if (done)
            EXPECT_EQ(update, 2);
          else
            EXPECT_TRUE(update == 1 || update == 2) << update;
        });
}

TEST_P(CrashSweep, AModelFolderIsTheOldOneOrTheNewOne) {
  const auto model_of = [](const std::string& folder, uint64_t seed) {
    return random_model(read_model_config(folder), seed);
  };
  sweep([](const std::string& folder) { write_small_folder(folder); },
        [&](const std::string& folder) { write_model_weights(folder, model_of(folder, 2)); },
        [&](const std::string& folder, bool done) {
          const auto loaded = ModelFolder::load(folder, torch::kCPU).model->parameters();
          const auto is = [&](const Transformer& model) {
            const auto parameters = model->parameters();
            for (size_t i = 0; i < parameters.size(); ++i)
              if (!torch::equal(parameters[i], loaded[i])) return false;
            return true;
          };
          const bool is_new = is(model_of(folder, 2));
          const bool is_old = is(random_model(read_model_config(folder), 1, 1, 2));
          EXPECT_TRUE(done ? is_new : is_new || is_old);
        });
}

}  // namespace
}  // namespace dragoman
