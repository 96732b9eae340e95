#include "tests/support/test_data.h"

#include <gtest/gtest.h>

namespace dragoman {
namespace {

TEST(TestData, IsAFileOrFolderOfTheNamedFolder) {
  const TemporaryFolder folder;
  const std::string path = folder.write("text.en", "ba ke\n");
  EXPECT_EQ(test_data("text.en", folder.path().c_str()), path);
  EXPECT_EQ(test_data(".", folder.path().c_str()), folder.path("."));
}

TEST(TestData, IsNothingWithoutTheFolderOrTheFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(test_data("text.de", folder.path().c_str()), "");
  EXPECT_EQ(test_data("text.de", nullptr), "");
  EXPECT_EQ(test_data("etc", ""), "");
}

}  // namespace
}  // namespace dragoman
