#include <algorithm>
#include <iostream>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/output_check.h"
#include "app/shipped_model.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "decoding/folder_search.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/model_folder.h"
#include "folder/safetensors.h"
#include "folder/weight_file.h"
#include "folder/weight_names.h"

namespace dragoman {
namespace {

struct InspectFlags {
  std::string model;
  bool reseal = false, tensors = false;

  OptionList describe() {
    return grouped("Inspect", {
                                  option(model, "model", "DIR", kModelHelp).short_form('m'),
                                  option(tensors, "tensors", "list every tensor, not only every block"),
                                  option(reseal, "reseal",
                                         "write a new manifest.json, after files were changed on purpose"),
                              });
  }
};

int64_t count_of(const std::vector<int64_t>& shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  return count;
}

// The block that a tensor belongs to: "encoder.layers.0.self_attention" of
// "encoder.layers.0.self_attention.query.weight".
std::string block_of(const std::string& name) {
  size_t parts = name.rfind("encoder.layers.", 0) == 0 || name.rfind("decoder.layers.", 0) == 0 ? 4 : 1;
  if (name.rfind("encoder.final", 0) == 0 || name.rfind("decoder.final", 0) == 0) parts = 2;
  size_t end = 0;
  for (size_t i = 0; i < parts; ++i) end = name.find('.', end + (i > 0 ? 1 : 0));
  return name.substr(0, end);
}

struct Block {
  std::string name, shapes;
  int64_t count = 0;
};

// Blocks without weights of their own, or with tied weights, are listed in the order of the paper.
std::vector<Block> blocks_of(const ModelOptions& options) {
  std::vector<Block> blocks;
  for (const auto& weight : weight_names(options)) {
    const std::string name = block_of(weight.ours);
    if (name == "encoder.layers.0.self_attention" && blocks.back().name != name) {
      blocks.push_back({"positions", "sine and cosine, any length", 0});
    }
    if (blocks.empty() || blocks.back().name != name) blocks.push_back({name, "", 0});
    Block& block = blocks.back();
    const std::string part = weight.ours.substr(name.size() + 1);
    const bool bias_of_matrix = part.size() > 5 && part.substr(part.size() - 5) == ".bias";
    if (name == "output_projection" && options.tie_word_embeddings)
      block.shapes = "weight of the target embedding";
    if (!bias_of_matrix) {
      const std::string label = part.size() > 7 && part.substr(part.size() - 7) == ".weight"
                                    ? part.substr(0, part.size() - 7)
                                    : part;
      block.shapes += (block.shapes.empty() ? "" : "  ") + label + " " + shape_text(weight.shape);
    }
    block.count += count_of(weight.shape);
  }
  return blocks;
}

void print_settings(Output& output, const std::string& folder, const ModelOptions& o) {
  output.line("folder            " + folder);
  output.line("layers            " + std::to_string(o.encoder_layers) + " encoder, " +
              std::to_string(o.decoder_layers) + " decoder, " + name_of(o.norm) + "-norm, " +
              name_of(o.activation_function));
  output.line("width             D " + std::to_string(o.d_model) + ", F " +
              std::to_string(o.encoder_ffn_dim) + "/" + std::to_string(o.decoder_ffn_dim) + ", H " +
              std::to_string(o.encoder_attention_heads) + "/" + std::to_string(o.decoder_attention_heads));
  output.line("vocabulary        V " + std::to_string(o.vocab_size) +
              (o.share_encoder_decoder_embeddings
                   ? ", shared"
                   : " source, " + std::to_string(o.decoder_vocab_size) + " target") +
              (o.tie_word_embeddings ? ", output tied to the target embedding" : ", separate output matrix"));
  const std::string reason = o.not_exportable_because();
  output.line("opens in          " + (reason.empty()
                                          ? std::string("Dragoman, transformers (MarianMTModel)") +
                                                (o.share_encoder_decoder_embeddings ? ", CTranslate2" : "")
                                          : "Dragoman only: " + reason));
}

// What translate would search by, and where each setting comes from.
void print_search(Output& output, const GenerationDefaults& generation) {
  SearchOptions search;
  const auto settings = apply_generation(generation, search);
  const auto line = [&](const std::string& name, const std::string& value, const std::string& origin) {
    const std::string left = "  " + name + " " + value;
    output.line(left + std::string(left.size() < 34 ? 34 - left.size() : 1, ' ') + origin);
  };
  output.line("search            default < folder < flag");
  for (const auto& option : search.describe()) {
    const auto from = std::find_if(settings.begin(), settings.end(),
                                   [&](const FolderSetting& one) { return one.option == option.name; });
    line("--" + option.name, option.value_text(),
         from == settings.end() ? "default" : generation.file + ": " + from->key + " " + from->value);
  }
  for (const auto& setting : settings) {
    if (setting.option.empty()) line(setting.key, setting.value, generation.file);
  }
  line("longest", std::to_string(generation.most_tokens()),
       generation.max_length || generation.max_new_tokens ? generation.file + ": its limit in tokens"
                                                          : "default");
  for (const auto& [key, value, of_sampling] : generation.unsupported) {
    if (!of_sampling || search.sample) line(key, value, generation.file + ": not supported, has no effect");
  }
}

void print_row(Output& output, const std::string& name, int64_t count, const std::string& text) {
  const std::string number = with_commas(count);
  output.line(name + std::string(44 - std::min<size_t>(43, name.size()), ' ') +
              std::string(12 - std::min<size_t>(11, number.size()), ' ') + number +
              (text.empty() ? "" : "  " + text));
}

void print_blocks(Output& output, const ModelOptions& options) {
  int64_t total = 0;
  for (const auto& block : blocks_of(options)) {
    print_row(output, block.name, block.count, block.shapes);
    total += block.count;
  }
  print_row(output, "all", total, "");
}

void print_tensors(Output& output, const ModelOptions& options, const SafetensorsFile& file) {
  for (const auto& weight : weight_names(options)) {
    const auto found = find_weight(file.header().tensors, weight, options);
    const std::string type =
        found == file.header().tensors.end() ? "missing" : data_type_name(found->second.type);
    output.line(weight.ours + "  " + weight.file + "  " + shape_text(weight.shape) + "  " + type);
  }
}

int run_inspect(InspectFlags& flags) {
  if (flags.model.empty() && flags.reseal) throw UsageError("--model", "expected a model folder, got none");
  flags.model = model_or_shipped(flags.model);
  require_model_folder(flags.model);
  check_outputs({{"standard output", "-"}}, {{"--model", flags.model}});
  if (flags.reseal) write_manifest(flags.model, model_file_names(flags.model), OnInterrupt::kThrow);
  const ModelFolder folder = ModelFolder::read(flags.model);  // all that translate would check
  const ModelOptions& options = folder.options;
  map_weights(options, folder.weights);
  Output output("-");
  print_settings(output, flags.model, options);
  print_search(output, folder.generation);
  output.line("");
  if (flags.tensors)
    print_tensors(output, options, *folder.weights);
  else
    print_blocks(output, options);
  output.close();
  return 0;
}

}  // namespace

Command inspect_command() {
  return command<InspectFlags>(
      {.name = "inspect",
       .summary = "Checks a model folder and prints its blocks in the order of the paper, with shapes and "
                  "parameter counts.",
       .usage = "[--model DIR] [--tensors] [--reseal]",
       .examples = "  dragoman inspect --model en-de\n"
                   "  dragoman inspect --model en-de --reseal\n"},
      run_inspect);
}

}  // namespace dragoman
