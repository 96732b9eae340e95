#include "exchange/marian_bin.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/exchange/zip_writer.h"

namespace dragoman {
namespace {

constexpr uint64_t kFloat32 = 0x404, kIntgemm8 = 0x10001;

struct Item {
  std::string name;
  uint64_t type;
  std::vector<int32_t> shape;
  std::string bytes;
};

// The format of Marian's src/common/binary.cpp.
std::string bin_of(const std::vector<Item>& items, uint64_t version = 1) {
  std::string text = little(version, 8) + little(items.size(), 8);
  for (const auto& item : items)
    text += little(item.name.size() + 1, 8) + little(item.type, 8) + little(item.shape.size(), 8) +
            little(item.bytes.size(), 8);
  for (const auto& item : items) text += item.name + std::string(1, '\0');
  for (const auto& item : items) {
    for (const int32_t size : item.shape) text += little(static_cast<uint64_t>(size), 4);
  }
  const size_t next = ((text.size() + 8) / 256 + 1) * 256;
  text += little(next - text.size() - 8, 8);
  text.resize(next);
  for (const auto& item : items) text += item.bytes;
  return text;
}

std::string padded(std::string bytes) {
  bytes.resize(256);
  return bytes;
}
const std::vector<Item>& two_items() {
  static const std::vector<Item> items = {{"Wemb", kFloat32, {2, 1}, padded("abcdefgh")},
                                          {"special:model.yml", 0x101, {5}, padded("a: 1")}};
  return items;
}
std::string refusal(const std::string& bytes) {
  return refusal_of<ModelError>([&] { parse_marian_bin(bytes, "m.bin"); });
}

TEST(MarianBin, TensorsViewTheFileWithoutItsPadding) {
  const std::string bytes = bin_of(two_items());
  const ForeignTensors tensors = parse_marian_bin(bytes, "m.bin");
  ASSERT_EQ(tensors.size(), 2u);
  EXPECT_EQ(tensors.at("Wemb").shape, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(tensors.at("Wemb").type, DataType::kFloat32);
  EXPECT_EQ(tensors.at("Wemb").bytes, "abcdefgh");
  EXPECT_EQ(tensors.at("special:model.yml").bytes, std::string("a: 1\0", 5));
}

TEST(MarianBin, QuantisedMatricesAreRefusedByName) {
  const std::string message = refusal(bin_of({{"encoder_l1_self_Wq", kIntgemm8, {2, 1}, padded("ab")}}));
  EXPECT_NE(message.find("m.bin: encoder_l1_self_Wq] expected floating-point numbers"), std::string::npos)
      << message;
  EXPECT_NE(message.find("import the .npz"), std::string::npos) << message;
}

TEST(MarianBin, DamagedFilesAreRefused) {
  const std::string whole = bin_of(two_items());
  for (size_t length = 0; length < whole.size(); length += 3)
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted") << length;
  EXPECT_NE(refusal(bin_of(two_items(), 2)).find("got version 2"), std::string::npos);
  EXPECT_NE(refusal(bin_of({two_items()[0], two_items()[0]})).find("each tensor once"), std::string::npos);
  EXPECT_NE(refusal(bin_of({{"W", kFloat32, {1 << 30, 1 << 30}, padded("")}})).find("m.bin: W]"),
            std::string::npos);
  EXPECT_NE(refusal(bin_of({{"W", kFloat32, {-1}, padded("")}})).find("m.bin: W]"), std::string::npos);
  std::string many = whole;
  many.replace(8, 8, little(~uint64_t{0}, 8));
  EXPECT_NE(refusal(many).find("truncated"), std::string::npos);
}

}  // namespace
}  // namespace dragoman
