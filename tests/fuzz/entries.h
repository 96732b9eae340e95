// What the fuzzers call: each entry gives any bytes to one of our parsers. An entry returns when the bytes
// were read or refused by a dragoman::Error; another exception, a wrong result or a crash is a find.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

struct FuzzEntry {
  std::string name;  // the folder of its files in tests/fuzz/seeds and tests/fuzz/crashes
  void (*run)(std::string_view bytes);
};

const std::vector<FuzzEntry>& fuzz_entries();

}  // namespace dragoman
