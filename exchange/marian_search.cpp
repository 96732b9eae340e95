#include "exchange/marian_search.h"

#include <algorithm>
#include <array>

#include "core/error.h"
#include "exchange/marian_settings.h"

namespace dragoman {
namespace {

// Paths, batches, memory, logs, and the keys that apply_marian_search() reads.
constexpr std::array kWithoutEffect = {"relative-paths",
                                       "models",
                                       "vocabs",
                                       "beam-size",
                                       "normalize",
                                       "word-penalty",
                                       "allow-unk",
                                       "mini-batch",
                                       "mini-batch-words",
                                       "maxi-batch",
                                       "maxi-batch-sort",
                                       "workspace",
                                       "devices",
                                       "num-devices",
                                       "cpu-threads",
                                       "data-threads",
                                       "seed",
                                       "quiet",
                                       "quiet-translation",
                                       "log",
                                       "log-level",
                                       "log-time-zone",
                                       "input",
                                       "output",
                                       "stat-freq",
                                       "model-mmap",
                                       "optimize",
                                       "port",
                                       "version",
                                       "authors",
                                       "cite",
                                       "build-info",
                                       "dump-config",
                                       "config",
                                       "interpolate-env-vars",
                                       "tempdir"};

struct Default {
  const char* key;
  const char* value;  // that gives the behaviour of `translate`; list items are joined by spaces
};
constexpr Default kDefaults[] = {{"max-length-factor", "3"},
                                 {"max-length", "1000"},
                                 {"max-length-crop", "false"},
                                 {"n-best", "false"},
                                 {"alignment", ""},
                                 {"word-scores", "false"},
                                 {"allow-special", "false"},
                                 {"skip-cost", "false"},
                                 {"force-decode", "false"},
                                 {"no-spm-decode", "false"},
                                 {"no-spm-encode", "false"},
                                 {"shortlist", ""},
                                 {"weights", ""},
                                 {"output-sampling", ""},
                                 {"output-approx-knn", ""},
                                 {"precision", "float32"},
                                 {"fp16", "false"},
                                 {"gemm-type", "float32"},
                                 {"gemm-precision", "float32"},
                                 {"quantize-range", "0"},
                                 {"ignore-model-config", "false"},
                                 {"tsv", "false"},
                                 {"tsv-fields", "0"},
                                 {"encryption-key-path", ""}};

std::string value_of(const MarianSettings& decoder, const std::string& key) {
  std::string text;
  for (const auto& value : decoder.list(key)) text += (text.empty() ? "" : " ") + value;
  return text;
}

bool is_default(const MarianSettings& decoder, const std::string& key) {
  if (std::find(kWithoutEffect.begin(), kWithoutEffect.end(), key) != kWithoutEffect.end()) return true;
  for (const auto& known : kDefaults) {
    if (key == known.key) return value_of(decoder, key) == known.value;
  }
  return is_marian_model_setting(key);  // those in the model take precedence
}

double number_within(const MarianSettings& decoder, const std::string& key, int limit) {
  const double number = decoder.number(key);
  if (number < -limit || number > limit) {
    const std::string text = std::to_string(limit);
    throw ModelError(decoder.where() + ": " + key,
                     "expected a number from -" + text + " to " + text + ", got " + decoder.text(key));
  }
  return number;
}

}  // namespace

void apply_marian_search(const MarianSettings& decoder, GenerationDefaults& generation,
                         std::vector<std::string>& notes) {
  constexpr int64_t kMarianBeam = 12;
  generation.num_beams = decoder.has("beam-size") ? decoder.whole("beam-size", 1, 1024) : kMarianBeam;
  generation.length_penalty = decoder.has("normalize") ? number_within(decoder, "normalize", 10) : 0;
  const double word_penalty = decoder.has("word-penalty") ? number_within(decoder, "word-penalty", 1000) : 0;
  if (word_penalty != 0) generation.word_penalty = word_penalty;
  if (decoder.flag_or("allow-unk", false)) generation.suppress_tokens.clear();
  for (const auto& key : decoder.keys()) {
    if (is_default(decoder, key)) continue;
    notes.push_back(decoder.where() + ": " + key + " " + value_of(decoder, key) +
                    " is not kept in the model folder");
  }
}

}  // namespace dragoman
