// Research data, which is no part of this repository. DRAGOMAN_TEST_DATA names its folder; a test without
// what it needs is skipped:
//
//   const std::string folder = test_data("data/nasty");
//   if (folder.empty()) GTEST_SKIP() << needs_test_data("data/nasty");
#pragma once

#include <cstdlib>
#include <string>

#include "core/files.h"

namespace dragoman {

// The path of a file or folder there; "" where the variable is not set or there is no such file.
inline std::string test_data(const std::string& name, const char* root = std::getenv("DRAGOMAN_TEST_DATA")) {
  if (root == nullptr || *root == '\0') return "";
  const std::string path = join_path(root, name);
  return file_exists(path) || is_folder(path) ? path : "";
}

inline std::string needs_test_data(const std::string& name) {
  return "needs " + name + " in the folder that DRAGOMAN_TEST_DATA names";
}

}  // namespace dragoman
