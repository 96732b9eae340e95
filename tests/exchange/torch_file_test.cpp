#include "exchange/torch_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "exchange/object_stream.h"
#include "tests/exchange/stream_writer.h"

namespace dragoman {
namespace {

const std::string kSixFloats = "aaaabbbbccccddddeeeeffff";

std::string refusal(const std::string& bytes) {
  return refusal_of<ModelError>([&] { TorchFile(bytes, "m.bin"); });
}
// The error of a stream in an archive with one storage of six floats.
std::string stream_refusal(const std::string& stream) {
  return refusal(torch_archive(stream, {{"0", kSixFloats}}));
}
#define EXPECT_REFUSED(message, why) EXPECT_NE((message).find(why), std::string::npos) << (message)

std::vector<StreamTensorToWrite> two_tensors(const std::string& whole = "") {
  return {{.name = "rows", .count = 6, .shape = {2, 3}, .strides = {3, 1}, .whole = whole},
          {.name = "columns", .count = 6, .offset = 1, .shape = {2, 2}, .strides = {1, 2}, .whole = whole}};
}

void expect_two_tensors(const TorchFile& file) {
  ASSERT_EQ(file.tensors().size(), 2u);
  std::string buffer;
  EXPECT_EQ(row_major_bytes(file.tensors().at("rows"), buffer), kSixFloats);
  EXPECT_EQ(file.tensors().at("rows").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(row_major_bytes(file.tensors().at("columns"), buffer), "bbbbddddcccceeee");
}

TEST(TorchFile, TensorsOfAnArchiveMayShareAStorage) {
  const std::string bytes = torch_archive(tensors_stream(two_tensors()), {{"0", kSixFloats}});
  expect_two_tensors(TorchFile(bytes, "m.bin"));
}

TEST(TorchFile, TheFormatBeforePyTorch16IsRead) {
  const std::string bytes = torch_streams(tensors_stream(two_tensors("N")), {{"0", kSixFloats}}, {6});
  expect_two_tensors(TorchFile(bytes, "m.bin"));
}

TEST(TorchFile, EveryDataTypeIsNamed) {
  const std::pair<const char*, DataType> types[] = {{"HalfStorage", DataType::kFloat16},
                                                    {"BFloat16Storage", DataType::kBFloat16},
                                                    {"DoubleStorage", DataType::kFloat64},
                                                    {"LongStorage", DataType::kInt64},
                                                    {"ByteStorage", DataType::kUInt8}};
  for (const auto& [name, type] : types) {
    const std::string bytes =
        torch_archive(tensors_stream({{.name = "x", .count = 3, .shape = {3}, .strides = {1}, .type = name}}),
                      {{"0", kSixFloats}});
    EXPECT_EQ(TorchFile(bytes, "m.bin").tensors().at("x").type, type);
  }
}

TEST(TorchFile, OlderAndNewerEncodingsAreRead) {
  const StreamTensorToWrite tensor{.name = "x", .count = 6, .shape = {6}, .strides = {1}};
  // A plain dictionary, a parameter, and Python 2's dictionary of pairs.
  const std::string parameter = name_object("torch._utils", "_rebuild_parameter") + "(" + tensor.object() +
                                "\x88" + kEmptyDictionary + "tR";
  const std::string streams[] = {"\x80\x02}" + text_object("x") + parameter + "s.",
                                 "\x80\x02" + name_object("collections", "OrderedDict") + "]]" +
                                     text_object("x") + "a" + tensor.object() + "aa\x85R.",
                                 "\x80\x04\x95" + little(9, 8) + "}\x94\x8c\x01x" + tensor.object() + "s."};
  for (const auto& stream : streams) {
    const std::string bytes = torch_archive(stream, {{"0", kSixFloats}});
    EXPECT_EQ(TorchFile(bytes, "m.bin").tensors().at("x").bytes, kSixFloats);
  }
}

TEST(TorchFile, InstructionsThatCouldRunCodeAreRefusedByName) {
  const std::string call = "(" + text_object("touch /tmp/ran") + "tR.";
  EXPECT_REFUSED(stream_refusal("\x80\x02" + name_object("os", "system") + call), "got 'os.system'");
  EXPECT_REFUSED(stream_refusal("\x80\x02" + name_object("builtins", "eval") + call), "got 'builtins.eval'");
  EXPECT_REFUSED(stream_refusal("\x80\x02" + name_object("torch", "load") + call), "got 'torch.load'");
  EXPECT_REFUSED(stream_refusal("\x80\x04\x8c\x02os\x8c\x06system\x93" + call), "got 'os.system' at byte");
  EXPECT_REFUSED(stream_refusal("\x80\x02" + name_object("torch", "FloatStorage") + ")R."),
                 "a call of a storage's type");
  EXPECT_REFUSED(stream_refusal("\x80\x02" + text_object("x") + ")R."), "a call of something else");
  // INST, OBJ, NEWOBJ, NEWOBJ_EX, EXT1, PERSID
  for (const char instruction : {'i', 'o', '\x81', '\x92', '\x82', 'P'})
    EXPECT_REFUSED(stream_refusal("\x80\x02)" + std::string(1, instruction)), "the instruction");
  EXPECT_REFUSED(stream_refusal("\x80\x02" + text_object("x") + "}b."), "attributes of something else");
}

TEST(TorchFile, TensorsOutsideTheirStorageAreRefused) {
  const auto with = [](const StreamTensorToWrite& tensor) {
    return stream_refusal(tensors_stream({tensor}));
  };
  EXPECT_REFUSED(with({.count = 7, .shape = {7}, .strides = {1}}), "expected 7 values of F32, got 24 bytes");
  EXPECT_REFUSED(with({.count = -1, .shape = {1}, .strides = {1}}), "expected -1 values");
  EXPECT_REFUSED(with({.count = 6, .offset = 1, .shape = {6}, .strides = {1}}), "inside its bytes");
  EXPECT_REFUSED(with({.count = 6, .offset = 7, .shape = {0}, .strides = {1}}),
                 "an offset inside its storage");
  EXPECT_REFUSED(with({.count = 6, .offset = -1, .shape = {1}, .strides = {1}}),
                 "an offset inside its storage");
  EXPECT_REFUSED(with({.count = 6, .shape = {2, 3}, .strides = {4, 1}}), "inside its bytes");
  EXPECT_REFUSED(with({.count = 6, .shape = {2}, .strides = {-1}}), "inside its bytes");
  EXPECT_REFUSED(with({.count = 6, .shape = {1000000}, .strides = {0}}), "inside its bytes");
  EXPECT_REFUSED(with({.count = 6, .shape = {0x7FFFFFFF, 0x7FFFFFFF, 0x7FFFFFFF}, .strides = {0, 0, 0}}),
                 "inside its bytes");
  EXPECT_REFUSED(with({.count = 6, .shape = {2, 3}, .strides = {1}}), "inside its bytes");
  EXPECT_REFUSED(with({.key = "1", .count = 6, .shape = {6}, .strides = {1}}),
                 "storage '1'] expected its values, got none");
}

TEST(TorchFile, InvalidStreamsAreRefused) {
  EXPECT_REFUSED(stream_refusal(""), "the end of the stream");
  EXPECT_REFUSED(stream_refusal("."), "more or less than one object");
  EXPECT_REFUSED(stream_refusal("NN."), "more or less than one object");
  EXPECT_REFUSED(stream_refusal("(N."), "more or less than one object");
  EXPECT_REFUSED(stream_refusal("N."), "a dictionary of tensors");
  EXPECT_REFUSED(stream_refusal("t."), "without its mark");
  EXPECT_REFUSED(stream_refusal("(R."), "without its operand");
  EXPECT_REFUSED(stream_refusal("h\x05."), "a memo slot without a value");
  EXPECT_REFUSED(stream_refusal("q\x05."), "an empty stack to store");
  EXPECT_REFUSED(stream_refusal("}NNas."), "something else for a container");
  EXPECT_REFUSED(stream_refusal("}(NNNu."), "a key without a value");
  EXPECT_REFUSED(stream_refusal("}NNs."), "a key that is not text");
  EXPECT_REFUSED(stream_refusal("}" + text_object("x") + "Ns."), "expected a tensor, got another object");
  EXPECT_REFUSED(stream_refusal("X\xff\xff\xff\xff."), "the end of the stream");
  EXPECT_REFUSED(stream_refusal("U\x01\xff."), "not UTF-8");
  EXPECT_REFUSED(stream_refusal("\x80\x09."), "a protocol above 5");
  EXPECT_REFUSED(stream_refusal("\x8a\x09" + std::string(9, '1') + "."), "an integer of 9 bytes");
}

TEST(TorchFile, TheLengthOfAStreamBoundsItsMemory) {
  // A dictionary of 2,000 pairs, copied again and again with two bytes each.
  std::string stream = "](";
  for (int i = 0; i < 2000; ++i) stream += "]NaNa";
  stream += "e\x85q\x01" + std::string("0");
  EXPECT_REFUSED(stream_refusal(stream), "the instruction 48");
  stream.pop_back();
  stream += name_object("collections", "OrderedDict") + "q\x02";
  for (int i = 0; i < 1000; ++i) stream += "h\x02h\x01R";
  EXPECT_REFUSED(stream_refusal(stream), "more pairs than the stream has bytes");
  std::string arguments = "\x80\x02" + name_object("collections", "OrderedDict") + "(";
  EXPECT_REFUSED(stream_refusal(arguments + std::string(100, 'N') + "tR."),
                 "more arguments than a tensor has");
}

TEST(TorchFile, TruncatedAndDamagedFilesAreRefused) {
  const std::string stream = tensors_stream(two_tensors("N"));
  const std::string archive = torch_archive(stream, {{"0", kSixFloats}}),
                    streams = torch_streams(stream, {{"0", kSixFloats}}, {6});
  for (const auto& bytes : {archive, streams}) {
    EXPECT_EQ(refusal(bytes), "accepted");
    for (size_t length = 0; length < bytes.size(); ++length)
      EXPECT_NE(refusal(bytes.substr(0, length)), "accepted") << length;
  }
  EXPECT_REFUSED(refusal(streams + "x"), "nothing after the last storage");
  EXPECT_REFUSED(refusal(torch_streams(stream, {{"0", kSixFloats}}, {1ULL << 62})), "values of a storage");
  EXPECT_REFUSED(refusal(torch_streams(stream, {{"0", kSixFloats}}, {5})), "after the last storage");
  EXPECT_REFUSED(refusal(torch_streams(stream, {{"9", kSixFloats}}, {6})), "got another key");
  EXPECT_REFUSED(refusal(torch_streams(stream, {{"0", kSixFloats}}, {6}, "\x89")), "little-endian");
  EXPECT_REFUSED(refusal(zip_of({{"m/data.pkl", stream}, {"m/data/0", kSixFloats}, {"m/byteorder", "big"}})),
                 "another byte order");
  EXPECT_REFUSED(refusal(zip_of({{"m/data.pkl", stream}, {"n/data.pkl", stream}})), "got several");
  EXPECT_REFUSED(refusal(zip_of({{"m/data", stream}})), "without data.pkl");
  EXPECT_REFUSED(refusal("something"), "a file of torch.save, got something else");
}

}  // namespace
}  // namespace dragoman
