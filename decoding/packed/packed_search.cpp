#include "decoding/packed/packed_search.h"

#include <algorithm>

#include "core/interrupt.h"
#include "decoding/next_token.h"
#include "decoding/sentence_beam.h"

namespace dragoman {
namespace {

// The `count` best next tokens of each row of a step, best first.
struct RowBest {
  int64_t count = 0;
  std::vector<float> values;    // [rows,count] logits, -inf where there are fewer
  std::vector<int32_t> tokens;  // [rows,count]
  std::vector<float> log_sums;  // [rows]

  // The log-probability of row r's candidate k.
  float log_probability(int64_t row, int64_t k) const {
    const float value = values[static_cast<size_t>(row * count + k)];
    return value == kImpossible ? kImpossible : value - log_sums[static_cast<size_t>(row)];
  }
  int64_t token(int64_t row, int64_t k) const { return tokens[static_cast<size_t>(row * count + k)]; }
};

// One step of a search: reads the rows' tokens and finds what may follow.
class Stepper {
 public:
  Stepper(SessionEnsemble& sessions, const SearchOptions& options, const SearchLimits& limits)
      : sessions_(sessions),
        options_(options),
        limits_(limits),
        vocabulary_(sessions.vocabulary()),
        has_rules_(has_token_rules(options, limits)),
        normalises_first_(options.rules_see_log_probabilities()) {
    best_.count = std::min(options.is_beam_search() ? options.candidates() : 1, vocabulary_);
  }

  // The best that may follow each row. ids: what it has written so far.
  const RowBest& step(const std::vector<SessionRow>& rows,
                      const std::vector<const std::vector<int64_t>*>& ids) {
    const auto count = rows.size() * static_cast<size_t>(best_.count);
    best_.values.resize(count);
    best_.tokens.resize(count);
    best_.log_sums.resize(rows.size());
    const auto& kernels = sessions_.kernels();
    for_each_row(rows, ids, [&](int64_t r, const float* row) {
      best_.log_sums[static_cast<size_t>(r)] =
          kernels.best_of_row(row, vocabulary_, best_.count, true, best_.values.data() + r * best_.count,
                              best_.tokens.data() + r * best_.count);
      if (!options_.renormalize && options_.is_beam_search()) best_.log_sums[static_cast<size_t>(r)] = 0;
    });
    return best_;
  }

  // One token for each row: the best, or with options.sample one that is drawn. samples: which draw of its
  // sentence each row is.
  const std::vector<SampledToken>& choose(const std::vector<SessionRow>& rows,
                                          const std::vector<const std::vector<int64_t>*>& ids,
                                          const std::vector<int64_t>& samples, int64_t position) {
    chosen_.resize(rows.size());
    if (!options_.sample) {
      step(rows, ids);
      for (size_t r = 0; r < rows.size(); ++r) {
        const auto row = static_cast<int64_t>(r);
        chosen_[r] = {best_.token(row, 0), best_.log_probability(row, 0)};
      }
      return chosen_;
    }
    for_each_row(rows, ids, [&](int64_t r, const float* row) {
      const auto i = static_cast<size_t>(r);
      const uint64_t key = limits_.keys[static_cast<size_t>(rows[i].sentence)];
      chosen_[i] =
          sample_token(row, vocabulary_, options_,
                       sampling_number(static_cast<uint64_t>(options_.seed), key, samples[i], position));
    });
    return chosen_;
  }

 private:
  // use(r, logits) for each row, on all threads, once the rules have changed them.
  template <typename Use>
  void for_each_row(const std::vector<SessionRow>& rows, const std::vector<const std::vector<int64_t>*>& ids,
                    const Use& use) {
    float* logits = sessions_.step(rows);
    const auto count = static_cast<int64_t>(rows.size());
    const int64_t stride = sessions_.logits_stride();
    sessions_.pool().run(count, count * vocabulary_ * 8, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        const auto i = static_cast<size_t>(r);
        if (normalises_first_) normalise(logits + r * stride);
        if (has_rules_ || static_cast<int64_t>(ids[i]->size()) < options_.min_length)
          apply_token_rules(logits + r * stride, vocabulary_, *ids[i], static_cast<size_t>(rows[i].sentence),
                            options_, limits_);
        use(r, logits + r * stride);
      }
    });
  }

