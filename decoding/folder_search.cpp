#include "decoding/folder_search.h"

#include <algorithm>

#include "core/json.h"

namespace dragoman {
namespace {

// Sets members and records each setting.
class Settings {
 public:
  template <typename Value, typename Member>
  void set(const char* option, const char* key, const std::optional<Value>& value, Member& member) {
    if (!value) return;
    member = *value;
    note(option, key, *value);
  }
  void note(const char* option, const char* key, const nlohmann::json& value) {
    settings.push_back({option, key, value.dump()});
  }
  void ids(const char* key, const std::vector<int64_t>& from, std::vector<int64_t>& to) {
    if (from.empty()) return;
    to = from;
    note("", key, from);
  }

  std::vector<FolderSetting> settings;
};

void set_lengths(const GenerationDefaults& g, SearchOptions& search, Settings& settings) {
  const char *most = "max-length", *least = "min-length";
  if (g.max_new_tokens) {
    settings.set(most, "max_new_tokens", g.max_new_tokens, search.max_length);
  } else if (g.max_length && *g.max_length != kUsualMaxLength) {
    settings.set(most, "max_length", g.max_length, search.max_length);
    search.max_length = g.most_tokens();  // without the <pad> at the start
  }
  if (g.min_new_tokens) {
    settings.set(least, "min_new_tokens", g.min_new_tokens, search.min_length);
  } else if (g.min_length) {
    settings.set(least, "min_length", g.min_length, search.min_length);
    search.min_length = std::max<int64_t>(0, search.min_length - 1);
  }
}

// The rules are those of transformers 5.
void set_stopping(const GenerationDefaults& g, SearchOptions& search, Settings& settings) {
  if (!g.early_stopping) return;
  const EarlyStopping rule = *g.early_stopping;
  search.search_until = rule == EarlyStopping::kTrue    ? SearchUntil::kFirst
                        : rule == EarlyStopping::kNever ? SearchUntil::kExact
                                                        : SearchUntil::kHeuristic;
  settings.note("search-until", "early_stopping", early_stopping_json(rule));
}

void set_sampling(const GenerationDefaults& g, SearchOptions& search, Settings& settings) {
  constexpr int64_t kUsualTopK = 50;  // transformers' default for sampling
  settings.set("sample", "do_sample", g.do_sample, search.sample);
  if (search.sample) search.top_k = kUsualTopK;
  settings.set("temperature", "temperature", g.temperature, search.temperature);
  settings.set("top-k", "top_k", g.top_k, search.top_k);
  settings.set("top-p", "top_p", g.top_p, search.top_p);
}

void set_tokens(const GenerationDefaults& g, SearchOptions& search, Settings& settings) {
  settings.set("", "forced_bos_token_id", g.forced_bos_token_id, search.forced_begin);
  settings.ids("forced_eos_token_id", g.forced_eos_token_ids, search.forced_ends);
  settings.ids("suppress_tokens", g.suppress_tokens, search.suppressed);
  settings.ids("begin_suppress_tokens", g.begin_suppress_tokens, search.begin_suppressed);
  if (g.eos_token_ids.size() > 1) settings.ids("eos_token_id", g.eos_token_ids, search.ends);
}

}  // namespace

std::vector<FolderSetting> apply_generation(const GenerationDefaults& g, SearchOptions& search) {
  Settings settings;
  settings.set("beam-size", "num_beams", g.num_beams, search.beam_size);
  settings.set("length-penalty", "length_penalty", g.length_penalty, search.length_penalty);
  settings.set("word-penalty", "dragoman_word_penalty", g.word_penalty, search.word_penalty);
  set_lengths(g, search, settings);
  settings.set("no-repeat-ngram", "no_repeat_ngram_size", g.no_repeat_ngram_size, search.no_repeat_ngram);
  settings.set("encoder-no-repeat-ngram", "encoder_no_repeat_ngram_size", g.encoder_no_repeat_ngram_size,
               search.encoder_no_repeat_ngram);
  settings.set("repetition-penalty", "repetition_penalty", g.repetition_penalty, search.repetition_penalty);
  set_stopping(g, search, settings);
  set_sampling(g, search, settings);
  settings.set("", "renormalize_logits", g.renormalize_logits, search.renormalize);
  set_tokens(g, search, settings);
  return settings.settings;
}

}  // namespace dragoman
