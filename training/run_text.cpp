#include "training/run_text.h"

#include <algorithm>
#include <memory>

#include "core/heartbeat.h"
#include "core/side.h"
#include "data/corpus_doctor.h"
#include "data/held_out.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

// The first different pairs, among which duplicates are looked for: 90 MB at most.
constexpr int64_t kPairsRemembered = int64_t{1} << 22;
// A larger share of unknown tokens is more than a few rare characters.
constexpr double kManyUnknown = 0.01;
// As in `dragoman check`.
constexpr int64_t kExamples = 3;
constexpr double kUnusualRatio = 4;
constexpr int64_t kPairsBetweenSigns = 1 << 14;  // of progress

// Shows the progress of a pass over the text.
class PassHeartbeat {
 public:
  PassHeartbeat(Log& log, std::string what) : what_(std::move(what)), beat_(log, what_) {}
  void add() {
    if (++pairs_ % kPairsBetweenSigns == 0) beat_.set(what_ + ": " + with_commas(pairs_) + " pairs");
  }

 private:
  std::string what_;
  Heartbeat beat_;
  int64_t pairs_ = 0;
};

void report(Log& log, const std::string& title, const CorpusReport& corpus_report) {
  for (const auto& line : corpus_report.lines()) log.info(title + ": " + line);
}

HeldOutSources sources_of(const TextPairs& text) {
  HeldOutSources sources;
  for (int64_t i = 0; i < text.size(); ++i) sources.add(text.source[i], text.place(i));
  return sources;
}

ValidationText read_validation_text(const ParallelFiles& files) {
  ValidationText text;
  text.pairs = read_parallel_text(files, text.facts.text);
  for (const auto& source : text.pairs.source) text.tags.add(source);
  return text;
}

TrainedTokenizer train_side(const std::vector<std::shared_ptr<const TokenizerLines>>& sides,
                            const TokenizerOptions& options, const std::string& name, Log& log) {
  const Heartbeat beat(log, "training the " + name);
  TrainedTokenizer trained = train_tokenizer(sides, options, "training text");
  for (const auto& note : trained.notes) log.info(name + ": " + note);
  log.info(name + ": " + name_of(options.tokenizer_type) + ", " + with_commas(trained.pieces) +
           " pieces, normalization " + name_of(options.normalization));
  return trained;
}

std::string percent(double share) {
  return fixed(100 * share, 2) + " %";
}

void warn_of_unknown(Side side, const LengthStatistics& statistics, const std::string& title,
                     bool tokenizer_is_fixed, Log& log) {
  if (statistics.unknown_rate() <= kManyUnknown) return;
  log.warning(title + " text: " + percent(statistics.unknown_rate()) + " of the " + name_of(side) +
              " tokens are <unk>, characters that are not in the vocabulary: the model " +
              (side == Side::kTarget ? "can never write them" : "cannot distinguish them") +
              (tokenizer_is_fixed ? "; the tokenizers of --from-model cannot change: train a new model if "
                                    "they do not fit this text"
                                  : "; raise --character-coverage, or give --byte-fallback"));
}

// The facts with the lengths of what was encoded.
ReportCorpus with_lengths(ReportCorpus facts, const EncodedCorpus& corpus) {
  facts.source = corpus.source_statistics();
  facts.target = corpus.target_statistics();
  return facts;
}

void log_encoded(const EncodedText& text, const std::string& title, bool tokenizer_is_fixed, Log& log) {
  const auto& [corpus, facts] = text;
  if (!facts.encoding.findings().empty()) report(log, title + " text, encoded", facts.encoding);
  log.info(title + ": " + with_commas(corpus.size()) + " pairs, " + with_commas(corpus.source_tokens()) +
           " source and " + with_commas(corpus.target_tokens()) + " target tokens, of which " +
           percent(facts.source.unknown_rate()) + " and " + percent(facts.target.unknown_rate()) +
           " are unknown");
  warn_of_unknown(Side::kSource, facts.source, title, tokenizer_is_fixed, log);
  warn_of_unknown(Side::kTarget, facts.target, title, tokenizer_is_fixed, log);
}

// Tags that the vocabulary lacks are read as text, letter by letter.
void check_tags(const LanguageTags& tags, const std::string& title, const Vocabulary& vocabulary, Log& log) {
  std::string unknown;
  for (const auto& [tag, lines] : tags.counts()) {
    if (lines > 1 && !vocabulary.find(tag)) unknown += (unknown.empty() ? "" : ", ") + tag;
  }
  if (unknown.empty()) return;
  log.warning(title + " text: source lines begin with " + unknown +
              ", which the vocabulary does not have: read as text, they select no language "
              "(docs/languages.md)");
}

// The tags that begin source lines become pieces of their own.
TokenizerOptions with_tags(TokenizerOptions options, const LanguageTags& tags, Log& log) {
  if (tags.codes().empty()) return options;
  log.info("source lines begin with language tags: " + tags.text() +
           "; each becomes one piece, as by --user-symbols");
  if (tags.tagged() < tags.lines())
    log.warning(with_commas(tags.lines() - tags.tagged()) + " of " + with_commas(tags.lines()) +
                " source lines have no language tag: for such lines, the model learns to choose a language "
                "itself");
  options.user_symbols = tags.added_to(options.user_symbols);
  return options;
}

}  // namespace