  void normalise(float* row) const {
    float best = 0;
    int32_t place = 0;
    const float log_sum = sessions_.kernels().best_of_row(row, vocabulary_, 1, true, &best, &place);
    for (int64_t v = 0; v < vocabulary_; ++v) row[v] -= log_sum;
  }

  SessionEnsemble& sessions_;
  const SearchOptions& options_;
  const SearchLimits& limits_;
  int64_t vocabulary_;
  bool has_rules_, normalises_first_;
  RowBest best_;
  std::vector<SampledToken> chosen_;
};

int32_t narrow(int64_t id) {
  return static_cast<int32_t>(id);
}

// Greedy search, and sampling: a row for each draw of a sentence.
std::vector<std::vector<Hypothesis>> packed_greedy(SessionEnsemble& sessions, size_t sentences,
                                                   const SearchOptions& options, const SearchLimits& limits) {
  const int64_t draws = options.sample ? options.n_best : 1;
  std::vector<std::vector<Hypothesis>> results(sentences,
                                               std::vector<Hypothesis>(static_cast<size_t>(draws)));
  Stepper stepper(sessions, options, limits);
  const int32_t start = sessions.start_id();
  std::vector<SessionRow> rows, next;
  std::vector<int64_t> samples, next_samples;
  for (size_t i = 0; i < sentences; ++i) {
    for (int64_t sample = 0; sample < draws; ++sample)
      rows.push_back({0, narrow(static_cast<int64_t>(i)), start}), samples.push_back(sample);
  }
  const auto hypothesis_of = [&](size_t r) -> Hypothesis& {
    return results[static_cast<size_t>(rows[r].sentence)][static_cast<size_t>(samples[r])];
  };
  std::vector<const std::vector<int64_t>*> ids;
  for (int64_t length = 1; !rows.empty(); ++length) {
    throw_if_interrupted();
    ids.clear(), next.clear(), next_samples.clear();
    for (size_t r = 0; r < rows.size(); ++r) ids.push_back(&hypothesis_of(r).ids);
    const auto& chosen = stepper.choose(rows, ids, samples, length);
    for (size_t r = 0; r < rows.size(); ++r) {
      Hypothesis& hypothesis = hypothesis_of(r);
      if (!hypothesis.grow(chosen[r].token, chosen[r].log_probability,
                           limits.lengths[static_cast<size_t>(rows[r].sentence)], limits.end_id, options)) {
        next.push_back({narrow(static_cast<int64_t>(r)), rows[r].sentence, narrow(chosen[r].token)});
        next_samples.push_back(samples[r]);
      }
    }
    rows.swap(next);
    samples.swap(next_samples);
  }
  for (auto& hypotheses : results) order_by_score(hypotheses);
  return results;
}

struct RankedCandidate {
  float rank;  // its log-probability less what diversity costs
  BeamCandidate candidate;
};

// The best continuations of the rows first .. first+live-1 of one sentence.
void best_of_sentence(const RowBest& best, const SentenceBeam& beam, int64_t first,
                      const SearchOptions& options, std::vector<RankedCandidate>& ranked,
                      std::vector<BeamCandidate>& candidates) {
  ranked.clear(), candidates.clear();
  for (size_t i = 0; i < beam.live().size(); ++i) {
    const auto live = static_cast<float>(beam.live()[i].hypothesis.log_probability);
    const int64_t row = first + static_cast<int64_t>(i);
    for (int64_t k = 0; k < best.count; ++k) {
      const float log_probability = best.log_probability(row, k);
      if (log_probability == kImpossible) break;
      const float sum = log_probability + live;
      ranked.push_back({sum - static_cast<float>(static_cast<double>(k + 1) * options.diversity_rate),
                        {sum, static_cast<int64_t>(i), best.token(row, k)}});
    }
  }
  // Each row's candidates are in order already; of equals the first beam's goes first.
  const auto better = [](const RankedCandidate& a, const RankedCandidate& b) { return a.rank > b.rank; };
  if (beam.live().size() > 1) std::stable_sort(ranked.begin(), ranked.end(), better);
  for (size_t i = 0; i < std::min(ranked.size(), static_cast<size_t>(options.candidates())); ++i)
    candidates.push_back(ranked[i].candidate);
}

