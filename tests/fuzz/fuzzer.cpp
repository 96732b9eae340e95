// libFuzzer's door to the entries: the environment variable FUZZ_ENTRY names the one to be fuzzed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "tests/fuzz/entries.h"

namespace {

const dragoman::FuzzEntry& chosen_entry() {
  const char* name = std::getenv("FUZZ_ENTRY");
  for (const auto& entry : dragoman::fuzz_entries()) {
    if (name != nullptr && entry.name == name) return entry;
  }
  std::cerr << "FUZZ_ENTRY must be one of";
  for (const auto& entry : dragoman::fuzz_entries()) std::cerr << ' ' << entry.name;
  std::cerr << std::endl;
  std::exit(2);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const dragoman::FuzzEntry& entry = chosen_entry();
  entry.run({reinterpret_cast<const char*>(data), size});
  return 0;
}
