#include "decoding/packed/packed_search.h"

#include <algorithm>
#include <limits>

#include "decoding/loop_guard.h"
#include "decoding/sentence_beam.h"

namespace dragoman {
namespace {

constexpr float kImpossible = -std::numeric_limits<float>::infinity();

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
  Stepper(Session& session, const SearchOptions& options, int64_t end_id)
      : session_(session), options_(options), end_id_(end_id) {
    const int64_t vocabulary = session.model().options().decoder_vocab_size;
    best_.count = std::min(options.beam_size == 1 ? 1 : 2 * options.beam_size, vocabulary);
  }

  // ids: what each row has written so far; length: tokens after this step.
  const RowBest& step(const std::vector<SessionRow>& rows,
                      const std::vector<const std::vector<int64_t>*>& ids, int64_t length) {
    float* logits = session_.step(rows);
    const auto count = static_cast<int64_t>(rows.size());
    const int64_t stride = session_.logits_stride(),
                  vocabulary = session_.model().options().decoder_vocab_size;
    best_.values.resize(static_cast<size_t>(count * best_.count));
    best_.tokens.resize(static_cast<size_t>(count * best_.count));
    best_.log_sums.resize(static_cast<size_t>(count));
    const auto& kernels = *session_.model().kernels().packed;
    session_.pool().run(count, count * vocabulary * 8, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        float* row = logits + r * stride;
        if (length <= options_.min_length) row[end_id_] = kImpossible;
        if (options_.no_repeat_ngram > 0) {
          for (const int64_t token : repeating_tokens(*ids[static_cast<size_t>(r)], options_.no_repeat_ngram))
            row[token] = kImpossible;
        }
        best_.log_sums[static_cast<size_t>(r)] =
            kernels.best_of_row(row, vocabulary, best_.count, true, best_.values.data() + r * best_.count,
                                best_.tokens.data() + r * best_.count);
      }
    });
    return best_;
  }

 private:
  Session& session_;
  const SearchOptions& options_;
  int64_t end_id_;
  RowBest best_;
};

int32_t narrow(int64_t id) {
  return static_cast<int32_t>(id);
}

std::vector<std::vector<Hypothesis>> packed_greedy(Session& session, size_t sentences,
                                                   const SearchOptions& options, const SearchLimits& limits) {
  std::vector<std::vector<Hypothesis>> results(sentences, std::vector<Hypothesis>(1));
  Stepper stepper(session, options, limits.end_id);
  const int32_t start = narrow(session.model().options().target_pad_id());
  std::vector<SessionRow> rows, next;
  for (size_t i = 0; i < sentences; ++i) rows.push_back({0, static_cast<int32_t>(i), start});
  std::vector<const std::vector<int64_t>*> ids;
  for (int64_t length = 1; !rows.empty(); ++length) {
    ids.clear(), next.clear();
    for (const auto& row : rows) ids.push_back(&results[static_cast<size_t>(row.sentence)][0].ids);
    const RowBest& best = stepper.step(rows, ids, length);
    for (size_t r = 0; r < rows.size(); ++r) {
      const auto sentence = static_cast<size_t>(rows[r].sentence);
      Hypothesis& hypothesis = results[sentence][0];
      // Of a row without any token that may follow, </s> is taken at no cost in hope: its score is -inf.
      const int64_t found = best.token(static_cast<int64_t>(r), 0), id = found < 0 ? limits.end_id : found;
      hypothesis.log_probability += best.log_probability(static_cast<int64_t>(r), 0);
      hypothesis.complete = id == limits.end_id;
      if (!hypothesis.complete) hypothesis.ids.push_back(id);
      if (hypothesis.complete || length >= limits.lengths[sentence])
        hypothesis.score = hypothesis.log_probability / options.penalty(length);
      else
        next.push_back({narrow(static_cast<int64_t>(r)), rows[r].sentence, narrow(id)});
    }
    rows.swap(next);
  }
  return results;
}

// The `most` best continuations of the rows first .. first+live-1 of one sentence.
void best_of_sentence(const RowBest& best, const SentenceBeam& beam, int64_t first, size_t most,
                      std::vector<BeamCandidate>& candidates) {
  candidates.clear();
  for (size_t i = 0; i < beam.live().size(); ++i) {
    const auto live = static_cast<float>(beam.live()[i].hypothesis.log_probability);
    const int64_t row = first + static_cast<int64_t>(i);
    for (int64_t k = 0; k < best.count; ++k) {
      const float log_probability = best.log_probability(row, k);
      if (log_probability == kImpossible) break;
      candidates.push_back({log_probability + live, static_cast<int64_t>(i), best.token(row, k)});
    }
  }
  // Each row's candidates are in order already; of equals the first beam's goes first.
  const auto better = [](const BeamCandidate& a, const BeamCandidate& b) {
    return a.log_probability > b.log_probability;
  };
  if (beam.live().size() > 1) std::stable_sort(candidates.begin(), candidates.end(), better);
  if (candidates.size() > most) candidates.resize(most);
}

std::vector<std::vector<Hypothesis>> packed_beam(Session& session, size_t sentences,
                                                 const SearchOptions& options, const SearchLimits& limits) {
  std::vector<std::vector<Hypothesis>> results(sentences);
  Stepper stepper(session, options, limits.end_id);
  const int32_t start = narrow(session.model().options().target_pad_id());
  std::vector<SentenceBeam> running;
  std::vector<SessionRow> rows;
  for (size_t i = 0; i < sentences; ++i) {
    running.emplace_back(static_cast<int64_t>(i), limits.lengths[i], limits.end_id, options);
    rows.push_back({0, static_cast<int32_t>(i), start});
  }
  std::vector<const std::vector<int64_t>*> ids;
  std::vector<BeamCandidate> candidates;
  for (int64_t length = 1; !running.empty(); ++length) {
    ids.clear();
    for (const auto& beam : running) {
      for (const auto& live : beam.live()) ids.push_back(&live.hypothesis.ids);
    }
    const RowBest& best = stepper.step(rows, ids, length);
    rows.clear();
    std::vector<SentenceBeam> going_on;
    int64_t first = 0;
    for (auto& beam : running) {
      best_of_sentence(best, beam, first, static_cast<size_t>(2 * options.beam_size), candidates);
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

std::vector<std::vector<Hypothesis>> packed_search(Session& session,
                                                   const std::vector<const std::vector<int64_t>*>& sources,
                                                   const SearchOptions& options, const SearchLimits& limits) {
  session.start(sources);
  return options.beam_size == 1 ? packed_greedy(session, sources.size(), options, limits)
                                : packed_beam(session, sources.size(), options, limits);
}

}  // namespace dragoman
