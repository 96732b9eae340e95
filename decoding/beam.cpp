// Beam search: the b best unfinished hypotheses of each sentence go on together.
//
//   each step, for each sentence:
//     score every continuation of its b live hypotheses; take the 2b best (at most b of them can be </s>);
//     those among the first b that end are finished, compared by score / length^alpha; the b best finished
//     are kept; the b best that do not end live on.
//   It is done when b are finished and no live one, at its present length, would beat the worst of them
//   (transformers' early_stopping=False), or at the length limit, where the b best candidates are taken as
//   they are.
#include <algorithm>
#include <limits>

#include "decoding/search.h"

namespace dragoman {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

struct Candidate {
  float log_probability;  // of the whole hypothesis
  int64_t beam;           // the live hypothesis that it continues
  int64_t token;
};

// The live hypotheses of one sentence after a step, b of each list.
struct Advance {
  std::vector<int64_t> beams, tokens;
};

class SentenceBeam {
 public:
  SentenceBeam(int64_t sentence, int64_t limit, int64_t end_id, const SearchOptions& options)
      : sentence_(sentence),
        limit_(limit),
        end_id_(end_id),
        options_(&options),
        live_(static_cast<size_t>(options.beam_size)) {
    for (auto& hypothesis : live_) hypothesis.log_probability = kImpossible;
    live_[0].log_probability = 0;  // all begin alike: only one may be continued by the first step
  }

  // candidates: the 2b best, best first; length: of hypotheses after this step, </s> included.
  Advance advance(const std::vector<Candidate>& candidates, int64_t length) {
    Advance next;
    std::vector<Hypothesis> live;
    const bool last = length >= limit_;
    for (size_t rank = 0; rank < candidates.size(); ++rank) {
      const Candidate& candidate = candidates[rank];
      if (candidate.log_probability == kImpossible) break;
      const bool ends = candidate.token == end_id_;
      if ((ends || last) && rank < live_.size()) finish(candidate, length);
      if (ends || live.size() == live_.size()) continue;
      live.push_back(continued(candidate));
      next.beams.push_back(candidate.beam), next.tokens.push_back(candidate.token);
    }
    done_ = last || live.empty() || cannot_improve(live, length);
    fill_up(live, next);
    live_ = std::move(live);
    return next;
  }

  bool done() const { return done_; }
  int64_t sentence() const { return sentence_; }
  const std::vector<Hypothesis>& live() const { return live_; }

  std::vector<Hypothesis> best() const {
    const auto count = std::min(finished_.size(), static_cast<size_t>(options_->n_best));
    return {finished_.begin(), finished_.begin() + static_cast<std::ptrdiff_t>(count)};
  }

 private:
  Hypothesis continued(const Candidate& candidate) const {
    Hypothesis hypothesis = live_[static_cast<size_t>(candidate.beam)];
    hypothesis.ids.push_back(candidate.token);
    hypothesis.log_probability = candidate.log_probability;
    return hypothesis;
  }

  void finish(const Candidate& candidate, int64_t length) {
    const bool complete = candidate.token == end_id_;
    Hypothesis hypothesis = complete ? live_[static_cast<size_t>(candidate.beam)] : continued(candidate);
    hypothesis.log_probability = candidate.log_probability;
    hypothesis.score = candidate.log_probability / options_->penalty(length);
    hypothesis.complete = complete;
    const auto place =
        std::upper_bound(finished_.begin(), finished_.end(), hypothesis,
                         [](const Hypothesis& a, const Hypothesis& b) { return a.score > b.score; });
    finished_.insert(place, std::move(hypothesis));
    if (finished_.size() > live_.size()) finished_.pop_back();
  }

  bool cannot_improve(const std::vector<Hypothesis>& live, int64_t length) const {
    if (finished_.size() < live_.size()) return false;
    const bool exact = options_->search_until == "exact" && options_->length_penalty > 0;
    return live[0].log_probability / options_->penalty(exact ? limit_ : length) <= finished_.back().score;
  }

  // A small vocabulary can give fewer than b continuations: the rest are copies that nothing will choose.
  void fill_up(std::vector<Hypothesis>& live, Advance& next) const {
    while (live.size() < live_.size()) {
      live.emplace_back();
      live.back().log_probability = kImpossible;
      next.beams.push_back(0), next.tokens.push_back(end_id_);
    }
  }

