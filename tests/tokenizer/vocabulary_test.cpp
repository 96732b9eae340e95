#include "tokenizer/vocabulary.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "core/error.h"

namespace dragoman {
namespace {

const char kSmall[] = R"({"<pad>": 4, "</s>": 0, "<unk>": 1, "▁a": 2, ">>de<<": 3})";

std::string error_of(const std::string& json) {
  try {
    Vocabulary::parse(json, "vocab.json");
  } catch (const ModelError& error) {
    return error.what();
  }
  return "no error";
}

void expect_error(const std::string& json, const std::vector<std::string>& parts) {
  const std::string message = error_of(json);
  for (const std::string& part : parts)
    EXPECT_NE(message.find(part), std::string::npos) << part << " in: " << message;
}

TEST(Vocabulary, ReadsTheIdsOfAFileInAnyOrder) {
  const Vocabulary vocabulary = Vocabulary::parse(kSmall, "vocab.json");
  EXPECT_EQ(vocabulary.size(), 5);
  EXPECT_EQ(vocabulary.id("▁a"), 2);
  EXPECT_EQ(vocabulary.piece(2), "▁a");
  EXPECT_EQ(vocabulary.find("▁b"), std::nullopt);
  EXPECT_EQ(vocabulary.id("▁b"), vocabulary.unk_id());
}

TEST(Vocabulary, TakesTheSpecialIdsFromTheFile) {
  const Vocabulary vocabulary =
      Vocabulary::parse(R"({"<pad>": 0, "x": 1, "</s>": 2, "<unk>": 3})", "vocab.json");
  EXPECT_EQ(vocabulary.pad_id(), 0);
  EXPECT_EQ(vocabulary.eos_id(), 2);
  EXPECT_EQ(vocabulary.unk_id(), 3);
  EXPECT_TRUE(vocabulary.is_special(0) && vocabulary.is_special(2) && vocabulary.is_special(3));
  EXPECT_FALSE(vocabulary.is_special(1));
}

TEST(Vocabulary, ListsOnlyLanguageCodesById) {
  const Vocabulary vocabulary({"</s>", "<unk>", ">>fr<<", ">>de_AT<<", ">><<", ">>x", "a>>b<<", "<pad>"});
  EXPECT_EQ(vocabulary.language_codes(), (std::vector<std::string>{">>fr<<", ">>de_AT<<"}));
}

TEST(Vocabulary, CanReadItsOwnFile) {
  const Vocabulary first({"</s>", "<unk>", "\"", "\\", "▁ü", "\x01", "<pad>"});
  const Vocabulary second = Vocabulary::parse(first.to_json(), "vocab.json");
  ASSERT_EQ(second.size(), first.size());
  for (int64_t id = 0; id < first.size(); ++id) EXPECT_EQ(second.piece(id), first.piece(id));
  EXPECT_EQ(second.to_json(), first.to_json());
}

TEST(Vocabulary, RefusesEverythingExceptAnObjectOfIds) {
  expect_error("[1, 2]", {"vocab.json", "object", "array"});
  expect_error(R"({"</s>": "0"})", {"'</s>'", "\"0\""});
  expect_error(R"({"</s>": 0.5})", {"'</s>'", "0.5"});
  expect_error("{\"</s>\": 0, ", {"vocab.json", "valid JSON"});
  expect_error(R"({"a": 0, "a": 1})", {"'a'", "twice"});
}

TEST(Vocabulary, RefusesAnIdThatTwoPiecesShare) {
  expect_error(R"({"</s>": 0, "<unk>": 1, "<pad>": 1})", {"vocab.json", "'<unk>'", "'<pad>'", "1"});
}

TEST(Vocabulary, RefusesAGapAndANegativeIdNamingThePiece) {
  expect_error(R"({"</s>": 0, "<unk>": 1, "<pad>": 3})", {"none with the id 2, and '<pad>' with 3"});
  expect_error(R"({"</s>": 0, "<unk>": 1, "<pad>": -1})", {"'<pad>'", "got -1"});
  expect_error(R"({"</s>": 0, "<unk>": 1, "<pad>": 18446744073709551615})",
               {"'<pad>'", "got 18446744073709551615"});
}

TEST(Vocabulary, RefusesAFileWithoutASpecialToken) {
  expect_error(R"({"<unk>": 0, "<pad>": 1})", {"'</s>'"});
  expect_error(R"({"</s>": 0, "<pad>": 1})", {"'<unk>'"});
  expect_error(R"({"</s>": 0, "<unk>": 1})", {"'<pad>'"});
}

TEST(Vocabulary, RefusesADuplicatePiece) {
  EXPECT_THROW(Vocabulary({"</s>", "<unk>", "a", "a", "<pad>"}), ModelError);
}

TEST(Vocabulary, NamesAMissingFile) {
  try {
    Vocabulary::load("/no/such/vocab.json");
    FAIL() << "expected a ModelError";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("/no/such/vocab.json"), std::string::npos);
  }
}

TEST(Vocabulary, HasNoPieceOutsideItsIds) {
  const Vocabulary vocabulary = Vocabulary::parse(kSmall, "vocab.json");
  EXPECT_THROW(vocabulary.piece(5), std::out_of_range);
  EXPECT_THROW(vocabulary.piece(-1), std::out_of_range);
}

}  // namespace
}  // namespace dragoman
