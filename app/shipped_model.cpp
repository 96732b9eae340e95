#include "app/shipped_model.h"

#include <filesystem>
#include <iostream>

#include "core/error.h"
#include "core/log.h"

namespace dragoman {
namespace {

constexpr const char* kName = "models/en-de";

}  // namespace

std::string shipped_model() {
  std::error_code none;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", none).parent_path();
  if (none) return "";
  // Relative to PREFIX/bin/dragoman, or to SOURCE/build/PRESET/dragoman.
  for (const auto& root : {program / "../share/dragoman", program / "../.."}) {
    const auto folder = (root / kName).lexically_normal();
    if (std::filesystem::is_regular_file(folder / "config.json", none)) return folder.string();
  }
  return "";
}

std::string model_or_shipped(const std::string& given) {
  if (!given.empty()) return given;
  const std::string folder = shipped_model();
  if (folder.empty()) throw UsageError("--model", "expected a model folder, got none");
  Log(std::cerr).info("translating English to German with " + folder + "; --model DIR selects another model");
  return folder;
}

StringList models_or_shipped(const StringList& given) {
  return given.empty() ? StringList{model_or_shipped("")} : given;
}

}  // namespace dragoman
