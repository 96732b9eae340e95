#include "exchange/marian_model.h"

#include <set>

#include "core/error.h"
#include "model/weight_names.h"

namespace dragoman {
namespace {

constexpr char kSettingsName[] = "special:model.yml";

void require_setting(const MarianSettings& settings, const std::string& key, const std::string& required) {
  const std::string got = settings.text_or(key, required);
  if (got != required)
    throw ModelError(settings.where() + ": " + key, "required '" + required + "', got '" + got + "'");
}

void refuse_unsupported(const MarianSettings& settings) {
  const std::string type = settings.text("type");
  if (type != "transformer")
    throw ModelError(settings.where() + ": type", "required transformer, got '" + type + "'");
  const std::pair<const char*, const char*> all[] = {{"transformer-preprocess", ""},
                                                     {"transformer-postprocess", "dan"},
                                                     {"transformer-postprocess-top", ""},
                                                     {"transformer-decoder-autoreg", "self-attention"},
                                                     {"transformer-no-projection", "false"},
                                                     {"transformer-train-position-embeddings", "false"},
                                                     {"transformer-ffn-depth", "2"},
                                                     {"transformer-pool", "false"},
                                                     {"transformer-no-affine", "false"},
                                                     {"transformer-no-bias", "false"},
                                                     {"right-left", "false"},
                                                     {"ulr", "false"},
                                                     {"lemma-dim-emb", "0"}};
  for (const auto& [key, required] : all) require_setting(settings, key, required);
  // Dropout on embeddings is nothing to a trained model; a layer norm is.
  const std::string embedding = settings.text_or("transformer-postprocess-emb", "d");
  if (embedding.find('n') != std::string::npos)
    throw ModelError(settings.where() + ": transformer-postprocess-emb",
                     "required no layer norm, got '" + embedding + "'");
  if (settings.has("transformer-tied-layers") && !settings.list("transformer-tied-layers").empty())
    throw ModelError(settings.where() + ": transformer-tied-layers", "required none, got tied layers");
}

std::string activation_of(const MarianSettings& settings) {
  const std::string name = settings.text_or("transformer-ffn-activation", "swish");
  if (name != "swish" && name != "relu") {
    throw ModelError(
        settings.where() + ": transformer-ffn-activation",
        "required swish or relu (Marian's gelu is another function than Hugging Face's), got '" + name + "'");
  }
  return name;
}

struct Part {
  const char* ours;
  const char* marian;
};
// What stands behind "encoder.layers.N." and "encoder_lN_", without weight and bias.
constexpr Part kMatrices[] = {{"self_attention.query", "self_%q"},
                              {"self_attention.key", "self_%k"},
                              {"self_attention.value", "self_%v"},
                              {"self_attention.output", "self_%o"},
                              {"cross_attention.query", "context_%q"},
                              {"cross_attention.key", "context_%k"},
                              {"cross_attention.value", "context_%v"},
                              {"cross_attention.output", "context_%o"},
                              {"feed_forward.inner", "ffn_%1"},
                              {"feed_forward.outer", "ffn_%2"},
                              {"self_attention_add_norm.norm", "self_Wo_ln_%"},
                              {"cross_attention_add_norm.norm", "context_Wo_ln_%"},
                              {"feed_forward_add_norm.norm", "ffn_ffn_ln_%"}};

// "decoder_l3_context_Wq" of "decoder.layers.2.cross_attention.query.weight".
std::string marian_name(const std::string& ours) {
  if (ours == "embedding.weight") return "Wemb";
  if (ours == "source_embedding.weight") return "encoder_Wemb";
  if (ours == "target_embedding.weight") return "decoder_Wemb";
  if (ours == "output_projection.weight") return "decoder_ff_logit_out_W";
  if (ours == "output_projection.bias") return "decoder_ff_logit_out_b";
  const size_t number = ours.find(".layers.") + 8, dot = ours.find('.', number), last = ours.rfind('.');
  const std::string part = ours.substr(dot + 1, last - dot - 1);
  const bool is_weight = ours.substr(last) == ".weight";
  for (const auto& known : kMatrices) {
    if (part != known.ours) continue;
    std::string name = known.marian;
    const bool is_norm = name.back() == '%';
    name.replace(name.find('%'), 1, is_norm ? (is_weight ? "scale" : "bias") : (is_weight ? "W" : "b"));
    return ours.substr(0, 7) + "_l" + std::to_string(std::stoll(ours.substr(number, dot - number)) + 1) +
           "_" + name;
  }
  throw std::logic_error("no name in Marian for " + ours);
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// In the shape of ours: matrices by rows, biases and norms as vectors.
ForeignTensor oriented(const ForeignTensor& array, const WeightName& name, const std::string& found) {
  if (ends_with(name.ours, "embedding.weight") || ends_with(found, "_Wt") ||
      name.ours == "output_projection.bias")
    return array;
  return name.shape.size() == 1 ? squeezed(array) : transposed(array);
}

}  // namespace

MarianSettings marian_settings(const NpzFile& file) {
  const std::string where = file.path() + ": " + kSettingsName;
  const auto found = file.arrays().find(kSettingsName);
  if (found == file.arrays().end()) throw ModelError(where, "required Marian's settings, got none");
  std::string buffer;
  std::string_view text = row_major_bytes(found->second, buffer);
  if (bytes_of(found->second.type) != 1) throw ModelError(where, "required text, got numbers");
  return MarianSettings::parse(text.substr(0, text.find('\0')), where);  // Marian writes its final NUL
}

ModelOptions marian_model_options(const MarianSettings& settings, int64_t vocab_size,
                                  int64_t decoder_vocab_size) {
  refuse_unsupported(settings);
  constexpr int64_t kWidth = 1 << 16, kCount = 1024;
  ModelOptions o;
  o.vocab_size = vocab_size + 1;
  o.decoder_vocab_size = decoder_vocab_size + 1;
  o.pad_token_id = decoder_vocab_size;
  o.d_model = settings.whole("dim-emb", 2, kWidth);
  o.encoder_layers = settings.whole("enc-depth", 1, kCount);
  o.decoder_layers = settings.whole("dec-depth", 1, kCount);
  o.encoder_attention_heads = o.decoder_attention_heads = settings.whole("transformer-heads", 1, kCount);
  o.encoder_ffn_dim = o.decoder_ffn_dim = settings.whole("transformer-dim-ffn", 1, kWidth);
  if (settings.text_or("transformer-decoder-dim-ffn", "0") != "0")
    o.decoder_ffn_dim = settings.whole("transformer-decoder-dim-ffn", 1, kWidth);
  o.activation_function = activation_of(settings);
  const bool all = settings.flag_or("tied-embeddings-all", false);
  o.share_encoder_decoder_embeddings = all || settings.flag_or("tied-embeddings-src", false);
  o.tie_word_embeddings = all || settings.flag_or("tied-embeddings", false);
  if (vocab_size != decoder_vocab_size) {
    throw ModelError(settings.where(),
                     "required vocabularies of one size, since <pad> has one id for both sides, got " +
                         std::to_string(vocab_size) + " and " + std::to_string(decoder_vocab_size));
  }
  check_model_options(o, settings.where(), ErrorKind::kModel);
  return o;
}

GatheredWeights gather_marian_weights(const NpzFile& file, const ModelOptions& options,
                                      PositionScale positions) {
  GatheredWeights weights;
  std::set<std::string> left;
  for (const auto& [name, array] : file.arrays()) {
    if (name.rfind("special:", 0) != 0) left.insert(name);
  }
  for (const auto& name : weight_names(options)) {
    std::string marian = marian_name(name.ours);
    auto found = file.arrays().find(marian);
    if (found == file.arrays().end() && name.ours == "output_projection.weight")
      found = file.arrays().find(marian = "decoder_ff_logit_out_Wt");
    if (found == file.arrays().end())
      throw ModelError(file.path() + ": " + marian, "required this tensor for " + name.file + ", got none");
    // One more entry in whatever counts the vocabulary.
    const bool has_vocabulary =
        ends_with(name.ours, "embedding.weight") || name.ours.rfind("output_projection", 0) == 0;
    weights.add(name.file, name.shape, oriented(found->second, name, marian), file.path() + ": " + marian,
                has_vocabulary ? 1 : 0);
    left.erase(marian);
  }
  if (!left.empty())
    throw ModelError(file.path() + ": " + *left.begin(), "required only tensors of this model, got one more");
  for (const auto& copy : weight_copies(options)) weights.add_copy(copy.file, "model.shared.weight");
  if (positions == PositionScale::kMarian) {
    const int64_t count = options.max_position_embeddings;
    for (const char* name : kPositionNames)
      weights.add_numbers(name, {count, options.d_model},
                          position_numbers(0, count, options.d_model, positions));
  }
  return weights;
}

}  // namespace dragoman
