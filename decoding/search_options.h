// The options of a search for the best translation, and its hypotheses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

// The logit and the log-probability of a forbidden token.
inline constexpr float kImpossible = -std::numeric_limits<float>::infinity();

// What --length-penalty is the power of: the length, or (5+length)/6 (Wu et al. 2016, equation 14).
enum class LengthPenaltyKind { kAverage, kWu };
constexpr auto names_of(LengthPenaltyKind) {
  return choice_names("average", "wu");
}

// When beam search stops (sentence_beam.h).
enum class SearchUntil { kHeuristic, kCandidates, kExact, kFirst };
constexpr auto names_of(SearchUntil) {
  return choice_names("heuristic", "candidates", "exact", "first");
}

struct SearchOptions {
  int64_t beam_size = 4;
  double length_penalty = 1.0;
  LengthPenaltyKind length_penalty_kind = LengthPenaltyKind::kAverage;
  int64_t min_length = 0;
  int64_t max_length = 0;
  int64_t n_best = 1;
  int64_t no_repeat_ngram = 0;
  double repetition_penalty = 1.0;
  double diversity_rate = 0.0;
  bool sample = false;
  double temperature = 1.0;
  int64_t top_k = 0;
  double top_p = 1.0;
  int64_t seed = 1;
  SearchUntil search_until = SearchUntil::kHeuristic;
  double word_penalty = 0.0;
  int64_t encoder_no_repeat_ngram = 0;

  // Settings of a model folder without a flag (folder_search.h), by ids.
  bool renormalize = true;  // forbidden tokens have no share in the probabilities
  // All tokens that end a translation if </s> is not the only one. The others stay in its text.
  std::vector<int64_t> ends = {};
  std::vector<int64_t> suppressed = {};        // never generated
  std::vector<int64_t> begin_suppressed = {};  // never generated as the first token
  int64_t forced_begin = -1;                   // the first token; -1: any
  std::vector<int64_t> forced_ends = {};       // one of these is the last token at the length limit

  OptionList describe();
  // UsageError when members do not fit together (n_best above beam_size).
  void check() const;

  // The divisor of the log-probability of a hypothesis of `length` tokens: length^alpha, or
  // ((5+length)/6)^alpha for "wu" (Wu et al. 2016, equation 14).
  double penalty(int64_t length) const;
  // The score by which hypotheses of `length` tokens, </s> included, are compared.
  double score(double log_probability, int64_t length) const {
    return (log_probability - word_penalty * length) / penalty(length);
  }
  // The maximum number of generated tokens, </s> included, for a source of `source_length` tokens: max_length
  // if it is set, otherwise min_length + 3 * source_length + 50, but at most `model_limit` unless min_length
  // is larger. It depends on the line's own length, never on its batch.
  int64_t limit(int64_t source_length, int64_t model_limit) const;

  bool is_beam_search() const { return beam_size > 1 && !sample; }
  // The number of continuations that a step of beam search needs: even if all possible ends are among the
  // best, beam_size others remain.
  int64_t candidates() const { return (1 + std::max<int64_t>(1, ends.size())) * beam_size; }
  // Whether the rules (next_token.h) change log-probabilities instead of logits, as in transformers' beam
  // search. This makes a difference only for these two options.
  bool rules_see_log_probabilities() const {
    return is_beam_search() && (repetition_penalty != 1 || !renormalize);
  }
};

// The limits of each sentence of a batch, and of all of them.
struct SearchLimits {
  std::vector<int64_t> lengths;  // of each sentence: the maximum of generated tokens, </s> included
  int64_t end_id = 0;            // </s>
  std::vector<std::vector<int64_t>> prefixes = {};   // of each: the forced prefix; empty if there are none
  std::vector<uint64_t> keys = {};                   // of each: the seed of its random numbers (sampling)
  std::vector<std::vector<int64_t>> forbidden = {};  // forbidden n-grams
  std::vector<const std::vector<int64_t>*> sources = {};  // of each: its ids (for encoder_no_repeat_ngram)

  // The limits of the sentences first, first + step, ...
  SearchLimits part(size_t first, size_t step) const;
};

struct Hypothesis {
  std::vector<int64_t> ids;    // without </s>
  double log_probability = 0;  // sum over its tokens, </s> included
  double score = 0;            // log_probability / penalty(length, </s> included)
  bool complete = false;       // ended by </s>, not by the length limit

  // Appends a token. Returns whether this ends the hypothesis: at </s>, at another ending token (which stays
  // in the text), at -1 (no token may follow), or at the limit, where it is not complete. limit: the maximum
  // number of tokens, </s> included.
  bool grow(int64_t token, double token_log_probability, int64_t limit, int64_t end_id,
            const SearchOptions& options);
};

// Best first. Ties keep their order.
void order_by_score(std::vector<Hypothesis>& hypotheses);

}  // namespace dragoman
