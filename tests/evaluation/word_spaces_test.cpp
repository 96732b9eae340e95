#include "evaluation/word_spaces.h"

#include <gtest/gtest.h>

#include "evaluation/metrics.h"

namespace dragoman {
namespace {

struct Sample {
  const char* language;
  StringList lines;
  WordSpaces kind;
};

const std::vector<Sample> kSamples = {
    {"German", {"Das ist ein kleines Haus.", "Ja.", "Er trinkt Kaffee."}, WordSpaces::kBetweenWords},
    {"Korean", {"톰은 도서관에서 책을 읽었다.", "내일은 비가 올 것입니다."}, WordSpaces::kBetweenWords},
    {"Hindi", {"यह एक छोटा घर है।", "वह चाय पीता है।"}, WordSpaces::kBetweenWords},
    {"Chinese", {"汤姆在图书馆里读书。", "你好！", "我用 PyTorch 训练模型。"}, WordSpaces::kChinese},
    {"Chinese with a brand in kana",
     {"汤姆在图书馆里读书，然后去了便利店买东西吃。", "我喜欢の牌子"},
     WordSpaces::kChinese},
    {"Japanese", {"トムは図書館で本を読んだ。", "はい。", "PyTorchのモデルです。"}, WordSpaces::kJapanese},
    {"Japanese in hiragana", {"すもももももももものうち", "はい"}, WordSpaces::kJapanese},
    {"Thai", {"ฉันชอบดื่มชา", "พรุ่งนี้ฝนจะตก"}, WordSpaces::kOther},
    {"Lao", {"ຂ້ອຍມັກດື່ມຊາ"}, WordSpaces::kOther},
    {"Khmer", {"ខ្ញុំចូលចិត្តផឹកតែ"}, WordSpaces::kOther},
    {"Burmese", {"ကျွန်တော်လက်ဖက်ရည်ကြိုက်တယ်"}, WordSpaces::kOther},
    {"Tibetan", {"ང་ཇ་འཐུང་རྒྱུར་དགའ།"}, WordSpaces::kOther},
    {"Chinese split into words",
     {"我 喜欢 喝 茶 ，", "汤姆 在 图书馆 里 读书 。"},
     WordSpaces::kBetweenWords},
    {"Japanese split into words", {"トム は 図書館 で 本 を 読ん だ 。"}, WordSpaces::kBetweenWords},
    {"phonemes", {"k ae t", "d ao g", "b er d"}, WordSpaces::kBetweenWords},
    {"names", {"Anna", "Bert", "Carla Maria", "Doris", "Emil", "Franz"}, WordSpaces::kOneWord},
    {"German with a Chinese name", {"Er heißt 王小明 und wohnt in Berlin."}, WordSpaces::kBetweenWords},
    {"nothing", {"", " "}, WordSpaces::kBetweenWords},
};

TEST(WordSpaces, AreDerivedFromTheScript) {
  for (const auto& sample : kSamples) EXPECT_EQ(word_spaces(sample.lines), sample.kind) << sample.language;
}

// Validation needs this: a half-right translation scores above zero in every script.
TEST(WordSpaces, TheTokenizerOfTheScriptGivesBleuSomethingToCount) {
  for (const auto& sample : kSamples) {
    if (std::string(sample.language) == "nothing" || std::string(sample.language) == "phonemes") continue;
    StringList hypotheses;
    for (const auto& line : sample.lines) {
      hypotheses.push_back(line + line);  // each word twice
    }
    MetricOptions options;
    options.metrics = {MetricName::kBleu};
    options.bleu.tokenize = tokenizer_of_script(word_spaces(sample.lines));
    EXPECT_GT(score_corpus(hypotheses, {sample.lines}, options)[0].score, 10) << sample.language;
  }
}

TEST(WordSpaces, AdviceNamesAnExistingTokenizer) {
  for (const auto kind :
       {WordSpaces::kChinese, WordSpaces::kJapanese, WordSpaces::kOther, WordSpaces::kOneWord})
    EXPECT_NE(word_spaces_advice(kind).find("--tokenize"), std::string::npos);
  EXPECT_EQ(word_spaces_advice(WordSpaces::kBetweenWords), "");
  EXPECT_EQ(tokenizer_of_script(WordSpaces::kBetweenWords), Tokenization::k13a);
}

}  // namespace
}  // namespace dragoman
