// The shape of a Transformer (Vaswani et al. 2017, table 3), under the names of Hugging Face's MarianConfig.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace dragoman {

// The nonlinearity of the feed-forward block. swish is another name of silu.
enum class ActivationFunction { kRelu, kSilu, kSwish, kGelu };
constexpr auto names_of(ActivationFunction) {
  return choice_names("relu", "silu", "swish", "gelu");
}

// Layer normalisation after each sublayer (the paper), or before it.
enum class Norm { kPost, kPre };
constexpr auto names_of(Norm) {
  return choice_names("post", "pre");
}

struct ModelOptions {
  int64_t vocab_size = 0;          // V of the source side, <pad> included
  int64_t decoder_vocab_size = 0;  // V of the target side, <pad> included
  int64_t pad_token_id = -1;       // the last id of the target side
  int64_t d_model = 256;
  int64_t encoder_layers = 6;
  int64_t decoder_layers = 6;
  int64_t encoder_attention_heads = 4;
  int64_t decoder_attention_heads = 4;
  int64_t encoder_ffn_dim = 1024;
  int64_t decoder_ffn_dim = 1024;
  ActivationFunction activation_function = ActivationFunction::kRelu;
  double dropout = 0.1;
  double attention_dropout = 0.0;
  double activation_dropout = 0.0;
  Norm norm = Norm::kPost;
  bool share_encoder_decoder_embeddings = true;
  bool tie_word_embeddings = true;
  bool scale_embedding = true;
  // Set by a folder only; no flag sets it.
  int64_t max_position_embeddings = 512;  // rows of a position table in the file; no limit for us
  int64_t eos_token_id = 0;

  // What the user may set; the vocabulary sizes come from the tokenizer.
  OptionList describe();

  int64_t source_pad_id() const { return vocab_size - 1 < pad_token_id ? vocab_size - 1 : pad_token_id; }
  int64_t target_pad_id() const { return pad_token_id; }
  bool pre_norm() const { return norm == Norm::kPre; }

  // Why a model of this shape cannot be written as a MarianMT folder; "" when it can.
  std::string not_exportable_because() const;
};

// The names of the presets, and the model of one: `tiny` (4+4, 128, 256, 4 heads), `small` (6+6, 256, 1024,
// 4), `base` and `big` (6+6, 512, 2048, 8; 6+6, 1024, 4096, 16: Vaswani et al. 2017, table 3). UsageError for
// another name.
std::vector<std::string> model_presets();
ModelOptions model_preset(const std::string& name);

// Trainable parameters of a model of this shape, shared ones counted once: a linear layer has in x out + out,
// a norm 2 D.
int64_t parameter_count(const ModelOptions& options);

// Throws an Error of `kind` naming `where` when the members do not fit together (heads do not divide d_model,
// odd d_model, shared embeddings with two vocabulary sizes, more than 2^40 parameters).
void check_model_options(const ModelOptions& options, const std::string& where, ErrorKind kind);

}  // namespace dragoman