std::vector<std::vector<Hypothesis>> packed_beam(SessionEnsemble& sessions, size_t sentences,
                                                 const SearchOptions& options, const SearchLimits& limits) {
  std::vector<std::vector<Hypothesis>> results(sentences);
  Stepper stepper(sessions, options, limits);
  const int32_t start = sessions.start_id();
  std::vector<SentenceBeam> running;
  std::vector<SessionRow> rows;
  for (size_t i = 0; i < sentences; ++i) {
    running.emplace_back(static_cast<int64_t>(i), limits, options);
    rows.push_back({0, static_cast<int32_t>(i), start});
  }
  std::vector<const std::vector<int64_t>*> ids;
  std::vector<RankedCandidate> ranked;
  std::vector<BeamCandidate> candidates;
  for (int64_t length = 1; !running.empty(); ++length) {
    throw_if_interrupted();
    ids.clear();
    for (const auto& beam : running) {
      for (const auto& live : beam.live()) ids.push_back(&live.hypothesis.ids);
    }
    const RowBest& best = stepper.step(rows, ids);
    rows.clear();
    std::vector<SentenceBeam> going_on;
    int64_t first = 0;
    for (auto& beam : running) {
      best_of_sentence(best, beam, first, options, ranked, candidates);
      const auto before = static_cast<int64_t>(beam.live().size());
      beam.advance(candidates, length);
      if (beam.done()) {
        results[static_cast<size_t>(beam.sentence())] = beam.best();
      } else {
        for (const auto& live : beam.live())
          rows.push_back(
              {narrow(first + live.origin), narrow(beam.sentence()), narrow(live.hypothesis.ids.back())});
        going_on.push_back(std::move(beam));
      }
      first += before;
    }
    running = std::move(going_on);
  }
  return results;
}

}  // namespace

std::vector<std::vector<Hypothesis>> packed_search(SessionEnsemble& sessions,
                                                   const std::vector<const std::vector<int64_t>*>& sources,
                                                   const SearchOptions& options, const SearchLimits& limits) {
  sessions.start(sources);
  return options.beam_size == 1 || options.sample ? packed_greedy(sessions, sources.size(), options, limits)
                                                  : packed_beam(sessions, sources.size(), options, limits);
}

std::vector<std::vector<double>> packed_score(SessionEnsemble& sessions,
                                              const std::vector<const std::vector<int64_t>*>& sources,
                                              const std::vector<const std::vector<int64_t>*>& targets) {
  sessions.start(sources);
  const int64_t vocabulary = sessions.vocabulary(), stride = sessions.logits_stride();
  const auto& kernels = sessions.kernels();
  std::vector<std::vector<double>> scores(targets.size());
  std::vector<SessionRow> rows, next;
  for (size_t i = 0; i < targets.size(); ++i)
    rows.push_back({0, narrow(static_cast<int64_t>(i)), sessions.start_id()});
  for (size_t t = 0; !rows.empty(); ++t) {
    throw_if_interrupted();
    const float* logits = sessions.step(rows);
    next.clear();
    for (size_t r = 0; r < rows.size(); ++r) {
      const auto& target = *targets[static_cast<size_t>(rows[r].sentence)];
      const float* row = logits + static_cast<int64_t>(r) * stride;
      float best = 0;
      int32_t place = 0;
      const float log_sum = kernels.best_of_row(row, vocabulary, 1, true, &best, &place);
      scores[static_cast<size_t>(rows[r].sentence)].push_back(double{row[target[t]]} - log_sum);
      if (t + 1 < target.size())
        next.push_back({narrow(static_cast<int64_t>(r)), rows[r].sentence, narrow(target[t])});
    }
    rows.swap(next);
  }
  return scores;
}

}  // namespace dragoman
