#include "exchange/marian_model.h"

#include <set>

#include "core/choice.h"
#include "core/error.h"
#include "core/interrupt.h"
#include "folder/weight_names.h"
#include "folder/widen.h"

namespace dragoman {
namespace {

constexpr char kSettingsName[] = "special:model.yml";
// The logit of an unused entry of the target vocabulary. Its probability is 0 in float32. It fits float16.
constexpr float kNeverChosen = -1e4F;

struct Part {
  const char* ours;
  const char* marian;
};
// The name after "encoder.layers.N." and after "encoder_lN_", without weight and bias.
constexpr Part kParts[] = {{"self_attention.query", "self_%q"},
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

enum class Stack { kEncoder, kDecoder };
constexpr auto names_of(Stack) {
  return choice_names("encoder", "decoder");
}

// Of "encoder.layers.2...." or "decoder.final_norm....".
Stack stack_of(const std::string& ours) {
  return choice_of<Stack>(ours.substr(0, ours.find('.'))).value();
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

bool is_embedding(const std::string& ours) {
  return ends_with(ours, "embedding.weight");
}
bool is_attention_output(const std::string& ours) {
  return ours.find("_attention.output.") != std::string::npos;
}

// "decoder_l3_context_Wq" of "decoder.layers.2.cross_attention.query.weight".
std::string layer_tensor_name(const std::string& ours, const MarianShape& shape) {
  const size_t number = ours.find(".layers.") + 8, dot = ours.find('.', number), last = ours.rfind('.');
  const std::string part = ours.substr(dot + 1, last - dot - 1);
  const Stack stack = stack_of(ours);
  const int64_t layer = std::stoll(ours.substr(number, dot - number));
  const int64_t stored = stack == Stack::kDecoder ? shape.decoder_layers.at(layer) : layer + 1;
  const bool is_weight = ours.substr(last) == ".weight";
  for (const auto& known : kParts) {
    if (part != known.ours) continue;
    std::string name = known.marian;
    const bool norm = name.back() == '%';
    name.replace(name.find('%'), 1, norm ? (is_weight ? "scale" : "bias") : (is_weight ? "W" : "b"));
    if (norm && shape.options.pre_norm()) name += "_pre";
    return name_of(stack) + "_l" + std::to_string(stored) + "_" + name;
  }
  throw std::logic_error("no name in Marian for " + ours);
}

std::string marian_name(const std::string& ours, const MarianShape& shape) {
  if (is_embedding(ours)) {
    if (shape.one_embedding) return "Wemb";
    return ours == "source_embedding.weight" ? "encoder_Wemb" : "decoder_Wemb";
  }
  if (ours == "output_projection.weight") return "decoder_ff_logit_out_Wt";
  if (ours == "output_projection.bias") return "decoder_ff_logit_out_b";
  if (ours.find(".final_norm.") != std::string::npos)
    return name_of(stack_of(ours)) + "_top_ln_" + (ends_with(ours, ".weight") ? "scale" : "bias");
  return layer_tensor_name(ours, shape);
}

std::vector<float> floats_of(const ForeignTensor& tensor, const std::string& where) {
  if (!is_floating(tensor.type)) {
    throw ModelError(where, "expected floating-point numbers, got " + data_type_name(tensor.type) +
                                " (of a quantised model? Import the .npz that it was made from)");
  }
  std::string buffer;
  const std::string_view bytes = row_major_bytes(tensor, buffer);
  const int64_t count = std::ssize(bytes) / bytes_of(tensor.type);
  std::vector<float> numbers(count);
  widen(tensor.type, bytes.data(), 0, count, numbers.data());
  return numbers;
}

// Finds or makes each weight of a model.
class Gatherer {
 public:
  Gatherer(const ForeignTensors& arrays, const std::string& path, const MarianShape& shape)
      : arrays_(arrays), path_(path), shape_(shape) {
    for (const auto& [name, array] : arrays) {
      if (name.rfind("special:", 0) != 0) left_.insert(name);
    }
  }

  void add(const WeightName& name) {
    throw_if_interrupted();
    std::string found = marian_name(name.ours, shape_);
    if (arrays_.count(found) == 0 && name.ours == "output_projection.weight")
      found = "decoder_ff_logit_out_W";
    left_.erase(found);
    const auto place = arrays_.find(found);
    if (place == arrays_.end()) return add_absent(name, found);
    const std::string where = path_ + ": " + found;
    // floats_of() throws an error with a remedy.
    if (!is_floating(place->second.type)) floats_of(place->second, where);
    const ForeignTensor tensor = oriented(place->second, name, found);
    if (name.ours == "output_projection.bias" && shape_.target_rows + 1 < shape_.options.decoder_vocab_size)
      return add_filled_bias(name, tensor, where);
    weights.add(name.file, name.shape, tensor, where, missing_rows(name.ours));
  }

  void refuse_left() const {
    if (left_.empty()) return;
    throw ModelError(path_ + ": " + *left_.begin(),
                     "expected only tensors that the settings ask for, got one more");
  }

  GatheredWeights weights;

 private:
  // In our layout: matrices by rows, biases and norms as vectors.
  static ForeignTensor oriented(const ForeignTensor& array, const WeightName& name,
                                const std::string& found) {
    if (is_embedding(name.ours) || ends_with(found, "_Wt") || name.ours == "output_projection.bias")
      return array;
    return name.shape.size() == 1 ? squeezed(array) : transposed(array);
  }

  // The number of entries that the file does not have: <pad>, and the unused ones of the smaller vocabulary.
  int64_t missing_rows(const std::string& ours) const {
    if (ours == "source_embedding.weight") return shape_.options.vocab_size - shape_.source_rows;
    if (is_embedding(ours) || ours.rfind("output_projection", 0) == 0)
      return shape_.options.decoder_vocab_size - shape_.target_rows;
    return 0;
  }

  void add_filled_bias(const WeightName& name, const ForeignTensor& tensor, const std::string& where) {
    std::vector<float> numbers = floats_of(tensor, where);
    if (std::ssize(numbers) == shape_.target_rows) {
      numbers.resize(shape_.options.decoder_vocab_size - 1, kNeverChosen);
      numbers.push_back(0);  // <pad>
    }
    const int64_t count = numbers.size();
    weights.add(name.file, name.shape, weights.keep(numbers, {1, count}), where);
  }

  // Adds a tensor that is absent according to the settings.
  void add_absent(const WeightName& name, const std::string& expected) {
    const bool is_weight = ends_with(name.ours, ".weight"),
               output_bias = name.ours == "output_projection.bias";
    const bool projection = is_attention_output(name.ours) && !shape_.has_projection;
    if (!projection && !(output_bias && !shape_.has_output_bias))
      throw ModelError(path_ + ": " + expected, "expected this tensor for " + name.file + ", got none");
    int64_t count = 1;
    for (const int64_t size : name.shape) count *= size;
    std::vector<float> numbers(count, 0.0F);
    if (projection && is_weight) {
      for (int64_t i = 0; i < name.shape[0]; ++i) numbers[i * name.shape[1] + i] = 1;
    }
    if (output_bias) {
      for (int64_t i = shape_.target_rows; i + 1 < count; ++i) numbers[i] = kNeverChosen;
    }
    weights.note_absent(name.file);
    weights.add_numbers(name.file, name.shape, numbers);
  }

  const ForeignTensors& arrays_;
  const std::string& path_;
  const MarianShape& shape_;
  std::set<std::string> left_;
};

}  // namespace

MarianSettings marian_settings(const ForeignTensors& arrays, const std::string& path) {
  const std::string where = path + ": " + kSettingsName;
  const auto found = arrays.find(kSettingsName);
  if (found == arrays.end()) {
    throw ModelError(
        where,
        "expected Marian's settings inside the model, got none (a file of another program, or of "
        "Marian's predecessors)");
  }
  std::string buffer;
  if (bytes_of(found->second.type) != 1) throw ModelError(where, "expected text, got numbers");
  const std::string_view text = row_major_bytes(found->second, buffer);
  return MarianSettings::parse(text.substr(0, text.find('\0')), where);  // Marian writes its final NUL
}

GatheredWeights gather_marian_weights(const ForeignTensors& arrays, const std::string& path,
                                      const MarianShape& shape, PositionScale positions) {
  if (arrays.count("Wpos") > 0) {
    throw ModelError(path + ": Wpos",
                     "expected sines and cosines for positions, got trained ones "
                     "(transformer-train-positions)");
  }
  for (const auto& [name, array] : arrays) {
    if (name.rfind("TransformerBatch", 0) == 0) {
      throw ModelError(
          path + ": " + name.substr(0, name.find("->")),
          "expected tensors of type transformer, got those of Marian's newer layers (transformer-new)");
    }
  }
  const ModelOptions& options = shape.options;
  Gatherer gatherer(arrays, path, shape);
  for (const auto& name : weight_names(options)) gatherer.add(name);
  gatherer.refuse_left();
  GatheredWeights weights = std::move(gatherer.weights);
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
