#include "exchange/zip_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/exchange/zip_writer.h"

namespace dragoman {
namespace {

std::string refusal(const std::string& bytes) {
  return refusal_of<ModelError>([&] {
    ZipFile zip(bytes, "a.zip");
    for (const auto& [name, entry] : zip.entries()) zip.content(name);
  });
}

#define EXPECT_REFUSED(bytes, why) EXPECT_NE(refusal(bytes).find(why), std::string::npos) << refusal(bytes)

TEST(ZipFile, StoredAndDeflatedEntriesAreReadInBothForms) {
  const std::string text(1000, 'x');
  for (const bool long_form : {false, true}) {
    const std::string bytes = zip_of(
        {{"a/stored", "plain"}, {"deflated", text, true}, {"empty", ""}, {"none", "", true}}, long_form);
    ZipFile zip(bytes, "a.zip");
    EXPECT_EQ(zip.entries().size(), 4u);
    EXPECT_EQ(zip.content("a/stored"), "plain");
    EXPECT_EQ(zip.content("deflated"), text);
    EXPECT_EQ(zip.content("deflated").data(), zip.content("deflated").data());
    EXPECT_EQ(zip.content("empty"), "");
    EXPECT_EQ(zip.content("none"), "");
    EXPECT_THROW(zip.content("other"), ModelError);
  }
}

TEST(ZipFile, ACommentAfterTheEndIsSkipped) {
  std::string bytes = zip_of({{"a", "b"}});
  bytes[bytes.size() - 2] = 5;
  bytes += "notes";
  EXPECT_EQ(ZipFile(bytes, "a.zip").content("a"), "b");
}

TEST(ZipFile, ATruncatedArchiveIsRefusedAtEveryLength) {
  const std::string bytes = zip_of({{"a", "content"}, {"b", "more", true}}, true);
  for (size_t length = 0; length < bytes.size(); ++length)
    EXPECT_NE(refusal(bytes.substr(0, length)), "accepted") << length;
  EXPECT_EQ(refusal(bytes), "accepted");
}

TEST(ZipFile, WrongSizesAreRefusedBeforeMemoryIsAllocated) {
  ZipMember large("a", "content", true);
  large.size = 0xFFFFFFF0;
  EXPECT_REFUSED(zip_of({large}), "which cannot hold 4294967280");
  ZipMember unequal("a", "content");
  unequal.size = 8;
  EXPECT_REFUSED(zip_of({unequal}), "which cannot hold 8");
  ZipMember shorter("a", std::string(100, 'a'), true);
  shorter.size = 99;
  EXPECT_REFUSED(zip_of({shorter}), "something else (damaged?)");
  shorter.size = 101;
  EXPECT_REFUSED(zip_of({shorter}), "something else (damaged?)");
}

TEST(ZipFile, ADecompressionBombIsRefused) {
  // 80 MB of zeros in 80 kB, the best ratio of deflate.
  const std::string bytes = zip_of({{"a", std::string(80'000'000, '\0'), true}});
  ASSERT_LT(bytes.size(), 200'000u);
  EXPECT_REFUSED(bytes, "a decompression bomb?");
  // The limit applies to the sum of all entries.
  const std::string part(30'000'000, '\0');
  EXPECT_REFUSED(zip_of({{"a", part, true}, {"b", part, true}, {"c", part, true}}), "a decompression bomb?");
}

TEST(ZipFile, OverlappingEntriesAreRefused) {
  ZipMember second("a", "content");
  second.name = "b";
  second.header = 0;
  EXPECT_REFUSED(zip_of({{"a", "content"}, second}), "under two names");
  second.name = "a";
  EXPECT_REFUSED(zip_of({{"a", "content"}, second}), "'a' twice");
  // The first entry's content contains a second entry with its header.
  const std::string inner = zip_of({{"b", "inside"}});
  ZipMember outer("a", inner.substr(0, 37)), nested("b", "inside");
  nested.header = 31;
  EXPECT_REFUSED(zip_of({outer, nested}), "overlapping entries");
}

TEST(ZipFile, DamageEncryptionAndOtherMethodsAreRefused) {
  ZipMember damaged("a", "content");
  damaged.packed[0] = 'C';
  EXPECT_REFUSED(zip_of({damaged}), "a.zip: a] expected the checksum");
  ZipMember encrypted("a", "content");
  encrypted.flags = 1;
  EXPECT_REFUSED(zip_of({encrypted}), "encrypted or packed");
  ZipMember other("a", "content");
  other.method = 12;
  EXPECT_REFUSED(zip_of({other}), "encrypted or packed");
}

TEST(ZipFile, OffsetsOutsideTheFileAreRefused) {
  ZipMember outside("a", "content");
  outside.header = 0x7FFFFFFF;
  EXPECT_REFUSED(zip_of({outside}), "truncated or has wrong sizes");
  std::string many = zip_of({{"a", "content"}});
  many[many.size() - 12] = 100;  // entries in the directory
  EXPECT_REFUSED(many, "too small for 100 entries");
}

}  // namespace
}  // namespace dragoman
