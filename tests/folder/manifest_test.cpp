#include "folder/manifest.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/json.h"

namespace dragoman {
namespace {

std::string complaint(const TemporaryFolder& folder) {
  try {
    check_manifest(folder.path(""));
  } catch (const ModelError& error) {
    return error.what();
  }
  return "accepted";
}

bool mentions(const std::string& message, const std::string& part) {
  return message.find(part) != std::string::npos;
}

TEST(Manifest, ChecksumIsXxh3With128Bits) {
  // From the test vectors of the xxHash repository: XXH3_128bits of nothing, seed 0.
  EXPECT_EQ(checksum_of(""), "99aa06d3014798d86001c324468d497f");
  EXPECT_NE(checksum_of("a"), checksum_of("b"));
}

TEST(Manifest, AFilesChecksumIsThatOfItsBytes) {
  const TemporaryFolder folder;
  for (const size_t size : {0u, 1u, 1u << 20, (1u << 20) + 17, 3u << 20}) {  // around the buffer's size
    std::string content(size, 'x');
    if (size > 0) content[size / 2] = '\0';
    EXPECT_EQ(checksum_of_file(folder.write("f", content)), checksum_of(content)) << size;
  }
  EXPECT_THROW(checksum_of_file(folder.path("none")), ModelError);
}

TEST(Manifest, WhatWasWrittenIsAcceptedAndDamageNamesTheFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(complaint(folder), "accepted");  // no manifest: nothing to check
  folder.write("a", "aaaa"), folder.write("b", "bbbb"), folder.write("c", "cccc");
  write_manifest(folder.path(""), {"a", "b"});
  EXPECT_EQ(complaint(folder), "accepted");

  folder.write("c", "other");  // not listed
  EXPECT_EQ(complaint(folder), "accepted");
  folder.write("b", "bbbx");
  EXPECT_TRUE(mentions(complaint(folder), folder.path("b") + "] expected checksum")) << complaint(folder);
  EXPECT_TRUE(mentions(complaint(folder), "--reseal")) << complaint(folder);
  folder.write("b", "bbbbb");
  EXPECT_TRUE(mentions(complaint(folder), folder.path("b") + "] expected 4 bytes (manifest.json), got 5"))
      << complaint(folder);
  remove_all(folder.path("b"));
  EXPECT_EQ(complaint(folder),
            "[" + folder.path("b") + "] expected this file (manifest.json lists it), got none");
  folder.write("b", "bbbb");
  EXPECT_EQ(complaint(folder), "accepted");
}

TEST(Manifest, AManifestThatIsNoneIsAModelErrorThatNamesIt) {
  const TemporaryFolder folder;
  folder.write("a", "aaaa");
  const std::string good = R"({"bytes": 4, "xxh3_128": ")" + checksum_of("aaaa") + "\"}";
  folder.write(kManifestName, R"({"files": {"a": )" + good + "}}");
  EXPECT_EQ(complaint(folder), "accepted");
  for (const std::string& text :
       {std::string("[]"), std::string("{}"), std::string(R"({"files": []})"),
        std::string(R"({"files": {"a": 4}})"), std::string(R"({"files": {"a": {"bytes": 4}}})"),
        R"({"files": {"../a": )" + good + "}}", R"({"files": {"/etc/passwd": )" + good + "}}",
        R"({"files": {"": )" + good + "}}", R"({"files": {"..": )" + good + "}}",
        R"({"files": {".": )" + good + "}}", std::string("{")}) {
    folder.write(kManifestName, text);
    EXPECT_TRUE(mentions(complaint(folder), "[" + folder.path(kManifestName)))
        << text << ": " << complaint(folder);
  }
  // Values of the wrong type are damage of that file.
  folder.write(kManifestName, R"({"files": {"a": {"bytes": "4", "xxh3_128": 1}}})");
  EXPECT_TRUE(mentions(complaint(folder), folder.path("a"))) << complaint(folder);
}

// A stopped run saves its state after the signal.
TEST(Manifest, ASignalStopsTheCheckAndNotTheWriting) {
  const TemporaryFolder folder;
  folder.write("a", "aaaa");
  request_interrupt(15);
  write_manifest(folder.path(""), {"a"});
  EXPECT_THROW(check_manifest(folder.path("")), Interrupted);
  EXPECT_THROW(write_manifest(folder.path(""), {"a"}, OnInterrupt::kThrow), Interrupted);
  clear_interrupt();
  check_manifest(folder.path(""));
}

TEST(Manifest, ReplacingOneFileKeepsWhatItSaysOfTheOthers) {
  const TemporaryFolder folder;
  folder.write("a", "aaaa"), folder.write("b", "bbbb");
  write_manifest(folder.path(""), {"a", "b"});
  folder.write("b", "BBBB");  // damage
  replace_listed_file(folder.path(""), "a", folder.write("a.new", "new"));
  EXPECT_EQ(read_file(folder.path("a"), ErrorKind::kData), "new");
  EXPECT_TRUE(mentions(complaint(folder), folder.path("b"))) << complaint(folder);
  folder.write("b", "bbbb");
  EXPECT_EQ(complaint(folder), "accepted");
  folder.write("a", "aaaa");
  EXPECT_TRUE(mentions(complaint(folder), folder.path("a"))) << complaint(folder);
}

}  // namespace
}  // namespace dragoman
