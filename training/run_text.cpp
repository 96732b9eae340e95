#include "training/run_text.h"

#include <algorithm>

#include "data/corpus_doctor.h"
#include "data/held_out.h"
#include "model/device.h"

namespace dragoman {
namespace {

// Duplicates of the training text are looked for among this many pairs: 90 MB at most.
constexpr uint64_t kPairsRemembered = uint64_t{1} << 22;

void report(Log& log, const std::string& title, const CorpusReport& corpus_report) {
  for (const auto& line : corpus_report.lines()) log.info(title + ": " + line);
}

HeldOutSources sources_of(const TextPairs& text) {
  HeldOutSources sources;
  for (int64_t i = 0; i < text.size(); ++i) sources.add(text.source[static_cast<size_t>(i)], text.place(i));
  return sources;
}

TrainedTokenizer train_side(const std::vector<const TokenizerLines*>& sides, const TokenizerOptions& options,
                            const std::string& name, Log& log) {
  TrainedTokenizer trained = train_tokenizer(sides, options, "training text");
  for (const auto& note : trained.notes) log.info(name + ": " + note);
  log.info(name + ": " + options.tokenizer_type + ", " + with_commas(trained.pieces) + " pieces");
  return trained;
}

void log_encoded(const EncodedCorpus& corpus, const std::string& title, ReportCorpus& facts, Log& log) {
  const CorpusReport& encoding = facts.encoding;
  if (encoding.kept != encoding.read) report(log, title + ", encoded", encoding);
  log.info(title + ": " + with_commas(corpus.size()) + " pairs, " + with_commas(corpus.source_tokens()) +
           " source and " + with_commas(corpus.target_tokens()) + " target tokens");
  facts.source = source_statistics(corpus), facts.target = target_statistics(corpus);
}

}  // namespace

void read_text(const RunOptions& options, RunText& text, Log& log) {
  const bool has_valid = !options.valid.empty();
  const bool holds_out = !has_valid && options.training.valid_every > 0;
  if (has_valid) text.valid_text = read_parallel_text(options.valid, text.valid.text);
  HeldOutSources valid_sources = sources_of(text.valid_text);
  CorpusReport findings;
  PairExaminer examiner(findings, kPairsRemembered);
  examiner.hold_out(CorpusIssue::kInValidation, valid_sources);
  HeldOutChooser chooser;
  std::string first;
  text.train_text.visit(text.train.text, [&](const VisitedPair& pair) {
    if (first.empty()) first = pair.place();
    examiner.examine(pair);
    if (holds_out) chooser.add(pair.source);
  });
  report(log, "training text", text.train.text);
  if (has_valid) report(log, "validation text", text.valid.text);
  if (holds_out) {
    HeldOutChooser::Choice choice = chooser.choose(first);
    text.held_out = std::move(choice.sources);
    text.train.held_out = text.valid.text.read = choice.pairs;
    log.info("validation text: " + with_commas(choice.pairs) +
             " pairs held out of the training text by a hash of the source");
  }
  for (const auto& finding : findings.findings()) log.info("training text: " + finding);
  if (text.train.text.kept > static_cast<int64_t>(kPairsRemembered))
    log.info("training text: duplicates were looked for among the first " +
             with_commas(static_cast<int64_t>(kPairsRemembered)) + " different pairs");
}

TrainedPair train_tokenizers(const RunOptions& options, RunText& text, Log& log) {
  const bool shared = options.model.share_encoder_decoder_embeddings;
  const int64_t capacity = std::max<int64_t>(1, options.tokenizer.tokenizer_sample / (shared ? 2 : 1));
  TokenizerLines source_lines(options.tokenizer, capacity), target_lines(options.tokenizer, capacity);
  CorpusReport ignored;
  text.train_text.visit(ignored, [&](const VisitedPair& pair) {
    if (text.is_held_out(pair)) return;
    source_lines.add(pair.source);
    target_lines.add(pair.target);
  });
  if (shared) {
    const TrainedTokenizer both =
        train_side({&source_lines, &target_lines}, options.tokenizer, "tokenizer", log);
    const Vocabulary vocabulary = vocabulary_of(both.model, "tokenizer");
    return {both.model, both.model, vocabulary, vocabulary};
  }
  TokenizerOptions side_options = options.tokenizer;
  TrainedTokenizer source = train_side({&source_lines}, side_options, "source tokenizer", log);
  TrainedTokenizer target = train_side({&target_lines}, side_options, "target tokenizer", log);
  // transformers reads one pad_token_id for both sides: both vocabularies get the size of the smaller one.
  if (source.pieces != target.pieces) {
    side_options.vocab_size = std::min(source.pieces, target.pieces);
    log.info("both vocabularies are lowered to " + with_commas(side_options.vocab_size) +
             " pieces, since <pad> has one id for both sides");
    if (source.pieces > target.pieces)
      source = train_side({&source_lines}, side_options, "source tokenizer", log);
    else
      target = train_side({&target_lines}, side_options, "target tokenizer", log);
  }
  return {source.model, target.model, vocabulary_of(source.model, "source tokenizer"),
          vocabulary_of(target.model, "target tokenizer")};
}

EncodedCorpus encode_training_text(RunText& text, const TokenizerPair& tokenizers, const RunOptions& options,
                                   Log& log) {
  CorpusReport& encoding = text.train.encoding;
  CorpusEncoder encoder(tokenizers.source, tokenizers.target, options.corpus, at::get_num_threads(), encoding,
                        options.model_folder);
  CorpusReport ignored;
  text.train_text.visit(ignored, [&](const VisitedPair& pair) {
    if (text.is_held_out(pair)) return text.valid_text.append(pair);
    ++encoding.read, ++encoding.kept;
    encoder.add(pair);
  });
  EncodedCorpus corpus = encoder.finish();
  log_encoded(corpus, "training", text.train, log);
  if (encoder.spilled())
    log.info("training: more than --corpus-memory " + std::to_string(options.corpus.corpus_memory) +
             " MiB, in a temporary file in " + options.model_folder);
  return corpus;
}

EncodedCorpus encode_validation_text(RunText& text, const TokenizerPair& tokenizers,
                                     const RunOptions& options, Log& log) {
  CorpusReport& encoding = text.valid.encoding;
  encoding.read = encoding.kept = text.valid_text.size();
  EncodedCorpus corpus = EncodedCorpus::encode(text.valid_text, tokenizers.source, tokenizers.target,
                                               options.corpus, at::get_num_threads(), encoding);
  log_encoded(corpus, "validation", text.valid, log);
  return corpus;
}

}  // namespace dragoman
