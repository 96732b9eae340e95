#include "planning/auto_preset.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

namespace dragoman {
namespace {

constexpr double kHour = 3600;

AutoText text_of(int64_t pairs, const std::string& source, const std::string& target) {
  AutoText text;
  text.pairs = text.different = pairs;
  for (int i = 0; i < 200; ++i) text.profile.source.add(source), text.profile.target.add(target);
  return text;
}

AutoText sentences(int64_t pairs) {
  return text_of(pairs, "a considerable expenditure", "eine betraechtliche Ausgabe");
}

// A corpus like Multi30k: 17 target tokens per pair.
AutoRequest request_of(int64_t pairs, double seconds) {
  AutoRequest request;
  request.corpus = {pairs, 17 * pairs, 17 * 1000, 1000, false, true};
  request.seconds = seconds;
  request.settings.model.vocab_size = request.settings.model.decoder_vocab_size = 6001;
  return request;
}

// A machine that does so many multiplications a second: the time of an update is proportional to the model.
MeasureSpeed machine(double multiplications = 2e10) {
  return [multiplications](const AutoSettings& settings) {
    const double per_update = 0.9 * settings.training.max_tokens * settings.training.accumulate;
    return UpdateSpeed{multiplications / parameter_count(settings.model), per_update};
  };
}

AutoChoice choice(const AutoRequest& request) {
  return auto_settings(request, machine());
}

bool says(const std::vector<std::string>& lines, const std::string& text) {
  for (const auto& line : lines)
    if (line.find(text) != std::string::npos) return true;
  return false;
}

TEST(AutoTokenizer, VocabularyGrowsWithTheCorpus) {
  int64_t before = 0;
  for (const int64_t pairs : {500, 2'000, 5'000, 29'000, 145'000, 1'000'000, 10'000'000}) {
    const int64_t size = auto_tokenizer({}, {}, sentences(pairs)).vocab_size;
    EXPECT_GE(size, before) << pairs;
    before = size;
  }
  EXPECT_EQ(auto_tokenizer({}, {}, sentences(29'000)).vocab_size, 6000);
  EXPECT_EQ(auto_tokenizer({}, {}, sentences(100'000'000)).vocab_size, 32'000);
}

TEST(AutoTokenizer, LettersAndPhonesGetAPieceEach) {
  const AutoText text = text_of(100'000, "a b a c k", "AH0 B AE1 K");
  EXPECT_TRUE(text.is_symbols());
  const int64_t size = auto_tokenizer({}, {}, text).vocab_size;
  EXPECT_GE(size, 4 + 4 + 2);
  EXPECT_LE(size, 200);
}

TEST(AutoTokenizer, LargeAlphabetsGetRoomAndALowerCoverage) {
  AutoText text = sentences(2'000);
  for (int i = 0; i < 3000; ++i) {
    std::string character = "\u4E00";
    character[1] = static_cast<char>(0xB8 + (i / 64) % 8), character[2] = static_cast<char>(0x80 + i % 64);
    character[0] = static_cast<char>(0xE4 + i / 512);
    text.profile.target.add(character + " " + character);
  }
  const TokenizerOptions options = auto_tokenizer({}, {}, text);
  EXPECT_LT(options.character_coverage, 1);
  EXPECT_GE(options.vocab_size, 3000);
}

// SentencePiece refuses a vocabulary without room for the characters that it must cover.
TEST(AutoTokenizer, EveryCharacterThatMustBeCoveredHasRoom) {
  AutoText text = sentences(2'000);
  for (TextProfile* side : {&text.profile.source, &text.profile.target}) {
    const std::string usual(1'000, 'e');
    for (int i = 0; i < 950; ++i) {
      std::string rare = "\u4E00";
      rare[1] = static_cast<char>(0xB8 + i / 64), rare[2] = static_cast<char>(0x80 + i % 64);
      side->add(usual + " of " + usual + " " + rare);
    }
  }
  TokenizerOptions options;
  options.byte_fallback = true;
  const TokenizerOptions chosen = auto_tokenizer(options, {}, text);
  EXPECT_EQ(chosen.character_coverage, 1);
  EXPECT_GT(chosen.vocab_size, 2 * 950 + 256 + 2);
}

TEST(AutoTokenizer, GivenSettingsStay) {
  TokenizerOptions given;
  given.vocab_size = 777;
  EXPECT_EQ(auto_tokenizer(given, {"vocab-size"}, sentences(29'000)).vocab_size, 777);
}

TEST(AutoSettings, MoreTimeGivesALargerModelOrMoreUpdates) {
  for (const int64_t pairs : {2'000, 29'000, 145'000, 1'000'000}) {
    double before = 0;
    int64_t width = 0;
    for (const double seconds : {300.0, 1800.0, 7200.0, 24 * kHour, 240 * kHour}) {
      const AutoChoice chosen = choice(request_of(pairs, seconds));
      EXPECT_GE(chosen.settings.model.d_model, width) << pairs << " pairs, " << seconds << " s";
      width = chosen.settings.model.d_model;
      const double work = chosen.epochs * parameter_count(chosen.settings.model);
      EXPECT_GE(work, 0.9 * before) << pairs << " pairs, " << seconds << " s";
      before = work;
    }
  }
}

TEST(AutoSettings, TheUpdatesFitIntoTheTime) {
  for (const double seconds : {60.0, 300.0, 1800.0, 7200.0}) {
    for (const int64_t pairs : {1'000, 5'000, 29'000, 145'000, 10'000'000}) {
      const AutoRequest request = request_of(pairs, seconds);
      const AutoChoice chosen = choice(request);
      const UpdateSpeed speed = machine()(chosen.settings);
      const double needed =
          chosen.settings.training.max_updates * speed.tokens_per_update / speed.tokens_per_second;
      if (chosen.settings.training.max_updates > 1) {
        EXPECT_LE(needed, seconds) << pairs;
      }
    }
  }
}

// Batches that do not fit into the memory are made of several.
TEST(AutoSettings, TheUpdatesFitIntoTheTimeInLittleMemoryToo) {
  for (const int64_t mebibytes : {700, 1'000, 1'500, 2'000, 4'000, 8'000}) {
    AutoRequest request = request_of(10'000'000, 24 * kHour);
    request.machine.memory = mebibytes << 20;
    const AutoSettings chosen = choice(request).settings;
    const UpdateSpeed speed = machine()(chosen);
    EXPECT_LE(chosen.training.max_updates * speed.tokens_per_update / speed.tokens_per_second,
              request.seconds)
        << mebibytes << " MiB: " << chosen.training.max_tokens << " x " << chosen.training.accumulate;
  }
}

TEST(AutoSettings, AreThoseOfTheRecipesForTheirCorpora) {
  AutoRequest multi30k = request_of(29'000, 2 * kHour);
  multi30k.corpus.target_tokens = 486'252;
  const AutoSettings chosen = choice(multi30k).settings;
  EXPECT_EQ(chosen.model.d_model, 128);
  EXPECT_EQ(chosen.model.encoder_layers, 4);
  EXPECT_EQ(chosen.training.max_tokens, 2048);
  EXPECT_DOUBLE_EQ(chosen.training.learning_rate, 3e-3);
  EXPECT_EQ(chosen.training.warmup, 1000);
  EXPECT_EQ(chosen.training.schedule, Schedule::kLinear);
  EXPECT_NEAR(chosen.model.dropout, 0.15, 1e-9);
  EXPECT_DOUBLE_EQ(chosen.training.augmentation.subword_sampling, 0.3);
  EXPECT_EQ(chosen.training.average, 5);
  EXPECT_EQ(chosen.training.early_stopping, 0);
}

TEST(AutoSettings, GivenSettingsStayAndTheRestAdapts) {
  AutoRequest request = request_of(145'000, 2 * kHour);
  request.given = {"d-model", "max-updates", "dropout", "warmup"};
  request.settings.model.d_model = 512;
  request.settings.model.dropout = 0.05;
  request.settings.training.max_updates = 123;
  request.settings.training.warmup = 7;
  const AutoSettings chosen = choice(request).settings;
  EXPECT_EQ(chosen.model.d_model, 512);
  EXPECT_EQ(chosen.model.encoder_layers, 6);
  EXPECT_DOUBLE_EQ(chosen.model.dropout, 0.05);
  EXPECT_EQ(chosen.training.max_updates, 123);
  EXPECT_EQ(chosen.training.warmup, 7);
  EXPECT_NEAR(chosen.training.learning_rate, 7e-4, 1.1e-4);
}

TEST(AutoSettings, AWidthThatIsGivenHasHeadsThatDivideIt) {
  for (const int64_t width : {2, 30, 100, 130, 250, 1026}) {
    AutoRequest request = request_of(29'000, kHour);
    request.given = {"d-model"};
    request.settings.model.d_model = width;
    const ModelOptions model = choice(request).settings.model;
    EXPECT_EQ(model.d_model, width);
    EXPECT_EQ(width % model.encoder_attention_heads, 0) << width;
    EXPECT_EQ(width % model.decoder_attention_heads, 0) << width;
  }
}

TEST(AutoSettings, WithoutALimitTheRunHasAHorizonAndPatience) {
  const AutoChoice chosen = choice(request_of(29'000, 0));
  EXPECT_LE(chosen.epochs, 151);
  EXPECT_GT(chosen.settings.training.early_stopping, 0);
  EXPECT_TRUE(says(chosen.lines, "the limit for a corpus of this size"));
}

TEST(AutoSettings, WarnsOfLessThanAnEpoch) {
  EXPECT_TRUE(says(choice(request_of(10'000'000, 600)).warnings, "% of an epoch"));
  EXPECT_TRUE(choice(request_of(29'000, 2 * kHour)).warnings.empty());
}

TEST(AutoSettings, SymbolsAreChosenByWrongLinesAndNotSampled) {
  AutoRequest request = request_of(120'000, 2 * kHour);
  request.corpus.symbols = true;
  const TrainingOptions training = choice(request).settings.training;
  EXPECT_EQ(training.valid_metric, ValidMetric::kSer);
  EXPECT_DOUBLE_EQ(training.augmentation.subword_sampling, 0);
}

TEST(AutoSettings, ABytePairTokenizerIsNotSampled) {
  AutoRequest request = request_of(29'000, 2 * kHour);
  request.corpus.unigram = false;
  EXPECT_DOUBLE_EQ(choice(request).settings.training.augmentation.subword_sampling, 0);
}

TEST(AutoSettings, LittleMemoryGivesSmallerBatchesAndModels) {
  AutoRequest request = request_of(10'000'000, 240 * kHour);
  const AutoSettings large = choice(request).settings;
  request.machine.memory = int64_t{2} << 30;
  const AutoSettings small = choice(request).settings;
  EXPECT_LT(training_memory(small), request.machine.memory);
  EXPECT_GT(training_memory(large), request.machine.memory);
  request.machine.memory = 200 << 20;
  EXPECT_THROW(choice(request), UsageError);
}

TEST(AutoSettings, FineTuningKeepsTheShapeAndLearnsSlowly) {
  AutoRequest request = request_of(5'000, kHour);
  request.is_fine_tuning = true;
  request.settings.model.d_model = 512;
  request.settings.model.dropout = 0.1;
  const AutoSettings chosen = choice(request).settings;
  EXPECT_EQ(chosen.model.d_model, 512);
  EXPECT_EQ(chosen.model.encoder_layers, request.settings.model.encoder_layers);
  EXPECT_LE(chosen.training.learning_rate, 2e-4);
  EXPECT_LE(chosen.training.max_updates, 40 * 5'000 * 17 / 1024);
}

TEST(AutoSettings, ValidationTakesATwentiethOfTheTimeAtMost) {
  for (const int64_t valid : {100, 17'000, 200'000}) {
    AutoRequest request = request_of(145'000, 2 * kHour);
    request.corpus.valid_tokens = valid;
    const TrainingOptions training = choice(request).settings.training;
    EXPECT_LE(training.valid_every, training.max_updates / 5) << valid;
    EXPECT_GE(training.valid_every, training.max_updates / 60) << valid;
  }
}

TEST(AutoText, FewOrRepeatedPairsAreReported) {
  EXPECT_THROW(auto_text_warnings(sentences(3)), DataError);
  EXPECT_TRUE(says(auto_text_warnings(sentences(500)), "500 different pairs"));
  EXPECT_TRUE(auto_text_warnings(sentences(5'000)).empty());
  AutoText repeated = sentences(10'000);
  repeated.different = 2'000;
  EXPECT_TRUE(says(auto_text_warnings(repeated), "are repetitions of earlier ones"));
  repeated.different = 1;
  EXPECT_THROW(auto_text_warnings(repeated), DataError);
}

}  // namespace
}  // namespace dragoman
