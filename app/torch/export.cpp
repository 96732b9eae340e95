#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/output_check.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/json.h"
#include "core/log.h"
#include "core/staging_folder.h"
#include "folder/manifest.h"
#include "model/weights.h"

namespace dragoman {
namespace {

// The data type of the weights that are written.
enum class ExportType { kFloat16, kBFloat16, kFloat32 };
constexpr auto names_of(ExportType) {
  return choice_names("float16", "bfloat16", "float32");
}

struct ExportFlags {
  std::string model, output;
  ExportType dtype = ExportType::kFloat16;

  OptionList describe() {
    return grouped("Export", {
                                 option(model, "model", "DIR", "the model folder").short_form('m'),
                                 option(output, "output", "DIR", "the new folder").short_form('o'),
                                 option(dtype, "dtype", "NAME", "data type of the weights"),
                             });
  }
};

DataType type_of(ExportType dtype) {
  if (dtype == ExportType::kFloat16) return DataType::kFloat16;
  return dtype == ExportType::kBFloat16 ? DataType::kBFloat16 : DataType::kFloat32;
}

// The settings as they are, but for the type of the numbers, which transformers reads from here.
std::string settings_text(const std::string& folder, const std::string& name, ExportType dtype) {
  const std::string path = join_path(folder, name);
  const std::string text = read_file(path, ErrorKind::kModel);
  if (name != "config.json") return text;
  parse_json(text, path, ErrorKind::kModel);
  auto config = nlohmann::ordered_json::parse(text);
  config["torch_dtype"] = name_of(dtype);
  if (config.contains("dtype")) config["dtype"] = name_of(dtype);
  return json_text(config);
}

void check_weights_fit(const Transformer& model, ExportType dtype) {
  if (dtype != ExportType::kFloat16) return;
  for (const auto& item : model->named_parameters()) {
    throw_if_interrupted();
    const double largest = item.value().abs().max().item<double>();
    if (largest > 65504)
      throw UsageError("--dtype", "expected weights up to 65504 for float16, got " + fixed(largest, 0) +
                                      " in " + item.key() + "; bfloat16 can represent it");
  }
}

int run_export(ExportFlags& flags) {
  if (flags.model.empty()) throw UsageError("--model", "expected a model folder, got none");
  if (flags.output.empty()) throw UsageError("--output", "expected the new folder, got none");
  check_output_folder({"--output", flags.output}, {{"--model", flags.model}});
  check_new_model_folder({"--output", flags.output});
  check_outputs({{"standard output", "-"}}, {{"--model", flags.model}});
  const LoadedModelFolder folder = load_model_folder(flags.model, torch::kCPU);
  const ModelOptions& options = folder.options;
  if (!options.not_exportable_because().empty())
    throw UsageError("--model", "expected a model that other programs can open, got " + flags.model + ": " +
                                    options.not_exportable_because());
  check_weights_fit(folder.model, flags.dtype);
  StagingFolder staging(flags.output, "config.json");
  for (const auto& name : settings_file_names(flags.model)) {
    write_file_atomically(join_path(staging.path(), name), settings_text(flags.model, name, flags.dtype));
  }
  const std::string generation = join_path(staging.path(), "generation_config.json");
  if (!file_exists(generation))
    write_file_atomically(generation, generation_config_text(options, folder.generation));
  save_weights(folder.model, join_path(staging.path(), kWeightsName), type_of(flags.dtype),
               OnInterrupt::kThrow);
  write_manifest(staging.path(), model_file_names(staging.path()), OnInterrupt::kThrow);
  staging.finish();
  Output output("-");
  output.line(flags.output + ": " + name_of(flags.dtype) + ", " +
              with_commas(file_size(join_path(flags.output, kWeightsName), ErrorKind::kData)) +
              " bytes of weights");
  output.close();
  return 0;
}

}  // namespace

Command export_command() {
  return command<ExportFlags>(
      {.name = "export",
       .summary = "Writes a model folder for transformers, the Hugging Face hub and CTranslate2: only the "
                  "files that they read, in the data type of --dtype.",
       .usage = "--model DIR --output DIR [--dtype NAME]",
       .examples = "  dragoman export --model en-de --output en-de-hub\n"
                   "  dragoman export --model en-de --output en-de-32 --dtype float32\n"},
      run_export);
}

}  // namespace dragoman
