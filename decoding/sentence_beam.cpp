#include "decoding/sentence_beam.h"

#include <algorithm>

namespace dragoman {

void SentenceBeam::advance(const std::vector<BeamCandidate>& candidates, int64_t length) {
  std::vector<LiveHypothesis> live;
  const int64_t beams = options_->beam_size;
  const bool last = length >= limit_;
  for (int64_t rank = 0; rank < std::ssize(candidates); ++rank) {
    const BeamCandidate& candidate = candidates[rank];
    if (candidate.log_probability == kImpossible) break;
    const bool end = ends(candidate.token);
    if ((end || last) && rank < beams) finish(candidate, length);
    if (!end && std::ssize(live) < beams) live.push_back({continued(candidate), candidate.beam});
  }
  double bound = kImpossible;  // the maximum: with a diversity rate the first is not always the best
  if (options_->search_until == SearchUntil::kCandidates) {
    for (const auto& candidate : candidates) bound = std::max(bound, double{candidate.log_probability});
  } else {
    for (const auto& one : live) bound = std::max(bound, one.hypothesis.log_probability);
  }
  done_ = last || live.empty() || cannot_improve(bound, length);
  live_ = std::move(live);
}

bool SentenceBeam::ends(int64_t token) const {
  const auto& all = options_->ends;
  return token == end_id_ || (!all.empty() && std::count(all.begin(), all.end(), token) > 0);
}

std::vector<Hypothesis> SentenceBeam::best() const {
  const int64_t count = std::min<int64_t>(finished_.size(), options_->n_best);
  return {finished_.begin(), finished_.begin() + count};
}

Hypothesis SentenceBeam::continued(const BeamCandidate& candidate) const {
  Hypothesis hypothesis = live_[candidate.beam].hypothesis;
  hypothesis.ids.push_back(candidate.token);
  hypothesis.log_probability = candidate.log_probability;
  return hypothesis;
}

void SentenceBeam::finish(const BeamCandidate& candidate, int64_t length) {
  Hypothesis hypothesis =
      candidate.token == end_id_ ? live_[candidate.beam].hypothesis : continued(candidate);
  hypothesis.log_probability = candidate.log_probability;
  hypothesis.score = options_->score(candidate.log_probability, length);
  const bool forced = length >= limit_ && !options_->forced_ends.empty();
  hypothesis.complete = ends(candidate.token) && !forced;
  const auto place =
      std::upper_bound(finished_.begin(), finished_.end(), hypothesis,
                       [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
  finished_.insert(place, std::move(hypothesis));
  if (std::ssize(finished_) > options_->beam_size) finished_.pop_back();
}

bool SentenceBeam::cannot_improve(double bound, int64_t length) const {
  if (std::ssize(finished_) < options_->beam_size) return false;
  if (options_->search_until == SearchUntil::kFirst) return true;
  const bool exact = options_->search_until == SearchUntil::kExact && options_->length_penalty > 0;
  return options_->score(bound, exact ? limit_ : length) <= finished_.back().score;
}

}  // namespace dragoman
