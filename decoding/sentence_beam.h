// Beam search for one sentence, whatever computes the candidates.
//
//   each step, for each sentence:
//     score every continuation of its live hypotheses, b at most; take the 2b best (at most b of them can be
//     </s>; with e tokens that end a text, (1+e)b); those among the first b that end are finished, compared
//     by score / length^alpha; the b best finished are kept; the b best that do not end live on.
//   It is done when b are finished and no live one, at its present length, would beat the worst of them
//   (early_stopping=False of transformers 5; with --search-until candidates of transformers 4, where a
//   candidate that has just ended counts as live; with first at once), or at the length limit, where the b
//   best candidates are taken as they are.
#pragma once

#include <vector>

#include "decoding/search_options.h"

namespace dragoman {

struct BeamCandidate {
  float log_probability;  // of the whole hypothesis
  int64_t beam;           // the live hypothesis that it continues
  int64_t token;
};

struct LiveHypothesis {
  Hypothesis hypothesis;
  int64_t origin = 0;  // which of the live hypotheses of the step before it continues
};

class SentenceBeam {
 public:
  // It begins with one live hypothesis, which is empty.
  SentenceBeam(int64_t sentence, const SearchLimits& limits, const SearchOptions& options)
      : sentence_(sentence),
        limit_(limits.lengths[static_cast<size_t>(sentence)]),
        end_id_(limits.end_id),
        options_(&options),
        live_(1) {}

  // candidates: the options.candidates() best, best first (with a rate of diversity: less its cost), as far
  // as there are any; those at -inf are none. length: of hypotheses after this step, </s> included.
  void advance(const std::vector<BeamCandidate>& candidates, int64_t length);

  bool done() const { return done_; }
  int64_t sentence() const { return sentence_; }
  const std::vector<LiveHypothesis>& live() const { return live_; }  // best first
  std::vector<Hypothesis> best() const;                              // n_best at most, best first

 private:
  bool ends(int64_t token) const;
  Hypothesis continued(const BeamCandidate& candidate) const;
  void finish(const BeamCandidate& candidate, int64_t length);
  bool cannot_improve(double bound, int64_t length) const;  // bound: of the log-probabilities to come

  int64_t sentence_, limit_, end_id_;
  const SearchOptions* options_;
  std::vector<LiveHypothesis> live_;
  std::vector<Hypothesis> finished_;  // at most b, best first
  bool done_ = false;
};

}  // namespace dragoman
