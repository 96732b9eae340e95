// Beam search for one sentence. The caller computes the candidates.
//
//   each step, with b = beam_size:
//     - score every continuation of the live hypotheses (at most b), and take the 2b best: at most b of them
//     can
//       be </s>. With e tokens that end a text, take (1+e)b.
//     - those among the first b that end are finished. Keep the b best finished ones by score / length^alpha.
//     - the b best that do not end stay live.
//
// The search stops when b hypotheses are finished and no live one, at its current length, would beat the
// worst of them (early_stopping=False of transformers 5). With --search-until candidates (transformers 4), a
// candidate that has just ended counts as live. With first, the search stops at once. At the length limit,
// the b best candidates are taken unchanged.
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
  int64_t origin = 0;  // the live hypothesis of the previous step that it continues
};

class SentenceBeam {
 public:
  // Starts with one live hypothesis, which is empty.
  SentenceBeam(int64_t sentence, const SearchLimits& limits, const SearchOptions& options)
      : sentence_(sentence),
        limit_(limits.lengths[sentence]),
        end_id_(limits.end_id),
        options_(&options),
        live_(1) {}

  // candidates: at most options.candidates(), best first (with a diversity rate: after its cost). Those at
  // -inf are ignored. length: of hypotheses after this step, </s> included.
  void advance(const std::vector<BeamCandidate>& candidates, int64_t length);

  bool done() const { return done_; }
  int64_t sentence() const { return sentence_; }
  const std::vector<LiveHypothesis>& live() const { return live_; }  // best first
  std::vector<Hypothesis> best() const;                              // at most n_best, best first

 private:
  bool ends(int64_t token) const;
  Hypothesis continued(const BeamCandidate& candidate) const;
  void finish(const BeamCandidate& candidate, int64_t length);
  bool cannot_improve(double bound, int64_t length) const;  // bound: of the future log-probabilities

  int64_t sentence_, limit_, end_id_;
  const SearchOptions* options_;
  std::vector<LiveHypothesis> live_;
  std::vector<Hypothesis> finished_;  // at most b, best first
  bool done_ = false;
};

}  // namespace dragoman
