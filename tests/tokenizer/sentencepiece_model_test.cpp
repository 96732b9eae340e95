#include "tokenizer/sentencepiece_model.h"

#include <gtest/gtest.h>

#include <map>

#include "core/error.h"
#include "core/files.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

// A protocol buffer field of bytes.
std::string field(int number, const std::string& bytes) {
  std::string text(1, static_cast<char>(number << 3 | 2));
  for (size_t length = bytes.size();; length >>= 7) {
    text += static_cast<char>((length & 0x7F) | (length > 0x7F ? 0x80 : 0));
    if (length <= 0x7F) return text + bytes;
  }
}
std::string piece(const std::string& text) {
  return field(1, field(1, text));
}
std::string little_endian(uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}

// A model whose charsmap has 256 units, all zero but these, and these replacements.
std::string model_with(const std::map<size_t, uint32_t>& units, const std::string& replacements) {
  std::string trie;
  for (size_t i = 0; i < 256; ++i) trie += little_endian(units.count(i) > 0 ? units.at(i) : 0);
  return piece("a") +
         field(3, field(2, little_endian(static_cast<uint32_t>(trie.size())) + trie + replacements));
}

std::string refusal(const std::string& model) {
  try {
    check_sentencepiece_model(model, "m.spm");
    return "accepted";
  } catch (const ModelError& error) {
    return error.what();
  }
}

constexpr uint32_t kHasValue = 1 << 8, kIsValue = 1u << 31;
uint32_t unit(uint32_t offset, uint32_t bits) {
  return offset << 10 | bits;
}
// 'A' (0x41) leads from the root, whose units are around 1, to 0x40, whose value is at 0x80.
std::map<size_t, uint32_t> a_for_b() {
  return {{0, unit(1, 0)}, {0x40, unit(0xC0, kHasValue | 0x41)}, {0x80, kIsValue | 0}};
}
const std::string kB("b\0", 2);

TEST(SentencePieceModel, OfTheTrainerIsAccepted) {
  for (const char* type : {"unigram", "bpe"}) {
    const TrainedTokenizer trained = train_on(sample_lines(100), small_tokenizer_options(type, 60));
    EXPECT_EQ(refusal(trained.model), "accepted");
  }
  EXPECT_EQ(refusal(model_with(a_for_b(), kB)), "accepted");
}

TEST(SentencePieceModel, WithABrokenProtocolBufferIsRefused) {
  EXPECT_NE(refusal("").find("got none"), std::string::npos);
  EXPECT_NE(refusal("hello"), "accepted");
  EXPECT_NE(refusal(piece("a") + "\x0A\x7F").find("0 remain"), std::string::npos);
  EXPECT_NE(refusal(piece("a") + std::string(11, '\xFF')).find("ten bytes"), std::string::npos);
  EXPECT_NE(refusal(piece("a") + "\x0B").find("wire type 3"), std::string::npos);
}

TEST(SentencePieceModel, WithAnInvalidPieceIsRefused) {
  EXPECT_NE(refusal(piece("a") + piece("")).find("m.spm: piece 1"), std::string::npos);
  EXPECT_NE(refusal(piece(std::string("a\0b", 3))).find("NUL"), std::string::npos);
  EXPECT_NE(refusal(piece(std::string(9000, 'a'))).find("9000"), std::string::npos);
  const auto scored = [](const std::string& score) { return field(1, field(1, "a") + "\x15" + score); };
  EXPECT_EQ(refusal(scored(std::string("\0\0\x80\xBF", 4))), "accepted");  // -1
  EXPECT_NE(refusal(scored(std::string("\0\0\xC0\x7F", 4))).find("nan"), std::string::npos);
  EXPECT_NE(refusal(scored(std::string("\0\0\x80\xFF", 4))).find("-inf"), std::string::npos);
}

