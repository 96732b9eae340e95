#include "exchange/marian_settings.h"

#include <algorithm>
#include <array>

#include "core/error.h"

namespace dragoman {
namespace {

// The lists follow Marian 1.12.43. modelFeatures_ in src/models/encoder_decoder.cpp lists the settings that a
// model keeps. src/models/transformer.h and src/layers read them.

// Each of these is read below.
constexpr std::array kImplemented = {"type",
                                     "dim-vocabs",
                                     "dim-emb",
                                     "enc-depth",
                                     "dec-depth",
                                     "transformer-heads",
                                     "transformer-dim-ffn",
                                     "transformer-decoder-dim-ffn",
                                     "transformer-ffn-activation",
                                     "transformer-ffn-depth",
                                     "transformer-decoder-ffn-depth",
                                     "transformer-preprocess",
                                     "transformer-postprocess",
                                     "transformer-postprocess-top",
                                     "transformer-postprocess-emb",
                                     "transformer-tied-layers",
                                     "transformer-no-projection",
                                     "tied-embeddings",
                                     "tied-embeddings-src",
                                     "tied-embeddings-all",
                                     "output-omit-bias",
                                     "input-types"};

struct OneValue {
  const char* key;
  const char* value;
  const char* means;  // the meaning of another value
};
constexpr OneValue kOneValue[] = {
    {"transformer-decoder-autoreg", "self-attention", "a recurrent (SSRU) or averaging decoder"},
    {"transformer-disable-position-embeddings", "false", "no positions"},
    {"transformer-attention-mask", "default", "biases of the attention (ALiBi)"},
    {"transformer-alibi-shift", "false", "ALiBi"},
    {"transformer-alibi-trainable", "false", "ALiBi"},
    {"transformer-pool", "false", "pooling instead of attention to the source"},
    {"right-left", "false", "targets from right to left"},
    {"ulr", "false", "universal lexical representations"},
    {"lemma-dim-emb", "0", "factors"},
    {"lemma-dependency", "", "factors"},
    {"factors-combine", "sum", "factors"},
    {"factors-dim-emb", "0", "factors"},
    {"input-join-fields", "false", "joined inputs"},
    {"input-reorder", "", "reordered inputs"},
    {"special-vocab", "", "a special vocabulary"}};

// Only recurrent layers, averaging decoders, BERT and similar models read most of these. No model type that
// can be imported reads no-bias, no-affine and train-position-embeddings (trained positions have the tensor
// Wpos). The guided layer is for alignments. Depth scaling applies to the initial weights.
constexpr std::array kWithoutEffect = {"dim-rnn",
                                       "enc-cell",
                                       "enc-type",
                                       "enc-cell-depth",
                                       "dec-cell",
                                       "dec-cell-base-depth",
                                       "dec-cell-high-depth",
                                       "skip",
                                       "layer-normalization",
                                       "transformer-rnn-projection",
                                       "transformer-dim-aan",
                                       "transformer-aan-depth",
                                       "transformer-aan-activation",
                                       "transformer-aan-nogate",
                                       "transformer-guided-alignment-layer",
                                       "transformer-train-position-embeddings",
                                       "transformer-no-bias",
                                       "transformer-no-affine",
                                       "transformer-depth-scaling",
                                       "bert-train-type-embeddings",
                                       "bert-type-vocab-size",
                                       "ulr-trainable-transformation",
                                       "ulr-dim-emb",
                                       "separator-symbol",
                                       "version"};

[[noreturn]] void refuse(const MarianSettings& settings, const std::string& key, const std::string& expected,
                         const std::string& got) {
  throw ModelError(settings.where() + ": " + key, "expected " + expected + ", got " + got);
}

std::string joined(const std::vector<std::string>& values) {
  std::string text;
  for (const auto& value : values) text += (text.empty() ? "" : " ") + value;
  return text;
}

void refuse_other_values(const MarianSettings& settings) {
  const std::string type = settings.text("type");
  if (type != "transformer") refuse(settings, "type", "transformer", "'" + type + "'");
  for (const auto& [key, value, means] : kOneValue) {
    if (!settings.has(key)) continue;
    const std::string got = joined(settings.list(key)), expected = value;
    const bool is_flag = expected == "false";
    if (is_flag ? settings.flag_or(key, false) : got != expected)
      refuse(settings, key, "'" + expected + "'",
             "'" + got + "' (" + means + "), which a model folder cannot express");
  }
  if (!settings.has("input-types")) return;
  for (const auto& kind : settings.list("input-types")) {
    if (kind != "sequence") refuse(settings, "input-types", "sequences only", "'" + kind + "'");
  }
}

// The operations of a layer in a trained model: all except dropout.
std::string operations(const MarianSettings& settings, const std::string& key, const std::string& otherwise) {
  std::string text = settings.text_or(key, otherwise);
  text.erase(std::remove(text.begin(), text.end(), 'd'), text.end());
  return text;
}

// a: add the input, n: normalise. Post-norm is "an" after each block. Pre-norm is "n" before and "a" after
// each block, and "n" at the top.
Norm norm_of(const MarianSettings& settings) {
  const std::string before = operations(settings, "transformer-preprocess", ""),
                    after = operations(settings, "transformer-postprocess", "an"),
                    top = operations(settings, "transformer-postprocess-top", ""),
                    embedding = operations(settings, "transformer-postprocess-emb", "");
  if (!embedding.empty())
    refuse(settings, "transformer-postprocess-emb", "dropout alone ('d')", "'" + embedding + "'");
  if (!before.empty() && before != "n")
    refuse(settings, "transformer-preprocess", "'' or 'n'", "'" + before + "'");
  const bool is_pre = before == "n";
  const std::string wanted = is_pre ? "a" : "an", wanted_top = is_pre ? "n" : "";
  const std::string kind = is_pre ? " (pre-norm)" : " (post-norm)";
  if (after != wanted)
    refuse(settings, "transformer-postprocess", "'d" + wanted + "'" + kind, "'" + after + "'");
  if (top != wanted_top)
    refuse(settings, "transformer-postprocess-top", "'" + wanted_top + "'" + kind, "'" + top + "'");
  return is_pre ? Norm::kPre : Norm::kPost;
}

void set_feed_forward(const MarianSettings& settings, MarianShape& shape) {
  constexpr int64_t kWidth = 1 << 16;
  const auto require_depth = [&](const char* key, bool zero_is_equal) {
    if (!settings.has(key)) return;
    const int64_t depth = settings.whole(key, 0, kWidth);
    if (depth != 2 && !(zero_is_equal && depth == 0))
      refuse(settings, key, "2 layers", std::to_string(depth));
  };
  require_depth("transformer-ffn-depth", false);
  require_depth("transformer-decoder-ffn-depth", true);
  ModelOptions& o = shape.options;
  o.encoder_ffn_dim = o.decoder_ffn_dim = settings.whole("transformer-dim-ffn", 1, kWidth);
  if (settings.text_or("transformer-decoder-dim-ffn", "0") != "0")
    o.decoder_ffn_dim = settings.whole("transformer-decoder-dim-ffn", 1, kWidth);
  const std::string name =
      settings.text_or("transformer-ffn-activation", name_of(ActivationFunction::kSwish));
  const auto function = choice_of<ActivationFunction>(name);
  if (!function || *function == ActivationFunction::kSilu)  // Marian has no silu
    refuse(settings, "transformer-ffn-activation", "swish, relu or gelu", "'" + name + "'");
  o.activation_function = *function;  // gelu is exact since Marian 1.12; before, it was approximated by swish
}

std::vector<int64_t> tied_layers(const MarianSettings& settings, int64_t layers) {
  constexpr char kKey[] = "transformer-tied-layers";
  std::vector<int64_t> whose;
  const int64_t entries = settings.has(kKey) ? settings.list(kKey).size() : 0;
  if (entries != 0 && entries != layers)
    refuse(settings, kKey, "one entry for each of " + std::to_string(layers) + " layers",
           std::to_string(entries));
  for (int64_t i = 0; i < layers; ++i)
    whose.push_back(entries == 0 ? i + 1 : settings.integer_at(kKey, i, 1, layers));
  return whose;
}

void set_embeddings(const MarianSettings& settings, bool same_pieces, MarianShape& shape) {
  const bool all = settings.flag_or("tied-embeddings-all", false);
  ModelOptions& o = shape.options;
  shape.one_embedding = all || settings.flag_or("tied-embeddings-src", false);
  if (shape.one_embedding && shape.source_rows != shape.target_rows) {
    refuse(settings, all ? "tied-embeddings-all" : "tied-embeddings-src", "vocabularies of one size",
           std::to_string(shape.source_rows) + " and " + std::to_string(shape.target_rows));
  }
  // A folder with one embedding has one vocabulary. If the pieces differ, the matrix is written twice.
  o.share_encoder_decoder_embeddings = shape.one_embedding && same_pieces;
  o.tie_word_embeddings = all || settings.flag_or("tied-embeddings", false);
  const int64_t rows = std::max(shape.source_rows, shape.target_rows);
  o.vocab_size = o.decoder_vocab_size = rows + 1;
  o.pad_token_id = rows;
}

}  // namespace

MarianShape marian_shape(const MarianSettings& settings, int64_t source_rows, int64_t target_rows,
                         bool same_pieces) {
  refuse_other_values(settings);
  constexpr int64_t kWidth = 1 << 16, kCount = 1024;
  MarianShape shape;
  shape.source_rows = source_rows, shape.target_rows = target_rows;
  ModelOptions& o = shape.options;
  o.d_model = settings.whole("dim-emb", 2, kWidth);
  o.encoder_layers = settings.whole("enc-depth", 1, kCount);
  o.decoder_layers = settings.whole("dec-depth", 1, kCount);
  o.encoder_attention_heads = o.decoder_attention_heads = settings.whole("transformer-heads", 1, kCount);
  o.norm = norm_of(settings);
  set_feed_forward(settings, shape);
  set_embeddings(settings, same_pieces, shape);
  shape.decoder_layers = tied_layers(settings, o.decoder_layers);
  shape.has_output_bias = !settings.flag_or("output-omit-bias", false);
  shape.has_projection = !settings.flag_or("transformer-no-projection", false);
  check_model_options(o, settings.where(), ErrorKind::kModel);
  return shape;
}

int64_t marian_vocabulary_size(const MarianSettings& settings, size_t side) {
  constexpr char kKey[] = "dim-vocabs";
  if (!settings.has(kKey)) return 0;
  const auto& sizes = settings.list(kKey);
  if (sizes.size() != 2) refuse(settings, kKey, "two sizes", std::to_string(sizes.size()));
  return settings.integer_at(kKey, side, 0, 1 << 24);
}

bool is_marian_model_setting(const std::string& key) {
  const auto is_key = [&](const char* known) { return key == known; };
  return std::any_of(kImplemented.begin(), kImplemented.end(), is_key) ||
         std::any_of(kWithoutEffect.begin(), kWithoutEffect.end(), is_key) ||
         std::any_of(std::begin(kOneValue), std::end(kOneValue),
                     [&](const OneValue& known) { return key == known.key; });
}

std::vector<std::string> unknown_marian_settings(const MarianSettings& settings) {
  std::vector<std::string> unknown;
  for (const auto& key : settings.keys()) {
    if (!is_marian_model_setting(key)) unknown.push_back(key);
  }
  return unknown;
}

}  // namespace dragoman
