#include "app/search_settings.h"

#include <algorithm>

#include "app/idle_flags.h"
#include "core/files.h"
#include "decoding/folder_search.h"

namespace dragoman {
namespace {

void settle_lengths(const Flags& given, const std::string& file, SearchOptions& search) {
  if (search.max_length == 0 || search.min_length < search.max_length) return;
  if (given.has("min-length") && given.has("max-length")) return;  // check() refuses them
  if (given.has("min-length"))
    search.max_length = 0;
  else if (given.has("max-length"))
    search.min_length = search.max_length - 1;
  else
    throw ModelError(file + ": min_length", "expected less than its max_length (" +
                                                std::to_string(search.max_length) + " tokens), got " +
                                                std::to_string(search.min_length) + " tokens");
}

// Settings of sampling that only the folder gives mean nothing where nothing is drawn.
void settle_sampling(const Flags& given, SearchOptions& search) {
  if (search.sample) return;
  const SearchOptions usual;
  if (!given.has("temperature")) search.temperature = usual.temperature;
  if (!given.has("top-k")) search.top_k = usual.top_k;
  if (!given.has("top-p")) search.top_p = usual.top_p;
}

// Those of the folder that sampling cannot use. Flags are checked where they are read.
void check_sampling(const Flags& given, const std::string& file, const SearchOptions& search) {
  if (!search.sample) return;
  const auto check = [&](const char* flag, const std::string& key, bool good, const std::string& rule,
                         const std::string& value) {
    if (!good && !given.has(flag)) throw ModelError(file + ": " + key, "expected " + rule + ", got " + value);
  };
  check("temperature", "temperature", search.temperature >= 0.001 && search.temperature <= 1000,
        "a number from 0.001 to 1000", fixed(search.temperature, 3));
  check("top-p", "top_p", search.top_p > 0 && search.top_p <= 1, "a number above 0 and at most 1",
        fixed(search.top_p, 3));
  check("top-k", "top_k", search.top_k >= 0, "0 or more", std::to_string(search.top_k));
}

// What compares hypotheses has nothing to do where there is one.
void refuse_idle_search_flags(const Flags& given, const std::string& file, const SearchOptions& search) {
  if (!search.sample && search.beam_size > 1) return;
  const std::string sampling = given.has("sample") ? "beam search, not --sample"
                                                   : "beam search (--sample=false), not do_sample of " + file;
  const std::string expected = search.sample ? sampling : "--beam-size 2 or more";
  for (const char* flag :
       {"length-penalty", "length-penalty-kind", "word-penalty", "search-until", "diversity-rate"})
    refuse_idle(given, flag, expected);
  // A beam of one hypothesis is greedy search.
  if (search.sample && search.beam_size > 1) refuse_idle(given, "beam-size", expected);
}

void warn_of_unsupported(const GenerationDefaults& generation, const std::string& file,
                         const SearchOptions& search, Log& log) {
  for (const auto& [key, value, of_sampling] : generation.unsupported) {
    if (!of_sampling || search.sample)
      log.warning(file + ": " + key + " is not supported and has no effect (" + value + ")");
  }
}

}  // namespace

void resolve_search(const OptionList& options, const Flags& given, const ModelFolder& folder,
                    SearchOptions& search, Log& log) {
  const GenerationDefaults& generation = folder.generation;
  const std::string file = join_path(folder.path, generation.file);
  apply_generation(generation, search);
  apply_flags(options, given);
  settle_lengths(given, file, search);
  settle_sampling(given, search);
  check_sampling(given, file, search);
  if (!given.has("beam-size") && !search.sample) search.beam_size = std::max(search.beam_size, search.n_best);
  refuse_idle_search_flags(given, file, search);
  search.check();
  warn_of_unsupported(generation, file, search, log);
}

}  // namespace dragoman
