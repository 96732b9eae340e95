#include <sstream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/random.h"
#include "core/shared_options.h"
#include "folder/manifest.h"
#include "training/run.h"

namespace dragoman {
namespace {

constexpr int64_t kUpdates = 24;

std::string generated_text(uint64_t seed) {
  const std::vector<std::string> syllables = {"ba", "ke", "lo", "mi", "nu", "ra", "te", "zo"};
  SplitMix64 random(seed);
  std::string text;
  for (int line = 0; line < 60; ++line) {
    for (uint64_t word = 2 + random.below(7); word > 0; --word) {
      for (uint64_t n = 1 + random.below(3); n > 0; --n) text += syllables[random.below(syllables.size())];
      text += word > 1 ? " " : ".\n";
    }
  }
  return text;
}

RunOptions small_run(const TemporaryFolder& folder, const std::string& model, int64_t threads) {
  RunOptions run;
  run.train = {{folder.path("source")}, {folder.path("target")}, {}};
  run.model_folder = folder.path(model);
  run.preset = "tiny";
  run.model = model_preset("tiny");
  run.model.d_model = 16, run.model.encoder_layers = run.model.decoder_layers = 1;
  run.model.encoder_ffn_dim = run.model.decoder_ffn_dim = 32;
  run.tokenizer.vocab_size = 60;
  TrainingOptions& training = run.training;
  training.max_tokens = 120, training.max_updates = kUpdates, training.warmup = 4,
  training.learning_rate = 1e-2;
  training.valid_every = 0, training.save_every = 5, training.threads = threads, training.device = "cpu";
  training.augmentation.subword_sampling = 0.2, training.moving_average = 0.9;
  return run;
}

std::string trained(RunOptions run, const std::vector<int64_t>& stops) {
  std::ostringstream unseen;
  Log log(unseen);
  RunRequests none;
  for (const int64_t stop : stops) {
    run.training.max_updates = stop;
    run_training(run, log, none);
    throw_if_interrupted();
  }
  std::string sums;
  for (const char* name : {"model.safetensors", "optimizer.safetensors"})
    sums += checksum_of_file(
                join_path(run.model_folder, "checkpoints/update-" + std::to_string(kUpdates) + "/" + name)) +
            " ";
  return sums + checksum_of_file(join_path(run.model_folder, "model.safetensors"));
}

struct SelftestFlags {
  int64_t threads = 0;
  OptionList describe() { return grouped("Selftest", {threads_option(threads)}); }
};

int run_selftest(SelftestFlags& flags) {
  const TemporaryFolder folder;
  folder.write("source", generated_text(1));
  folder.write("target", generated_text(2));
  const std::string whole = trained(small_run(folder, "whole", flags.threads), {kUpdates});
  const std::string stopped =
      trained(small_run(folder, "stopped", flags.threads), {1, 7, 8, 15, 23, kUpdates});
  Output output("-");
  output.line("resume: " + std::to_string(kUpdates) + " updates at once    " + whole);
  output.line("resume: with five stops       " + stopped);
  output.line(whole == stopped ? "resume is bit-exact on this machine"
                               : "resume is NOT bit-exact on this machine: please report it");
  output.close();
  return whole == stopped ? 0 : 1;
}

}  // namespace

Command selftest_command() {
  return command<SelftestFlags>(
      {.name = "selftest",
       .summary =
           "Trains a tiny model without and with interruptions, and compares every bit of weights and Adam "
           "moments.",
       .usage = "[--threads N]",
       .examples = "  dragoman selftest\n"},
      run_selftest);
}

}  // namespace dragoman
