// What a search for the best translation looks for, and when it stops.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

// The logit, and the log-probability, of what may not follow.
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

  // What a model folder may say and no flag (folder_search.h), by ids.
  bool renormalize = true;  // tokens that may not follow have no share in the probabilities
  std::vector<int64_t> ends =
      {};  // all that end a translation where </s> is not alone; others stay in its text
  std::vector<int64_t> suppressed = {};        // never written
  std::vector<int64_t> begin_suppressed = {};  // nor these as the first token
  int64_t forced_begin = -1;                   // the first token; -1: any
  std::vector<int64_t> forced_ends = {};       // one of these is the last token at the length limit

  OptionList describe();
  // UsageError when members do not fit together (n_best above beam_size).
  void check() const;

  // What the sum of log-probabilities of a hypothesis of `length` tokens is divided by: length^alpha, or
  // ((5+length)/6)^alpha for "wu" (Wu et al. 2016, equation 14).
  double penalty(int64_t length) const;
  // What hypotheses of `length` tokens, </s> included, are compared by.
  double score(double log_probability, int64_t length) const {
    return (log_probability - word_penalty * static_cast<double>(length)) / penalty(length);
  }
  // Generated tokens, </s> included, that a source of `source_length` tokens may take: max_length when it is
  // set, else min_length + 3 * source_length + 50, and never more than `model_limit` unless min_length asks
  // for more. A line's own length decides, never its batch.
  int64_t limit(int64_t source_length, int64_t model_limit) const;

  bool is_beam_search() const { return beam_size > 1 && !sample; }
  // Continuations that a step of beam search looks at: those that end a hypothesis may take all but
  // beam_size.
  int64_t candidates() const {
    return (1 + (ends.empty() ? 1 : static_cast<int64_t>(ends.size()))) * beam_size;
  }
  // Whether the rules (next_token.h) change log-probabilities and not logits, as those of transformers' beam
  // search do. It makes a difference to these two alone.
  bool rules_see_log_probabilities() const {
    return is_beam_search() && (repetition_penalty != 1 || !renormalize);
  }
};

// What is said of each sentence of a batch, and of all.
struct SearchLimits {
  std::vector<int64_t> lengths;  // of each sentence: generated tokens at most, </s> included
  int64_t end_id = 0;            // </s>
  std::vector<std::vector<int64_t>> prefixes = {};   // of each: how it must begin; empty when none is given
  std::vector<uint64_t> keys = {};                   // of each: what its random numbers come from (sampling)
  std::vector<std::vector<int64_t>> forbidden = {};  // groups of tokens that never stand in a hypothesis
  std::vector<const std::vector<int64_t>*> sources = {};  // of each: its ids (for encoder_no_repeat_ngram)

  // Of the sentences first, first + step, ...
  SearchLimits part(size_t first, size_t step) const;
};

struct Hypothesis {
  std::vector<int64_t> ids;    // without </s>
  double log_probability = 0;  // sum over its tokens, </s> included
  double score = 0;            // log_probability / penalty(length, </s> included)
  bool complete = false;       // ended by </s>, not by the length limit

  // Takes one more token; true when that ended it: at </s>, at another token that ends (which stays), where
  // nothing may follow (-1), and at the limit, where it is not complete. limit: tokens at most, </s>
  // included.
  bool grow(int64_t token, double token_log_probability, int64_t limit, int64_t end_id,
            const SearchOptions& options);
};

// Best first; of equals the order stays.
void order_by_score(std::vector<Hypothesis>& hypotheses);

}  // namespace dragoman
