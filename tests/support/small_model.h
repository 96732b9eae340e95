// A tiny Transformer with random weights: by itself, and as a model folder on disk, with tokenizers learned
// from generated text. It knows no language; what is tested with it is that every road through the program
// gives the same numbers.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "core/files.h"
#include "core/random.h"
#include "model/transformer.h"
#include "model/weights.h"
#include "runtime/torch.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {

constexpr int64_t kSmallVocabulary = 30, kSmallPad = kSmallVocabulary - 1;

inline ModelOptions small_model_options(int64_t vocabulary = kSmallVocabulary) {
  ModelOptions options;
  options.vocab_size = options.decoder_vocab_size = vocabulary;
  options.pad_token_id = vocabulary - 1;
  options.d_model = 16;
  options.encoder_layers = options.decoder_layers = 2;
  options.encoder_attention_heads = options.decoder_attention_heads = 2;
  options.encoder_ffn_dim = options.decoder_ffn_dim = 32;
  return options;
}

// A model in evaluation mode in which nothing is zero or one by initialisation: biases, layer norms and
// final_logits_bias are random as well. `end_bias` is added to the logit of </s>: how soon hypotheses end.
// The matrices are multiplied by `strength`: with 2, what is said depends on what was read, and does not only
// repeat itself.
inline Transformer random_model(const ModelOptions& options, uint64_t seed = 1, double end_bias = 0,
                                double strength = 1) {
  at::set_num_threads(1);  // on operators as small as these, threads do nothing but wait for each other
  torch::manual_seed(seed);
  Transformer model(options);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : model->parameters()) {
    if (parameter.dim() == 1)
      parameter.add_(torch::randn_like(parameter), 0.2);
    else
      parameter.mul_(strength);
  }
  auto bias = model->output_projection_->bias();
  bias.normal_(0, 0.5);
  bias.select(1, 0).add_(end_bias);
  model->eval();
  return model;
}

// One sentence of 1..longest-1 random pieces and </s> (0), without <pad> (vocabulary - 1).
inline std::vector<int64_t> random_sentence(SplitMix64& random, int64_t vocabulary, uint64_t longest) {
  std::vector<int64_t> ids;
  for (uint64_t n = 1 + random.below(longest - 1); n > 0; --n)
    ids.push_back(1 + static_cast<int64_t>(random.below(static_cast<uint64_t>(vocabulary) - 2)));
  ids.push_back(0);
  return ids;
}

inline std::vector<std::vector<int64_t>> random_sentences(size_t count, int64_t vocabulary,
                                                          uint64_t longest = 12, uint64_t seed = 5) {
  SplitMix64 random(seed);
  std::vector<std::vector<int64_t>> rows;
  while (rows.size() < count) rows.push_back(random_sentence(random, vocabulary, longest));
  return rows;
}

// As an engine takes them.
inline std::vector<const std::vector<int64_t>*> pointers_to(const std::vector<std::vector<int64_t>>& rows) {
  std::vector<const std::vector<int64_t>*> all;
  for (const auto& row : rows) all.push_back(&row);
  return all;
}

// [n,S], padded with `pad`.
inline torch::Tensor padded_rows(const std::vector<std::vector<int64_t>>& rows, int64_t pad) {
  size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  auto batch =
      torch::full({static_cast<int64_t>(rows.size()), static_cast<int64_t>(longest)}, pad, torch::kInt64);
  for (size_t i = 0; i < rows.size(); ++i) {
    for (size_t j = 0; j < rows[i].size(); ++j)
      batch[static_cast<int64_t>(i)][static_cast<int64_t>(j)] = rows[i][j];
  }
  return batch;
}

struct SmallFolderOptions {
  uint64_t seed = 1;
  double end_bias = 1;
  std::vector<std::string> language_codes = {};
  bool byte_fallback = false;
  bool separate_vocabularies = false;
};

// Learned once for all the tests of a program.
inline const TrainedTokenizer& small_tokenizer(bool byte_fallback, uint64_t seed) {
  static std::map<std::pair<bool, uint64_t>, TrainedTokenizer> known;
  TrainedTokenizer& tokenizer = known[{byte_fallback, seed}];
  if (tokenizer.model.empty()) {
    TokenizerOptions options = small_tokenizer_options("unigram", byte_fallback ? 330 : 60);
    options.byte_fallback = byte_fallback;
    tokenizer = train_on(sample_lines(200, seed), options);
  }
  return tokenizer;
}

// Writes a whole model folder with random weights, manifest included.
inline void write_small_folder(const std::string& folder, const SmallFolderOptions& wanted = {}) {
  const TrainedTokenizer& source = small_tokenizer(wanted.byte_fallback, 1);
  const TrainedTokenizer& target =
      small_tokenizer(wanted.byte_fallback, wanted.separate_vocabularies ? 2 : 1);
  const Vocabulary source_vocabulary = vocabulary_of(source.model, "source", wanted.language_codes),
                   target_vocabulary = vocabulary_of(target.model, "target", wanted.language_codes);
  ModelOptions options = small_model_options(source_vocabulary.size());
  options.decoder_vocab_size = target_vocabulary.size();
  options.pad_token_id = target_vocabulary.pad_id();
  options.share_encoder_decoder_embeddings = !wanted.separate_vocabularies;
  GenerationDefaults generation;
  generation.forbidden_tokens = {options.pad_token_id};
  make_folder(folder);
  write_model_settings(folder, options, generation,
                       {source.model, target.model, source_vocabulary, target_vocabulary});
  write_model_weights(folder, random_model(options, wanted.seed, wanted.end_bias, 2));
}

inline LoadedModelFolder small_folder(const SmallFolderOptions& wanted = {}) {
  const TemporaryFolder temporary;
  write_small_folder(temporary.path("model"), wanted);
  return load_model_folder(temporary.path("model"), torch::kCPU);
}

}  // namespace dragoman
