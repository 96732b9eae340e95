#include "app/search_settings.h"

#include <algorithm>

#include "core/files.h"
#include "decoding/folder_search.h"
#include "decoding/model_examination.h"

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

}  // namespace

void resolve_search(const OptionList& options, const Flags& given, const std::string& folder,
                    SearchOptions& search, Log& log) {
  require_model_folder(folder);
  const GenerationDefaults generation = read_generation_config(folder);
  const std::string file = join_path(folder, generation.file);
  apply_generation(generation, search);
  apply_flags(options, given);
  settle_lengths(given, file, search);
  settle_sampling(given, search);
  if (!given.has("beam-size") && !search.sample) search.beam_size = std::max(search.beam_size, search.n_best);
  search.check();
  for (const auto& [key, value] : generation.unsupported)
    log.warning(file + ": " + key + " is not supported and has no effect (" + value + ")");
}

}  // namespace dragoman
