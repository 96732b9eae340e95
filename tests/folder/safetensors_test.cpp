#include "folder/safetensors.h"

#include <gtest/gtest.h>

#include <fstream>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

// A file of this header and this many bytes of data.
std::string file_of(const std::string& header, size_t data_bytes) {
  std::string text(8, '\0');
  for (size_t i = 0; i < 8; ++i) text[i] = static_cast<char>(header.size() >> (8 * i));
  return text + header + std::string(data_bytes, 'd');
}

std::string refusal(const std::string& content) {
  try {
    parse_safetensors_header(content, content.size(), "m.safetensors");
  } catch (const ModelError& error) {
    return error.what();
  }
  return "accepted";
}

std::string refusal(const std::string& header, size_t data_bytes) {
  return refusal(file_of(header, data_bytes));
}

std::string entry(const std::string& type, const std::string& shape, const std::string& offsets) {
  return R"({"dtype": ")" + type + R"(", "shape": )" + shape + R"(, "data_offsets": )" + offsets + "}";
}

TEST(Safetensors, WhatIsWrittenIsReadAgain) {
  const TemporaryFolder folder;
  const std::string first("abcdefghijklmnopqrstuvwx"), second("12"), third;
  write_safetensors(folder.path("f"), {{"b", DataType::kFloat32, {2, 3}, first},
                                       {"a \"quoted\" \xC3\xA9", DataType::kBFloat16, {}, second},
                                       {"empty", DataType::kInt64, {0, 5}, third}});
  const SafetensorsFile file(folder.path("f"));
  ASSERT_EQ(file.header().tensors.size(), 3u);
  EXPECT_EQ(file.header().metadata, (std::map<std::string, std::string>{{"format", "pt"}}));
  EXPECT_EQ(file.header().data_start % 8, 0u);
  const TensorEntry& b = file.header().tensors.at("b");
  EXPECT_EQ(b.type, DataType::kFloat32);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(file.bytes(b), first);
  EXPECT_EQ(file.bytes(file.header().tensors.at("a \"quoted\" \xC3\xA9")), second);
  EXPECT_EQ(file.bytes(file.header().tensors.at("empty")), "");
}

