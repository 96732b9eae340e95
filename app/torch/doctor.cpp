#include <ATen/Context.h>
#include <algorithm>

#include "app/command_line.h"
#include "app/commands.h"
#include "app/output.h"
#include "app/output_check.h"
#include "core/files.h"
#include "core/json.h"
#include "core/log.h"
#include "core/machine.h"
#include "folder/model_examination.h"
#include "kernels/kernels.h"
#include "model/weights.h"
#include "runtime/device.h"

namespace dragoman {
namespace {

struct DoctorFlags {
  std::string model;
  OutputFormat output_format = OutputFormat::kText;

  OptionList describe() {
    return grouped("Doctor",
                   {
                       option(model, "model", "DIR", "also check this model folder").short_form('m'),
                       option(output_format, "output-format", "NAME", "text, or one JSON object"),
                   });
  }
};

// What was found, in the order of the report, with a remedy for each problem.
struct Diagnosis {
  std::vector<std::pair<std::string, std::string>> facts;
  std::vector<std::pair<std::string, std::string>> problems;  // what is wrong, what to do
  bool model_is_damaged = false;

  void fact(const std::string& name, const std::string& value) { facts.emplace_back(name, value); }
  void problem(const std::string& what, const std::string& remedy) { problems.emplace_back(what, remedy); }
};

std::string mebibytes(int64_t bytes) {
  return with_commas(bytes >> 20) + " MiB";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text.empty() ? "none" : text;
}

void examine_program(Diagnosis& diagnosis) {
  diagnosis.fact("dragoman", DRAGOMAN_VERSION);
  diagnosis.fact("compiler", __VERSION__);
  diagnosis.fact("LibTorch", libtorch_version() + ", operators for " + at::get_cpu_capability() +
                                 (at::hasMKL() ? ", MKL" : ", no MKL") +
                                 (at::hasMKLDNN() ? ", oneDNN" : ", no oneDNN"));
}

void examine_processor(Diagnosis& diagnosis, const Machine& machine) {
  diagnosis.fact("processor", machine.processor.empty() ? "unknown" : machine.processor);
  diagnosis.fact("features", joined(machine.features));
  diagnosis.fact("kernels", kernels().name);
  diagnosis.fact("training", kernels().bfloat16_product ? "fastest with --precision bfloat16"
                             : kernels().half_product   ? "fastest with --precision float16 (no AMX)"
                                                        : "fastest in float32 (no AVX512-FP16)");
  std::string threads = std::to_string(machine.usable_processors) + " hardware threads, " +
                        std::to_string(physical_cores()) + " cores: --threads is " +
                        std::to_string(physical_cores()) + " unless given";
  diagnosis.fact("threads", threads);
#if defined(__x86_64__)
  if (std::string(kernels().name) == "portable")
    diagnosis.problem("no AVX2: translating and training are several times slower",
                      "use a processor of 2014 or later, or check whether a virtual machine hides the "
                      "feature");
#endif
  if (machine.processor_quota && *machine.processor_quota + 0.01 < physical_cores())
    diagnosis.problem("this container may use " + fixed(*machine.processor_quota, 1) + " processors, but " +
                          std::to_string(physical_cores()) + " threads would share them",
                      "give --threads " + std::to_string(std::max<int>(1, *machine.processor_quota)) +
                          ", or raise the container's limit");
}

void examine_memory(Diagnosis& diagnosis, const Machine& machine) {
  constexpr int64_t kLittle = int64_t{1} << 30;  // what training a tiny model takes
  std::string text = mebibytes(machine.available_memory) + " available of " + mebibytes(machine.memory);
  int64_t usable = machine.available_memory;
  if (machine.memory_limit) {
    text += ", this container may use " + mebibytes(*machine.memory_limit);
    usable = std::min(usable, *machine.memory_limit);
  }
  diagnosis.fact("memory", text);
  if (machine.memory > 0 && usable < kLittle)
    diagnosis.problem("less than 1 GiB of memory is available",
                      "lower --max-tokens (train needs about 1 GiB at 4,096 with --preset tiny; `train "
                      "--plan` measures it), or end other programs");
}

void examine_cuda(Diagnosis& diagnosis) {
  const CudaState cuda = examine_cuda_devices();
  diagnosis.fact("CUDA driver", cuda.driver.empty() ? "none" : cuda.driver);
  diagnosis.fact("CUDA", cuda.why_not.empty() ? "usable, devices: " + std::to_string(cuda.devices)
                                              : "not usable: " + cuda.why_not);
  for (size_t i = 0; i < cuda.models.size(); ++i) diagnosis.fact("card " + std::to_string(i), cuda.models[i]);
  if (!cuda.driver.empty() && !cuda.why_not.empty())
    diagnosis.problem("a CUDA driver is installed, but CUDA cannot be used: " + cuda.why_not,
                      "run scripts/setup --cuda and build again, or install a newer driver");
}

void examine_model(Diagnosis& diagnosis, const std::string& path) {
  if (path.empty()) return;
  if (const auto problem = examine_model_path(path)) {
    diagnosis.model_is_damaged = true;
    diagnosis.fact("model", path + ": cannot be used");
    diagnosis.problem("[" + problem->where + "] " + problem->what,
                      problem->remedy.empty() ? "check the path of the folder" : problem->remedy);
    return;
  }
  try {
    const LoadedModelFolder folder = load_model_folder(path, torch::kCPU);
    diagnosis.fact("model",
                   path + ": complete, " + with_commas(folder.model->parameter_count()) + " parameters");
    if (!file_exists(join_path(path, "manifest.json")))
      diagnosis.problem(path + " has no manifest.json: damage would not be noticed",
                        "dragoman inspect --model " + path + " --reseal");
  } catch (const Error& error) {
    diagnosis.model_is_damaged = true;
    diagnosis.fact("model", path + ": cannot be used");
    diagnosis.problem(error.what(),
                      "copy the folder again; if a file was changed on purpose: dragoman inspect --model " +
                          path + " --reseal");
  }
}

std::string as_text(const Diagnosis& diagnosis) {
  std::string text;
  for (const auto& [name, value] : diagnosis.facts)
    text +=
        name + std::string(std::max<size_t>(1, 14 - std::min<size_t>(13, name.size())), ' ') + value + "\n";
  for (const auto& [what, remedy] : diagnosis.problems)
    text += "\nproblem: " + what + "\n  to do: " + remedy + "\n";
  if (diagnosis.problems.empty()) text += "\nno problem was found\n";
  return text;
}

std::string as_json_text(const Diagnosis& diagnosis) {
  nlohmann::ordered_json facts = nlohmann::ordered_json::object(), problems = nlohmann::ordered_json::array();
  for (const auto& [name, value] : diagnosis.facts) facts[name] = value;
  for (const auto& [what, remedy] : diagnosis.problems)
    problems.push_back({{"problem", what}, {"to_do", remedy}});
  return json_text({{"facts", facts}, {"problems", problems}});
}

int run_doctor(DoctorFlags& flags) {
  check_outputs({{"standard output", "-"}}, {{"--model", flags.model}});
  const Machine machine = describe_machine();
  Diagnosis diagnosis;
  examine_program(diagnosis);
  examine_processor(diagnosis, machine);
  examine_memory(diagnosis, machine);
  examine_cuda(diagnosis);
  examine_model(diagnosis, flags.model);
  Output output("-");
  output.write(flags.output_format == OutputFormat::kJson ? as_json_text(diagnosis) : as_text(diagnosis));
  output.close();
  return diagnosis.model_is_damaged ? 4 : 0;
}

}  // namespace

Command doctor_command() {
  return command<DoctorFlags>(
      {.name = "doctor",
       .summary = "Reports what the program finds on this machine: versions, processor, threads, memory, "
                  "CUDA, a model folder. Says how to fix each problem. Exit code 4 when the folder cannot "
                  "be used.",
       .usage = "[--model DIR] [--output-format NAME]",
       .examples = "  dragoman doctor\n"
                   "  dragoman doctor --model en-de --output-format json\n"},
      run_doctor);
}

}  // namespace dragoman