RunText read_text(const RunOptions& options, Log& log) {
  const bool has_valid = !options.valid.empty();
  const bool holds_out = !has_valid && options.training.valid_every > 0;
  RunText text(options.train);
  if (has_valid) text.valid = read_validation_text(options.valid);
  HeldOutSources valid_sources = sources_of(text.valid.pairs);
  CorpusReport& findings = text.facts.findings;
  PairExaminer examiner(findings, kPairsRemembered);
  examiner.hold_out(CorpusIssue::kInValidation, valid_sources);
  HeldOutChooser chooser;
  LengthRatios ratios(kExamples);
  std::string first;
  PassHeartbeat beat(log, "reading the training text");
  text.train.visit(text.facts.text, [&](const VisitedPair& pair) {
    beat.add();
    if (first.empty()) first = pair.place();
    examiner.examine(pair);
    ratios.add(pair);
    text.tags.add(pair.source);
    text.profile.source.add(pair.source), text.profile.target.add(pair.target);
    if (holds_out) chooser.add(pair.source);
  });
  ratios.report(kUnusualRatio, findings);
  report(log, "training text", text.facts.text);
  if (has_valid) report(log, "validation text", text.valid.facts.text);
  if (holds_out) {
    HeldOutChooser::Choice choice = chooser.choose(first);
    text.held_out = std::move(choice.sources);
    text.facts.held_out = text.valid.facts.text.read = choice.pairs;
    log.info("validation text: " + with_commas(choice.pairs) +
             " pairs held out of the training text by a hash of the source");
  }
  for (const auto& finding : findings.findings()) log.info("training text: " + finding);
  if (text.facts.text.kept > kPairsRemembered)
    log.info("training text: duplicates were searched among the first " + with_commas(kPairsRemembered) +
             " different pairs");
  return text;
}

TokenizerFiles train_tokenizers(const RunOptions& options, RunText& text, Log& log) {
  const bool shared = options.model.share_encoder_decoder_embeddings;
  const int64_t capacity = std::max<int64_t>(1, options.tokenizer.tokenizer_sample / (shared ? 2 : 1));
  TokenizerOptions side_options = with_tags(options.tokenizer, text.tags, log);
  const auto source_lines = std::make_shared<TokenizerLines>(side_options, capacity);
  const auto target_lines =
      std::make_shared<TokenizerLines>(shared ? side_options : options.tokenizer, capacity);
  {
    PassHeartbeat beat(log, "sampling lines for the tokenizer");
    CorpusReport ignored;
    text.train.visit(ignored, [&](const VisitedPair& pair) {
      beat.add();
      if (text.is_held_out(pair)) return;
      source_lines->add(pair.source);
      target_lines->add(pair.target);
    });
  }
  if (shared) {
    const TrainedTokenizer both = train_side({source_lines, target_lines}, side_options, "tokenizer", log);
    const Vocabulary vocabulary = vocabulary_of(both.model, "tokenizer");
    return {both.model, both.model, vocabulary, vocabulary};
  }
  TokenizerOptions target_options = options.tokenizer;
  TrainedTokenizer source = train_side({source_lines}, side_options, "source tokenizer", log);
  TrainedTokenizer target = train_side({target_lines}, target_options, "target tokenizer", log);
  // transformers reads one pad_token_id for both sides: both vocabularies get the size of the smaller one.
  if (source.pieces != target.pieces) {
    side_options.vocab_size = target_options.vocab_size = std::min(source.pieces, target.pieces);
    log.info("both vocabularies are lowered to " + with_commas(side_options.vocab_size) +
             " pieces, since <pad> has one id for both sides");
    if (source.pieces > target.pieces)
      source = train_side({source_lines}, side_options, "source tokenizer", log);
    else
      target = train_side({target_lines}, target_options, "target tokenizer", log);
  }
  return {source.model, target.model, vocabulary_of(source.model, "source tokenizer"),
          vocabulary_of(target.model, "target tokenizer")};
}

TrainingText encode_training_text(RunText text, const TokenizerPair& tokenizers, const RunOptions& options,
                                  Log& log) {
  CorpusReport& encoding = text.facts.encoding;
  CorpusEncoder encoder(tokenizers.source, tokenizers.target, options.corpus, at::get_num_threads(), encoding,
                        options.model_folder);
  CorpusReport ignored;
  EncodedCorpus corpus = [&] {
    PassHeartbeat beat(log, "encoding the training text");
    text.train.visit(ignored, [&](const VisitedPair& pair) {
      beat.add();
      if (text.is_held_out(pair)) return text.valid.pairs.append(pair);
      ++encoding.read, ++encoding.kept;
      encoder.add(pair);
    });
    return encoder.finish();
  }();
  ReportCorpus facts = with_lengths(std::move(text.facts), corpus);
  EncodedText encoded{std::move(corpus), std::move(facts)};
  log_encoded(encoded, "training", options.is_fine_tuning(), log);
  check_tags(text.tags, "training", tokenizers.source.vocabulary(), log);
  if (encoder.spilled())
    log.info("training: more than --corpus-memory " + std::to_string(options.corpus.corpus_memory) +
             " MiB, in a temporary file in " + options.model_folder);
  return {std::move(encoded), std::move(text.valid)};
}

EncodedText encode_validation_text(const ValidationText& text, const TokenizerPair& tokenizers,
                                   const RunOptions& options, Log& log) {
  ReportCorpus facts = text.facts;
  facts.encoding.read = facts.encoding.kept = text.pairs.size();
  EncodedCorpus corpus = EncodedCorpus::encode(text.pairs, tokenizers.source, tokenizers.target,
                                               options.corpus, at::get_num_threads(), facts.encoding);
  facts = with_lengths(std::move(facts), corpus);
  EncodedText encoded{std::move(corpus), std::move(facts)};
  log_encoded(encoded, "validation", options.is_fine_tuning(), log);
  check_tags(text.tags, "validation", tokenizers.source.vocabulary(), log);
  return encoded;
}

}  // namespace dragoman