// Resident pages of this process that hold files, from /proc/self/statm.
int64_t pages_of_files() {
  int64_t size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

TEST(Safetensors, MemoryThatIsGivenBackComesAgainFromTheFile) {
  const TemporaryFolder folder;
  std::string numbers(4 << 20, '\0');
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<char>(i * 7 >> 3);
  const auto count = static_cast<int64_t>(numbers.size());
  write_safetensors(folder.path("f"),
                    {{"before", DataType::kUInt8, {1}, "1"}, {"x", DataType::kUInt8, {count}, numbers}});
  const SafetensorsFile file(folder.path("f"));
  const auto bytes = file.bytes(file.header().tensors.at("x"));
  ASSERT_TRUE(bytes == numbers);
  const int64_t pages = pages_of_files();
  file.release(bytes);
  EXPECT_LT(pages_of_files(), pages - 900);  // of 1024
  EXPECT_TRUE(bytes == numbers);
  file.release(bytes.substr(5, 1));  // no whole page
}

TEST(Safetensors, TheBytesAreThoseOfTheFormatDescription) {
  const TemporaryFolder folder;
  write_safetensors(folder.path("f"), {{"x", DataType::kUInt8, {3}, "\1\2\3"}}, {});
  const std::string content = read_file(folder.path("f"), ErrorKind::kData);
  const std::string header = R"({"x":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})";
  ASSERT_EQ(content.size(), 8 + 56 + 3u);
  EXPECT_EQ(content.substr(0, 8), std::string("\x38\0\0\0\0\0\0\0", 8));
  EXPECT_EQ(content.substr(8, header.size()), header);
  EXPECT_EQ(content.substr(8 + header.size(), 56 - header.size()), std::string(56 - header.size(), ' '));
  EXPECT_EQ(content.substr(64), "\1\2\3");
}

TEST(Safetensors, EveryDtypeHasItsNameAndSize) {
  const std::pair<const char*, int64_t> known[] = {{"F64", 8},  {"F32", 4}, {"F16", 2},
                                                   {"BF16", 2}, {"I64", 8}, {"I32", 4},
                                                   {"I8", 1},   {"U8", 1},  {"BOOL", 1}};
  for (const auto& [name, bytes] : known) {
    const size_t size = static_cast<size_t>(bytes) * 6;
    const auto content =
        file_of("{\"x\": " + entry(name, "[2,3]", "[0," + std::to_string(size) + "]") + "}", size);
    const auto header = parse_safetensors_header(content, content.size(), "f");
    EXPECT_EQ(data_type_name(header.tensors.at("x").type), name);
    EXPECT_EQ(bytes_of(header.tensors.at("x").type), bytes);
  }
}

TEST(Safetensors, TensorsMayStandInAnyOrderOfNamesAndBytes) {
  const std::string header = "{\"a\": " + entry("U8", "[2]", "[3,5]") +
                             ", \"b\": " + entry("U8", "[3]", "[0,3]") +
                             ", \"none\": " + entry("U8", "[0]", "[3,3]") + "}";
  EXPECT_EQ(refusal(header, 5), "accepted");
  EXPECT_EQ(refusal("{}", 0), "accepted");
  EXPECT_EQ(refusal("{}   ", 0), "accepted");  // padded by other writers
}

TEST(Safetensors, AFileCutAnywhereIsAModelErrorThatNamesIt) {
  const std::string whole = file_of(
      "{\"a\": " + entry("U8", "[9]", "[0,9]") + ", \"b\": " + entry("U8", "[7]", "[9,16]") + "}", 16);
  ASSERT_EQ(refusal(whole), "accepted");
  for (size_t size = 0; size < whole.size(); ++size) {
    ASSERT_EQ(refusal(whole.substr(0, size)).rfind("[m.safetensors", 0), 0u) << size << " bytes";
  }
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
            "[m.safetensors: b] expected bytes up to 16, got a file with 15 bytes of data (truncated?)");
  EXPECT_EQ(refusal(whole + "x"), "[m.safetensors] expected 16 bytes of tensors, got 17");
}

TEST(Safetensors, AHeaderLongerThanTheFileOrTheLimitIsRefusedBeforeItIsRead) {
  std::string content = file_of("{}", 0);
  for (const uint64_t length :
       {uint64_t{3}, uint64_t{100'000'001}, uint64_t{1} << 40, UINT64_MAX - 7, UINT64_MAX}) {
    for (size_t i = 0; i < 8; ++i) content[i] = static_cast<char>(length >> (8 * i));
    EXPECT_EQ(refusal(content), "[m.safetensors] expected a header inside the file, got a header of " +
                                    std::to_string(length) + " bytes in a file of 10");
  }
  // The caller's claim of a larger file does not make bytes that are not there.
  EXPECT_THROW(parse_safetensors_header(file_of("{}", 0).substr(0, 9), 1000, "f"), ModelError);
}

