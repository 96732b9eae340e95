#include "exchange/npz_file.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "tests/exchange/zip_writer.h"

namespace dragoman {
namespace {

// A .npy of version 1.
std::string npy(const std::string& header, const std::string& numbers) {
  return "\x93NUMPY" + std::string("\1\0", 2) + little(header.size(), 2) + header + numbers;
}
std::string npy(const std::string& type, const std::string& order, const std::string& shape,
                const std::string& numbers) {
  return npy("{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }      \n",
             numbers);
}

std::string refusal(const std::string& bytes) {
  return refusal_of<ModelError>([&] { parse_npy(bytes, "a.npz: x"); });
}
#define EXPECT_REFUSED(bytes, why) EXPECT_NE(refusal(bytes).find(why), std::string::npos) << refusal(bytes)

TEST(NpzFile, ArraysAreFoundByNameWithTypeShapeAndValues) {
  const std::string bytes =
      zip_of({{"b.npy", npy("<f4", "False", "(2, 3)", std::string(24, 'n'))},
              {"special:model.yml.npy", npy("|i1", "False", "(4,)", std::string("a: b", 4)), true},
              {"scalar.npy", npy("<f8", "False", "()", std::string(8, 's'))}});
  const NpzFile file(bytes, "a.npz");
  ASSERT_EQ(file.arrays().size(), 3u);
  const ForeignTensor& b = file.arrays().at("b");
  EXPECT_EQ(b.type, DataType::kFloat32);
  EXPECT_EQ(b.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(b.bytes, std::string(24, 'n'));
  EXPECT_EQ(file.arrays().at("special:model.yml").bytes, "a: b");
  EXPECT_EQ(file.arrays().at("scalar").shape, std::vector<int64_t>());
}

TEST(NpzFile, ColumnMajorAndTransposedArraysGiveTheSameValues) {
  // The matrix [[1,2,3],[4,5,6]] by columns.
  const std::string columns("\1\4\2\5\3\6"), rows("\1\2\3\4\5\6");
  const std::string bytes = npy("|u1", "True", "(2, 3)", columns),
                    plain = npy("|u1", "False", "(3, 2)", columns);
  std::string buffer;
  EXPECT_EQ(row_major_bytes(parse_npy(bytes, "x"), buffer), rows);
  const ForeignTensor turned = transposed(parse_npy(plain, "x"));
  EXPECT_EQ(turned.shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(row_major_bytes(turned, buffer), rows);
}

TEST(NpzFile, OtherHeadersAreRefused) {
  EXPECT_REFUSED(npy(">f4", "False", "(1,)", "1234"), "got '>f4'");
  EXPECT_REFUSED(npy("|O", "False", "(1,)", "1234"), "got '|O'");
  EXPECT_REFUSED(npy("<f4", "False", "(2,)", "1234"), "inside its bytes");
  EXPECT_REFUSED(npy("<f4", "False", "(1,)", "12345678"), "8 bytes for shape [1]");
  EXPECT_REFUSED(npy("<f4", "0", "(1,)", "1234"), "'fortran_order'");
  EXPECT_REFUSED(npy("<f4", "False", "(-1,)", "1234"), "'shape'");
  EXPECT_REFUSED(npy("<f4", "False", "(99999999999999999999,)", "1234"), "'shape'");
  EXPECT_REFUSED(npy("<f4", "False", "(4294967296, 4294967296, 4294967296)", "1234"), "inside its bytes");
  EXPECT_REFUSED(npy("{'descr': '<f4', 'descr': '<f4'}", "1234"), "'descr'");
  EXPECT_REFUSED(npy("{'descr': '<f4', 'shape': (1,)}", "1234"), "'fortran_order'");
  EXPECT_REFUSED(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} + exit()", "1234"), "exit()");
  EXPECT_REFUSED("NUMPY", "something else");
  const std::string whole = npy("<f4", "False", "(1,)", "1234");
  for (size_t length = 0; length < whole.size(); ++length)
    EXPECT_NE(refusal(whole.substr(0, length)), "accepted");
}

}  // namespace
}  // namespace dragoman
