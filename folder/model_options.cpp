#include "folder/model_options.h"

#include <array>

namespace dragoman {
namespace {

constexpr double kMaxWidth = 1 << 16;

struct Preset {
  const char* name;
  int64_t layers, d_model, ffn_dim, heads;
  double dropout;
};
// base and big: Vaswani et al. 2017, table 3; characters: Wu, Cotterell and Hulden 2021 (their g2p).
constexpr std::array<Preset, 5> kPresets = {{{"tiny", 4, 128, 256, 4, 0.1},
                                             {"small", 6, 256, 1024, 4, 0.1},
                                             {"base", 6, 512, 2048, 8, 0.1},
                                             {"big", 6, 1024, 4096, 16, 0.3},
                                             {"characters", 4, 256, 1024, 4, 0.3}}};

}  // namespace

OptionList ModelOptions::describe() {
  return grouped(
      "Model",
      {
          option(d_model, "d-model", "N", "width of the model, D").at_least(2).at_most(kMaxWidth),
          option(encoder_layers, "encoder-layers", "N", "layers of the encoder").at_least(1).at_most(1024),
          option(decoder_layers, "decoder-layers", "N", "layers of the decoder").at_least(1).at_most(1024),
          option(encoder_attention_heads, "encoder-attention-heads", "N", "attention heads of the encoder, H")
              .at_least(1)
              .at_most(1024),
          option(decoder_attention_heads, "decoder-attention-heads", "N", "attention heads of the decoder, H")
              .at_least(1)
              .at_most(1024),
          option(encoder_ffn_dim, "encoder-ffn-dim", "N", "feed-forward width of the encoder, F")
              .at_least(1)
              .at_most(kMaxWidth),
          option(decoder_ffn_dim, "decoder-ffn-dim", "N", "feed-forward width of the decoder, F")
              .at_least(1)
              .at_most(kMaxWidth),
          option(activation_function, "activation-function", "NAME",
                 "nonlinearity of the feed-forward block (swish is another name of silu)")
              .alias("activation"),
          option(dropout, "dropout", "P", "dropout on embeddings and on the output of every sublayer")
              .at_least(0)
              .at_most(0.99),
          option(attention_dropout, "attention-dropout", "P", "dropout on attention weights")
              .at_least(0)
              .at_most(0.99),
          option(activation_dropout, "activation-dropout", "P", "dropout after the feed-forward nonlinearity")
              .at_least(0)
              .at_most(0.99),
          option(norm, "norm", "WHERE",
                 "layer normalisation after each sublayer (post, the paper) or before it (pre)"),
          option(share_encoder_decoder_embeddings, "share-encoder-decoder-embeddings",
                 "one vocabulary and one embedding for source and target; false: one per side")
              .alias("shared-vocabulary"),
          option(tie_word_embeddings, "tie-word-embeddings", "the output projection is the target embedding"),
          option(scale_embedding, "scale-embedding", "multiply embeddings by sqrt(d_model)"),
      });
}

std::string ModelOptions::not_exportable_because() const {
  if (pre_norm()) return "MarianMT has no pre-norm layers";
  return "";
}

std::vector<std::string> model_presets() {
  std::vector<std::string> names;
  for (const auto& preset : kPresets) names.emplace_back(preset.name);
  return names;
}

ModelOptions model_preset(const std::string& name) {
  std::string all;
  for (const auto& preset : kPresets) {
    if (name == preset.name) {
      ModelOptions options;
      options.d_model = preset.d_model;
      options.encoder_layers = options.decoder_layers = preset.layers;
      options.encoder_attention_heads = options.decoder_attention_heads = preset.heads;
      options.encoder_ffn_dim = options.decoder_ffn_dim = preset.ffn_dim;
      options.dropout = preset.dropout;
      return options;
    }
    all += (all.empty() ? "" : ", ") + std::string(preset.name);
  }
  throw UsageError("--preset", "expected one of " + all + ", got '" + name + "'");
}

int64_t parameter_count(const ModelOptions& o) {
  const int64_t d = o.d_model, attention = 4 * (d * d + d), norm = 2 * d;
  const auto feed_forward = [&](int64_t width) { return d * width + width + width * d + d; };
  const int64_t encoder = o.encoder_layers * (attention + feed_forward(o.encoder_ffn_dim) + 2 * norm);
  const int64_t decoder = o.decoder_layers * (2 * attention + feed_forward(o.decoder_ffn_dim) + 3 * norm);
  int64_t embeddings = o.decoder_vocab_size * d;
  if (!o.share_encoder_decoder_embeddings) embeddings += o.vocab_size * d;
  if (!o.tie_word_embeddings) embeddings += o.decoder_vocab_size * d;
  return encoder + decoder + (o.pre_norm() ? 2 * norm : 0) + embeddings;
}

void check_model_options(const ModelOptions& o, const std::string& where, ErrorKind kind) {
  const auto require = [&](bool holds, const std::string& what) {
    if (!holds) fail(kind, where, "expected " + what);
  };
  const auto number = [](int64_t value) { return std::to_string(value); };
  constexpr int64_t kMaxVocabulary = 1 << 24;
  require(o.vocab_size >= 3 && o.vocab_size <= kMaxVocabulary,
          "a vocabulary of 3 to 2^24 entries, got " + number(o.vocab_size));
  require(o.decoder_vocab_size >= 3 && o.decoder_vocab_size <= kMaxVocabulary,
          "a target vocabulary of 3 to 2^24 entries, got " + number(o.decoder_vocab_size));
  require(o.d_model % 2 == 0, "an even d_model (half sine, half cosine), got " + number(o.d_model));
  require(o.d_model % o.encoder_attention_heads == 0, "encoder_attention_heads that divide d_model " +
                                                          number(o.d_model) + ", got " +
                                                          number(o.encoder_attention_heads));
  require(o.d_model % o.decoder_attention_heads == 0, "decoder_attention_heads that divide d_model " +
                                                          number(o.d_model) + ", got " +
                                                          number(o.decoder_attention_heads));
  require(!o.share_encoder_decoder_embeddings || o.vocab_size == o.decoder_vocab_size,
          "one vocabulary size for shared embeddings, got " + number(o.vocab_size) + " and " +
              number(o.decoder_vocab_size));
  require(o.pad_token_id >= 0 && o.pad_token_id < o.decoder_vocab_size,
          "a pad_token_id inside the vocabulary, got " + number(o.pad_token_id));
  // As floating-point numbers: the product may be too large for an integer.
  const double width = o.d_model, encoder_layers = o.encoder_layers, decoder_layers = o.decoder_layers;
  const double layers = encoder_layers * (4 * o.d_model + 2 * o.encoder_ffn_dim) +
                        decoder_layers * (8 * o.d_model + 2 * o.decoder_ffn_dim);
  const double parameters = width * (layers + o.vocab_size + 2.0 * o.decoder_vocab_size);
  require(parameters < 0x1p40, "fewer than 2^40 parameters, got about " + std::to_string(parameters));
}

}  // namespace dragoman