TEST(Safetensors, LiesOfTheHeaderNameFileAndTensor) {
  struct WrongEntry {
    std::string entry;
    const char* complaint;
  };
  const WrongEntry entries[] = {
      {entry("F8_E4M3", "[4]", "[0,4]"), "expected a dtype among F64, F32,"},
      {entry("f32", "[1]", "[0,4]"), "expected a dtype among F64, F32,"},
      {R"({"dtype": 3, "shape": [1], "data_offsets": [0,4]})", "expected a dtype among"},
      {entry("F32", "[-1]", "[0,4]"), "expected an integer of at least 0, got -1"},
      {entry("F32", "[1.0]", "[0,4]"), "expected an integer of at least 0, got 1.0"},
      {entry("F32", "[\"1\"]", "[0,4]"), "expected an integer of at least 0, got \"1\""},
      {entry("F32", "[1]", "[-4,0]"), "expected an integer of at least 0, got -4"},
      {entry("F32", "{}", "[0,4]"), "expected a shape of at most 8 dimensions"},
      {entry("F32", "[1,1,1,1,1,1,1,1,1]", "[0,4]"), "expected a shape of at most 8 dimensions"},
      {entry("F32", "[4611686018427387904]", "[0,0]"),
       "expected a shape that fits in memory"},  // x 4 is 2^64
      {entry("F32", "[4294967296,4294967296]", "[0,0]"), "expected a shape that fits in memory"},
      {entry("U8", "[9223372036854775808]", "[0,9223372036854775808]"),
       "expected a shape that fits in memory"},
      {entry("F32", "[1]", "[0,5]"), "expected 4 bytes for shape [1], got offsets [0,5]"},
      {entry("F32", "[1]", "[4,0]"), "expected 4 bytes for shape [1], got offsets [4,0]"},
      {entry("F32", "[1]", "[0]"), "expected two data_offsets, got [0]"},
      {entry("F32", "[1]", "[0,4,4]"), "expected two data_offsets, got [0,4,4]"},
      {entry("F32", "[1]", "[18446744073709551612,18446744073709551616]"), "expected an integer"},
      {entry("F32", "[1]", "[18446744073709551608,18446744073709551612]"),
       "expected bytes up to 18446744073709551612"},
      {R"({"dtype": "F32", "shape": [1]})", "expected an object with dtype, shape and data_offsets"},
      {R"({"dtype": "F32", "shape": [1], "data_offsets": [0,4], "more": 1})",
       "expected an object with dtype, shape and"},
      {"[1]", "expected an object with dtype, shape and data_offsets, got [1]"},
  };
  for (const auto& [wrong, complaint] : entries) {
    const std::string message = refusal("{\"wrong\": " + wrong + "}", 4);
    EXPECT_EQ(message.rfind("[m.safetensors: wrong] " + std::string(complaint), 0), 0u)
        << wrong << ": " << message;
  }
}

TEST(Safetensors, OverlapsAndGapsNameTheTensor) {
  const auto two = [](const std::string& a, const std::string& b, size_t bytes) {
    return refusal("{\"a\": " + entry("U8", "[4]", a) + ", \"b\": " + entry("U8", "[4]", b) + "}", bytes);
  };
  EXPECT_EQ(two("[0,4]", "[4,8]", 8), "accepted");
  EXPECT_EQ(two("[0,4]", "[3,7]", 7),
            "[m.safetensors: b] expected its data from byte 4, got 3 (overlap or gap)");
  EXPECT_EQ(two("[0,4]", "[0,4]", 4),
            "[m.safetensors: b] expected its data from byte 4, got 0 (overlap or gap)");
  EXPECT_EQ(two("[0,4]", "[5,9]", 9),
            "[m.safetensors: b] expected its data from byte 4, got 5 (overlap or gap)");
  EXPECT_EQ(two("[1,5]", "[5,9]", 9),
            "[m.safetensors: a] expected its data from byte 0, got 1 (overlap or gap)");
  EXPECT_EQ(two("[0,4]", "[4,8]", 9), "[m.safetensors] expected 8 bytes of tensors, got 9");
}

TEST(Safetensors, AHeaderThatIsNoHeaderNamesTheFile) {
  EXPECT_EQ(refusal("[]", 0), "[m.safetensors] expected a JSON object as header, got array");
  EXPECT_EQ(refusal("{", 0).rfind("[m.safetensors] expected valid JSON", 0), 0u);
  EXPECT_EQ(refusal("", 0).rfind("[m.safetensors] expected valid JSON", 0), 0u);
  EXPECT_EQ(refusal(std::string(1000, '['), 0).rfind("[m.safetensors] expected JSON nested", 0), 0u);
  EXPECT_EQ(
      refusal("{\"a\": " + entry("U8", "[1]", "[0,1]") + ", \"a\": " + entry("U8", "[1]", "[0,1]") + "}", 1),
      "[m.safetensors] expected each key once, got 'a' twice");
  EXPECT_EQ(refusal(R"({"__metadata__": {"a": 1}})", 0),
            "[m.safetensors: __metadata__] expected an object of strings, got 1");
  EXPECT_EQ(refusal(R"({"__metadata__": []})", 0),
            "[m.safetensors: __metadata__] expected an object of strings, got []");
}

