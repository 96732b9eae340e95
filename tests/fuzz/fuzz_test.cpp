// The seeds of the fuzzers, and everything that ever crashed one, through the same entries without a fuzzer.
#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/fuzz/entries.h"

namespace dragoman {
namespace {

class Fuzz : public testing::TestWithParam<FuzzEntry> {};

TEST_P(Fuzz, SeedsAndFormerCrashesAreReadOrRefused) {
  for (const char* kind : {"seeds", "crashes"}) {
    const std::string folder = std::string(DRAGOMAN_TEST_DIR) + "/fuzz/" + kind + "/" + GetParam().name;
    const auto names = list_folder(folder);
    if (kind == std::string("seeds")) {
      EXPECT_FALSE(names.empty()) << folder;
    }
    for (const auto& name : names) {
      SCOPED_TRACE(join_path(folder, name));
      EXPECT_NO_THROW(GetParam().run(read_file(join_path(folder, name), ErrorKind::kData)));
    }
  }
}

// Every length, and each single bit flipped: what a fuzzer would try first.
TEST_P(Fuzz, SeedsThatAreCutOrHaveAWrongBitAreReadOrRefused) {
  const std::string folder = std::string(DRAGOMAN_TEST_DIR) + "/fuzz/seeds/" + GetParam().name;
  for (const auto& name : list_folder(folder)) {
    SCOPED_TRACE(name);
    std::string content = read_file(join_path(folder, name), ErrorKind::kData);
    if (content.size() > 4096) continue;
    for (size_t length = 0; length < content.size(); ++length)
      EXPECT_NO_THROW(GetParam().run(std::string_view(content).substr(0, length))) << length;
    for (size_t bit = 0; bit < 8 * content.size(); ++bit) {
      const auto mask = static_cast<char>(1 << (bit % 8));
      content[bit / 8] = static_cast<char>(content[bit / 8] ^ mask);
      EXPECT_NO_THROW(GetParam().run(content)) << "bit " << bit;
      content[bit / 8] = static_cast<char>(content[bit / 8] ^ mask);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Fuzz, testing::ValuesIn(fuzz_entries()),
                         [](const auto& entry) { return entry.param.name; });

}  // namespace
}  // namespace dragoman
