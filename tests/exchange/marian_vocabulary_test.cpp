#include "exchange/marian_vocabulary.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "tests/exchange/zip_writer.h"

namespace dragoman {
namespace {

using Pieces = std::vector<std::string>;

struct Read {
  Pieces pieces, notes;
};
Read read(const std::string& content, const std::string& name, int64_t entries = 0) {
  Read result;
  result.pieces = read_marian_vocabulary(content, name, entries, result.notes);
  return result;
}
std::string refusal(const std::string& content, const std::string& name, int64_t entries = 0) {
  return refusal_of<ModelError>([&] { read(content, name, entries); });
}
#define EXPECT_REFUSED(message, why)                    \
  {                                                     \
    const std::string got = message;                    \
    EXPECT_NE(got.find(why), std::string::npos) << got; \
  }

TEST(MarianVocabulary, TextYamlAndJsonAreEquivalent) {
  const Pieces pieces = {"</s>", "<unk>", "\xE2\x96\x81", "it's", "#", "{x}"};
  EXPECT_EQ(read("</s>\n<unk>\n\xE2\x96\x81\r\nit's\n#\n{x}", "opus.vocab").pieces, pieces);
  EXPECT_EQ(read("it's: 3\n</s>: 0\n<unk>: 1\n\xE2\x96\x81: 2\n\"#\": 4\n\"{x}\": 5\n", "v.yml").pieces,
            pieces);
  EXPECT_EQ(read("{\"</s>\":0,\"<unk>\":1,\"\xE2\x96\x81\":2,\"it's\":3,\"#\":4,\"{x}\":5}", "v.json").pieces,
            pieces);
}

TEST(MarianVocabulary, TextIsRefusedByLine) {
  EXPECT_REFUSED(refusal("</s>\n\n<unk>\n", "v.txt"),
                 "v.txt:2] expected one piece per line, got an empty line");
  EXPECT_REFUSED(refusal("</s>\n<unk>\na\na\n", "v.txt"), "v.txt:4] expected each piece once, got 'a' twice");
  EXPECT_REFUSED(refusal("</s>\t0\n<unk>\t0\na\t-3.5\n", "v.vocab"), "give SentencePiece's model");
  EXPECT_REFUSED(refusal("\xff\n", "v.vocab"), "UTF-8");
  EXPECT_EQ(read("a\tb\nc\n", "v.txt").pieces, (Pieces{"a\tb", "c"}));
}

TEST(MarianVocabulary, GapsAndAPadOfTheFileAreUnusedEntries) {
  EXPECT_EQ(read("</s>: 0\n<unk>: 1\na: 4\n<unused0>: 2\n<pad>: 5\n", "v.yml").pieces,
            (Pieces{"</s>", "<unk>", "<unused0>", "<unused1>", "a", "<unused2>"}));
  EXPECT_REFUSED(refusal("a: 0\nb: 0\n", "v.yml"), "expected one piece for the id 0, got 'a' and 'b'");
  EXPECT_REFUSED(refusal("a: 16000000\n", "v.yml"), "expected ids below");
}

TEST(MarianVocabulary, TheFirstOfTwoIdsOfAPieceCountsAsInMarian) {
  const Read found = read("</s>: 0\n<unk>: 1\na: 2\na: 3\n", "v.yml");
  EXPECT_EQ(found.pieces, (Pieces{"</s>", "<unk>", "a", "<unused0>"}));
  ASSERT_EQ(found.notes.size(), 1u);
  EXPECT_NE(found.notes[0].find("1 pieces have two ids"), std::string::npos) << found.notes[0];
}

TEST(MarianVocabulary, NematusNamesOfTheFirstTwoIdsAreReplaced) {
  EXPECT_EQ(read("eos: 0\nUNK: 1\na: 2\n", "v.yml").pieces, (Pieces{"</s>", "<unk>", "a"}));
  EXPECT_EQ(read("a: 2\n", "v.yml").pieces, (Pieces{"</s>", "<unk>", "a"}));
  EXPECT_EQ(read("eos: 0\n</s>: 1\n<unk>: 2\n", "v.yml").pieces, (Pieces{"eos", "</s>", "<unk>"}));
}

TEST(MarianVocabulary, TheModelDecidesTheNumberOfEntries) {
  const std::string yaml = "</s>: 0\n<unk>: 1\na: 2\nb: 3\n";
  const Read shorter = read(yaml, "v.yml", 3), longer = read(yaml, "v.yml", 6),
             equal = read(yaml, "v.yml", 4);
  EXPECT_EQ(shorter.pieces, (Pieces{"</s>", "<unk>", "a"}));
  EXPECT_EQ(longer.pieces, (Pieces{"</s>", "<unk>", "a", "b", "<unused0>", "<unused1>"}));
  EXPECT_EQ(equal.notes, Pieces());
  ASSERT_EQ(shorter.notes.size(), 1u);
  EXPECT_NE(shorter.notes[0].find("4 pieces where the model has 3"), std::string::npos) << shorter.notes[0];
  EXPECT_REFUSED(refusal(yaml, "v.yml", 1 << 24), "expected the vocabulary of this model");
}

TEST(MarianVocabulary, FactorsAreRefusedByName) {
  EXPECT_REFUSED(refusal("_lemma\n", "v.fsv"), "expected a vocabulary without factors");
}

TEST(MarianVocabulary, TheIdsOfASentencePieceModelAreItsOwn) {
  const std::string spm =
      read_file(std::string(DRAGOMAN_TEST_DIR) + "/exchange/marian/vocab.spm", ErrorKind::kData);
  const Read found = read(spm, "vocab.spm", 24);
  EXPECT_EQ(found.pieces.size(), 24u);
  EXPECT_EQ(found.pieces[0], "</s>");
  EXPECT_EQ(found.pieces[1], "<unk>");
  EXPECT_REFUSED(refusal(spm, "vocab.spm", 25),
                 "expected the vocabulary of this model, which has 25 entries, got one of 24");
  EXPECT_REFUSED(refusal("</s>\n", "vocab.spm"), "vocab.spm");
}

}  // namespace
}  // namespace dragoman