TEST(Safetensors, WhatIsNoFileIsAModelErrorThatNamesIt) {
  const TemporaryFolder folder;
  for (const std::string& path : {folder.path("none"), folder.path(""), folder.write("empty", ""),
                                  std::string("/dev/null"), folder.write("short", "1234567")}) {
    try {
      const SafetensorsFile file(path);
      ADD_FAILURE() << path;
    } catch (const ModelError& error) {
      const std::string text = error.what();
      EXPECT_TRUE(text.rfind("[" + path + "] ", 0) == 0 || text.rfind("cannot read " + path + ": ", 0) == 0)
          << text;
    }
  }
}

// A file of one tensor of two bytes.
std::string one_tensor(const std::string& name, const std::string& bytes) {
  const TemporaryFolder folder;
  write_safetensors(folder.path("f"), {{name, DataType::kUInt8, {2}, bytes}});
  return read_file(folder.path("f"), ErrorKind::kData);
}

TEST(SafetensorsShards, AreReadAsOneFileWhereThereIsOnlyAnIndex) {
  const TemporaryFolder folder;
  folder.write("one", one_tensor("a", "AA")), folder.write("two", one_tensor("b", "BB"));
  folder.write("m.safetensors.index.json", R"({"weight_map": {"a": "one", "b": "two"}})");
  const SafetensorsFile file(folder.path("m.safetensors"));
  EXPECT_EQ(file.path(), folder.path("m.safetensors.index.json"));
  EXPECT_EQ(file.bytes(file.header().tensors.at("a")), "AA");
  EXPECT_EQ(file.bytes(file.header().tensors.at("b")), "BB");
  file.release(file.bytes(file.header().tensors.at("b")));
  EXPECT_EQ(file.bytes(file.header().tensors.at("b")), "BB");
  EXPECT_EQ(shard_names(folder.path("m.safetensors.index.json")), (std::vector<std::string>{"one", "two"}));
  folder.write("m.safetensors", one_tensor("c", "CC"));  // the file itself wins
  EXPECT_EQ(SafetensorsFile(folder.path("m.safetensors")).header().tensors.count("c"), 1u);
}

TEST(SafetensorsShards, ThatDoNotHoldWhatTheirIndexSaysAreRefused) {
  const TemporaryFolder folder;
  folder.write("one", one_tensor("a", "AA")), folder.write("two", one_tensor("a", "BB"));
  const auto refuses = [&](const char* index, const char* what) {
    folder.write("m.safetensors.index.json", index);
    try {
      SafetensorsFile(folder.path("m.safetensors"));
      ADD_FAILURE() << index;
    } catch (const ModelError& error) {
      EXPECT_NE(std::string(error.what()).find(what), std::string::npos) << error.what();
    }
  };
  refuses("[]", "weight_map");
  refuses("{}", "weight_map");
  refuses(R"({"weight_map": {}})", "weight_map");
  refuses(R"({"weight_map": {"a": 1}})", "expected a file name");
  refuses(R"({"weight_map": {"a": "../one"}})", "expected a file name");
  refuses(R"({"weight_map": {"a": "one", "b": "none"}})", "none] expected this file");
  refuses(R"({"weight_map": {"a": "one", "b": "one"}})", "one: b] expected this tensor");
  refuses(R"({"weight_map": {"a": "one", "b": "two"}})", "expected each tensor in one file");
}

}  // namespace
}  // namespace dragoman
