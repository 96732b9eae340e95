#include "folder/weight_names.h"

namespace dragoman {
namespace {

// Collects the names of one model; each method is one block.
class Namer {
 public:
  explicit Namer(const ModelOptions& options) : o_(options) {}

  void add(const std::string& ours, const std::string& file, std::vector<int64_t> shape) {
    names.push_back({ours, file, std::move(shape)});
  }

  void linear(const std::string& ours, const std::string& file, int64_t out, int64_t in) {
    add(ours + ".weight", file + ".weight", {out, in});
    add(ours + ".bias", file + ".bias", {out});
  }
  void norm(const std::string& ours, const std::string& file) {
    add(ours + ".weight", file + ".weight", {o_.d_model});
    add(ours + ".bias", file + ".bias", {o_.d_model});
  }
  void attention(const std::string& ours, const std::string& file) {
    linear(ours + ".query", file + ".q_proj", o_.d_model, o_.d_model);
    linear(ours + ".key", file + ".k_proj", o_.d_model, o_.d_model);
    linear(ours + ".value", file + ".v_proj", o_.d_model, o_.d_model);
    linear(ours + ".output", file + ".out_proj", o_.d_model, o_.d_model);
  }
  void feed_forward(const std::string& ours, const std::string& file, int64_t width) {
    linear(ours + ".inner", file + ".fc1", width, o_.d_model);
    linear(ours + ".outer", file + ".fc2", o_.d_model, width);
  }
  void encoder_layer(const std::string& ours, const std::string& file) {
    attention(ours + ".self_attention", file + ".self_attn");
    norm(ours + ".self_attention_add_norm.norm", file + ".self_attn_layer_norm");
    feed_forward(ours + ".feed_forward", file, o_.encoder_ffn_dim);
    norm(ours + ".feed_forward_add_norm.norm", file + ".final_layer_norm");
  }
  void decoder_layer(const std::string& ours, const std::string& file) {
    attention(ours + ".self_attention", file + ".self_attn");
    norm(ours + ".self_attention_add_norm.norm", file + ".self_attn_layer_norm");
    attention(ours + ".cross_attention", file + ".encoder_attn");
    norm(ours + ".cross_attention_add_norm.norm", file + ".encoder_attn_layer_norm");
    feed_forward(ours + ".feed_forward", file, o_.decoder_ffn_dim);
    norm(ours + ".feed_forward_add_norm.norm", file + ".final_layer_norm");
  }

  std::vector<WeightName> names;

 private:
  const ModelOptions& o_;
};

}  // namespace

std::vector<WeightName> weight_names(const ModelOptions& o) {
  Namer namer(o);
  if (o.share_encoder_decoder_embeddings) {
    namer.add("embedding.weight", "model.shared.weight", {o.vocab_size, o.d_model});
  } else {
    namer.add("source_embedding.weight", "model.encoder.embed_tokens.weight", {o.vocab_size, o.d_model});
    namer.add("target_embedding.weight", "model.decoder.embed_tokens.weight",
              {o.decoder_vocab_size, o.d_model});
  }
  for (int64_t i = 0; i < o.encoder_layers; ++i) {
    const std::string layer = "encoder.layers." + std::to_string(i);
    namer.encoder_layer(layer, "model." + layer);
  }
  if (o.pre_norm()) namer.norm("encoder.final_norm", "model.encoder.layer_norm");
  for (int64_t i = 0; i < o.decoder_layers; ++i) {
    const std::string layer = "decoder.layers." + std::to_string(i);
    namer.decoder_layer(layer, "model." + layer);
  }
  if (o.pre_norm()) namer.norm("decoder.final_norm", "model.decoder.layer_norm");
  if (!o.tie_word_embeddings)
    namer.add("output_projection.weight", "lm_head.weight", {o.decoder_vocab_size, o.d_model});
  namer.add("output_projection.bias", "final_logits_bias", {1, o.decoder_vocab_size});
  return namer.names;
}

std::vector<WeightName> weight_copies(const ModelOptions& o) {
  if (!o.share_encoder_decoder_embeddings || o.tie_word_embeddings) return {};
  const std::vector<int64_t> shape = {o.vocab_size, o.d_model};
  return {{"embedding.weight", "model.encoder.embed_tokens.weight", shape},
          {"embedding.weight", "model.decoder.embed_tokens.weight", shape}};
}

std::vector<std::string> possible_names(const WeightName& name, const ModelOptions& o) {
  std::vector<std::string> names = {name.file};
  const auto add_if = [&](bool tied, const char* other) {
    if (tied) names.emplace_back(other);
  };
  const bool shared = name.file == "model.shared.weight";
  add_if(shared, "model.encoder.embed_tokens.weight");
  add_if(shared, "model.decoder.embed_tokens.weight");
  add_if(o.tie_word_embeddings && (shared || name.file == "model.decoder.embed_tokens.weight"),
         "lm_head.weight");
  return names;
}

bool may_be_ignored(const std::string& name, const ModelOptions& o) {
  if (name == kPositionNames[0] || name == kPositionNames[1]) return true;
  if (name == "lm_head.weight") return o.tie_word_embeddings;
  if (name == "model.shared.weight") return !o.share_encoder_decoder_embeddings && !o.tie_word_embeddings;
  const bool embedding =
      name == "model.encoder.embed_tokens.weight" || name == "model.decoder.embed_tokens.weight";
  return embedding && o.share_encoder_decoder_embeddings;
}

}  // namespace dragoman