TEST(SentencePieceModel, WithACharsmapThatLeadsOutsideItsTableIsRefused) {
  const auto changed = [](size_t at, uint32_t bits) {
    auto units = a_for_b();
    units[at] = bits;
    return refusal(model_with(units, kB));
  };
  EXPECT_NE(changed(0, unit(256, 0)), "accepted");                       // the root
  EXPECT_NE(changed(0x40, unit(0x1C0, kHasValue | 0x41)), "accepted");   // what follows 'A'
  EXPECT_NE(changed(0x40, unit(0xC0, kHasValue | 1 << 9)), "accepted");  // with the offset times 256
  EXPECT_NE(changed(0x80, kIsValue | 2), "accepted");                    // after the replacements
  EXPECT_NE(refusal(model_with(a_for_b(), "")), "accepted");
  EXPECT_NE(refusal(model_with(a_for_b(), "b")).find("NUL"), std::string::npos);
  EXPECT_NE(refusal(model_with(a_for_b(), std::string("\xFF\0", 2))).find("UTF-8"), std::string::npos);
  EXPECT_NE(refusal(model_with(a_for_b(), std::string(2000, 'b') + '\0')).find("2000"), std::string::npos);
  for (const auto& charsmap : {std::string("abc"), little_endian(5) + "abcd", little_endian(4) + "abcd",
                               little_endian(0), little_endian(0xFFFFFFFF) + std::string(99, 'a')})
    EXPECT_NE(refusal(piece("a") + field(3, field(2, charsmap))), "accepted");
  // The denormaliser's charsmap is checked too.
  EXPECT_NE(refusal(piece("a") + field(5, field(2, little_endian(9)))).find("denormalizer"),
            std::string::npos);
}

TEST(SentencePieceModel, SaysWhetherItsRulesKeepWordsApart) {
  const auto keeps_apart = [](const std::map<size_t, uint32_t>& units, const std::string& replacements) {
    const std::string model = model_with(units, replacements);
    EXPECT_EQ(refusal(model), "accepted");
    return charsmap_keeps_words_apart(charsmap_of(model));
  };
  EXPECT_TRUE(charsmap_keeps_words_apart(""));
  EXPECT_TRUE(keeps_apart(a_for_b(), kB));
  EXPECT_TRUE(keeps_apart(a_for_b(), std::string(" b\0", 3)));
  EXPECT_FALSE(keeps_apart(a_for_b(), std::string("b  \0", 4)));
  EXPECT_FALSE(keeps_apart(a_for_b(), std::string("\xE2\x96\x81\0", 4)));
  // A space leads from the root to 0x21, or from 'A' to 0xA0.
  auto units = a_for_b();
  units[0x21] = unit(0xC0, kHasValue | 0x20), units[0xE1] = kIsValue | 0;
  EXPECT_FALSE(keeps_apart(units, kB));
  units = a_for_b();
  units[0xA0] = unit(0x50, kHasValue | 0x20), units[0xF0] = kIsValue | 0;
  EXPECT_FALSE(keeps_apart(units, kB));
  // SentencePiece's own rules.
  for (const Normalization rule :
       {Normalization::kIdentity, Normalization::kNmtNfkc, Normalization::kNfkcCf}) {
    TokenizerOptions options = small_tokenizer_options();
    options.normalization = rule;
    EXPECT_TRUE(charsmap_keeps_words_apart(charsmap_of(train_on(sample_lines(100), options).model)));
  }
}

TEST(SentencePieceModel, KeepsItsPiecesWithAnotherCharsmap) {
  const std::string model = train_on(sample_lines(300), small_tokenizer_options("bpe")).model;
  const std::string other(300, 'x');  // as long as a length of two bytes
  EXPECT_EQ(charsmap_of(with_charsmap(model, other)), other);
  EXPECT_EQ(charsmap_of(with_charsmap(model, "")), "");
  EXPECT_EQ(sentencepiece_pieces(with_charsmap(model, ""), "m"), sentencepiece_pieces(model, "m"));
}

}  // namespace
}  // namespace dragoman