  int64_t sentence_, limit_, end_id_;
  const SearchOptions* options_;
  std::vector<Hypothesis> live_;      // b, best first
  std::vector<Hypothesis> finished_;  // at most b, best first
  bool done_ = false;
};

// The 2b best continuations of each sentence. logits: [n*b,V]; live: [n*b], log-probabilities so far.
std::vector<std::vector<Candidate>> best_continuations(const torch::Tensor& logits, const torch::Tensor& live,
                                                       int64_t beams) {
  const int64_t n = logits.size(0) / beams, vocabulary = logits.size(1);
  const auto scores = (logits.log_softmax(1) + live.unsqueeze(1)).view({n, beams * vocabulary});
  const int64_t count = std::min(2 * beams, scores.size(1));
  const auto top = scores.topk(count, 1);
  const auto values = std::get<0>(top).to(torch::kCPU).contiguous(),
             places = std::get<1>(top).to(torch::kCPU).contiguous();
  std::vector<std::vector<Candidate>> candidates(static_cast<size_t>(n));
  for (int64_t i = 0; i < n * count; ++i) {
    const int64_t place = places.const_data_ptr<int64_t>()[i];
    candidates[static_cast<size_t>(i / count)].push_back(
        {values.const_data_ptr<float>()[i], place / vocabulary, place % vocabulary});
  }
  return candidates;
}

// All sentences of a batch that still run: row r of the decoder is beam r % b of sentence r / b.
struct Rows {
  std::vector<int64_t> origin, tokens, kept_sentences;
  std::vector<float> log_probabilities;

  void add(const SentenceBeam& beam, const Advance& next, int64_t first_row) {
    for (size_t i = 0; i < next.tokens.size(); ++i) {
      origin.push_back(first_row + next.beams[i]);
      tokens.push_back(next.tokens[i]);
      log_probabilities.push_back(static_cast<float>(beam.live()[i].log_probability));
    }
  }
};

// What each row has written so far.
std::vector<const std::vector<int64_t>*> beam_ids_of(const std::vector<SentenceBeam>& running) {
  std::vector<const std::vector<int64_t>*> ids;
  for (const auto& beam : running) {
    for (const auto& hypothesis : beam.live()) ids.push_back(&hypothesis.ids);
  }
  return ids;
}

bool in_order(const std::vector<int64_t>& rows) {
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] != static_cast<int64_t>(i)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::vector<Hypothesis>> beam_search(const CachedDecoder& decoder, const torch::Tensor& source,
                                                 const SearchOptions& options, const SearchLimits& limits) {
  const c10::InferenceMode inference;
  const int64_t n = source.size(0), beams = options.beam_size;
  const auto device = decoder.device();
  std::vector<SentenceBeam> running;
  std::vector<float> scores;
  for (int64_t i = 0; i < n; ++i) {
    running.emplace_back(i, limits.lengths[static_cast<size_t>(i)], limits.end_id, options);
    for (const auto& hypothesis : running.back().live())
      scores.push_back(static_cast<float>(hypothesis.log_probability));
  }
  std::vector<std::vector<Hypothesis>> results(static_cast<size_t>(n));
  DecoderState state = decoder.start(source, beams);
  auto tokens = torch::full({n * beams}, decoder.start_id(), source.options());

  for (int64_t length = 1; !running.empty(); ++length) {
    auto logits = decoder.step(tokens, state);
    if (length <= options.min_length) logits.select(1, limits.end_id).fill_(kImpossible);
    if (options.no_repeat_ngram > 0) forbid_repeats(logits, beam_ids_of(running), options.no_repeat_ngram);
    const auto candidates = best_continuations(logits, torch::tensor(scores).to(device), beams);
    Rows rows;
    std::vector<SentenceBeam> going_on;
    for (size_t i = 0; i < running.size(); ++i) {
      const Advance next = running[i].advance(candidates[i], length);
      if (running[i].done()) {
        results[static_cast<size_t>(running[i].sentence())] = running[i].best();
        continue;
      }
      rows.add(running[i], next, static_cast<int64_t>(going_on.size()) * beams);
      rows.kept_sentences.push_back(static_cast<int64_t>(i));
      going_on.push_back(std::move(running[i]));
    }
    if (!going_on.empty() && going_on.size() < candidates.size()) {
      state.select_sentences(torch::tensor(rows.kept_sentences, torch::kInt64).to(device));
    }
    if (!going_on.empty() && !in_order(rows.origin))
      state.select_rows(torch::tensor(rows.origin, torch::kInt64).to(device));
    running = std::move(going_on);
    scores = std::move(rows.log_probabilities);
    tokens = torch::tensor(rows.tokens, torch::kInt64).to(device);
  }
  return results;
}

}  // namespace dragoman
