// uses: torch
// What a crash, a full disk or a lost write leaves: a save, and a whole run, are interrupted at every
// file-system call that they make, in every way. Afterwards the folder must hold the old state or the new
// one, whole, and a run that is called again must end as if nothing had happened.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iostream>
#include <set>
#include <sstream>

#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "folder/config.h"
#include "folder/manifest.h"
#include "model/weights.h"
#include "tests/support/small_model.h"
#include "training/checkpoint.h"
#include "training/run.h"

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
    if (has_ended_) return EIO;  // destructors of a process that is gone write nothing
    if (calls_++ == at_) {
      if (ending_ == Ending::kDiskFull) return ENOSPC;
      if (ending_ == Ending::kInputOutputError) return EIO;
      has_ended_ = true;
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
  bool has_ended_ = false;
  Ending ending_;
  std::string backup_;
  int copies_ = 0;
  std::set<std::string> unsynced_;
  std::vector<Change> changes_;
};

class CrashSweep : public ::testing::TestWithParam<Ending> {
 protected:
  bool is_an_end() const { return GetParam() == Ending::kKilled || GetParam() == Ending::kPowerLost; }

  // Runs `save` in a fresh copy of the folder that `prepare` made, with a disaster at each of its calls (each
  // n-th with `stride` n); `check` then looks at what is there. When nothing ended the process, a second save
  // must succeed.
  template <typename Prepare, typename Save, typename Check>
  void sweep(const Prepare& prepare, const Save& save, const Check& check, int64_t stride = 1) {
    int64_t points = 0;
    for (bool done = false; !done; points += stride) {
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
    std::cout << points - stride << " points\n";
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
          const auto loaded = load_model_folder(folder, torch::kCPU).model->parameters();
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

std::string lines_as_text(const std::vector<std::string>& lines) {
  std::string text;
  for (const auto& line : lines) text += line + "\n";
  return text;
}

// A run of a few updates in which everything is on that leaves files.
class RunSweep : public CrashSweep {
 protected:
  RunSweep() {
    for (const auto& [name, seed] : std::vector<std::pair<const char*, uint64_t>>{{"src", 1}, {"tgt", 2}})
      text_.write(name, lines_as_text(sample_lines(20, seed)));
    for (const auto& [name, seed] : std::vector<std::pair<const char*, uint64_t>>{{"v.src", 3}, {"v.tgt", 4}})
      text_.write(name, lines_as_text(sample_lines(2, seed)));
  }

  void run(const std::string& folder, int64_t updates) const {
    RunOptions run;
    run.train = {{text_.path("src")}, {text_.path("tgt")}, {}};
    run.valid = {{text_.path("v.src")}, {text_.path("v.tgt")}, {}};
    run.model_folder = folder;
    run.tokenizer.vocab_size = 40;
    run.preset = "tiny";
    run.model = small_model_options();
    run.model.encoder_layers = run.model.decoder_layers = 1;
    TrainingOptions& training = run.training;
    training.max_tokens = 120, training.max_updates = updates, training.warmup = 2,
    training.learning_rate = 1e-2;
    training.valid_every = 2, training.save_every = 2, training.average = 2,
    training.average_of = AverageOf::kLast;
    training.valid_metric = ValidMetric::kLoss, training.log_every = 1, training.threads = 1,
    training.device = "cpu";
    std::ostringstream ignored;
    Log log(ignored);
    RunRequests none;
    run_training(run, log, none);
  }

  static std::string model_of(const std::string& folder) {
    return read_file(join_path(folder, "model.safetensors"), ErrorKind::kData);
  }

  // A call that failed to write (a full disk) may keep another of its models; one that was ended may not.
  void expect_end(const std::string& folder, const std::string& expected) const {
    load_model_folder(folder, torch::kCPU);
    if (is_an_end()) {
      EXPECT_TRUE(model_of(folder) == expected) << "another model";
    }
    std::ostringstream ignored;
    Log log(ignored);
    const auto checkpoint = newest_checkpoint(folder, log);
    ASSERT_TRUE(checkpoint.has_value());
    const auto state = read_json_file(join_path(*checkpoint, "state.json"), ErrorKind::kModel);
    EXPECT_EQ(state["finished"], true);
    EXPECT_EQ(state["model"]["checksum"], checksum_of_file(join_path(folder, "model.safetensors")));
  }

  TemporaryFolder text_;
};
INSTANTIATE_TEST_SUITE_P(Each, RunSweep, ::testing::ValuesIn(kEndings), name_of);

// The last update, its validation, the average, the model: all that comes at the end of a run.
TEST_P(RunSweep, TheEndOfARunIsDoneWheneverItWasEnded) {
  const TemporaryFolder started, whole;
  run(started.path("m"), 3);
  const auto prepare = [&](const std::string& folder) {
    fs::copy(started.path("m"), folder, fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  };
  prepare(whole.path(""));
  run(whole.path(""), 5);
  const std::string expected = model_of(whole.path(""));
  sweep(
      prepare, [&](const std::string& folder) { run(folder, 5); },
      [&](const std::string& folder, bool done) {
        if (done)
          expect_end(folder, expected);
        else
          load_model_folder(folder, torch::kCPU);
      },
      GetParam() == Ending::kKilled ? 2 : 7);
}

// From an empty folder on: tokenizers, settings, the first checkpoint, the first model.
TEST_P(RunSweep, AWholeRunIsDoneWheneverItWasEnded) {
  if (!is_an_end()) GTEST_SKIP() << "a start that fails leaves nothing";
  const TemporaryFolder whole;
  run(whole.path(""), 3);
  const std::string expected = model_of(whole.path(""));
  sweep([](const std::string&) {}, [&](const std::string& folder) { run(folder, 3); },
        [&](const std::string& folder, bool done) {
          if (done) expect_end(folder, expected);
        },
        13);
}

}  // namespace
}  // namespace dragoman
