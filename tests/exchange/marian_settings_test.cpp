#include "exchange/marian_settings.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/mapped_file.h"
#include "exchange/marian_model.h"
#include "exchange/npz_file.h"
#include "tests/exchange/zip_writer.h"

namespace dragoman {
namespace {

// The settings inside marian/model.npz, all 55 that Marian 1.12.42 writes, with some changed or added.
MarianSettings settings_with(const std::map<std::string, std::string>& changes) {
  static const auto original = [] {
    const std::string path = std::string(DRAGOMAN_TEST_DIR) + "/exchange/marian/model.npz";
    const MappedFile bytes(path);
    const NpzFile file(bytes.bytes(), path);
    return marian_settings(file.arrays(), path);
  }();
  std::string text;
  for (const auto& key : original.keys()) {
    if (changes.count(key) > 0) continue;
    text += key + ": [";
    for (const auto& value : original.list(key)) text += "\"" + value + "\", ";
    text += "]\n";
  }
  for (const auto& [key, value] : changes) text += key + ": " + value + "\n";
  return MarianSettings::parse(text, "model.yml");
}

MarianShape shape_with(const std::map<std::string, std::string>& changes, int64_t source = 24,
                       int64_t target = 24, bool same = true) {
  return marian_shape(settings_with(changes), source, target, same);
}

std::string refusal(const std::map<std::string, std::string>& changes) {
  return refusal_of<ModelError>([&] { shape_with(changes); });
}

TEST(MarianSettings, AllSettingsOfAModelThatMarianWroteAreKnown) {
  const MarianShape shape = shape_with({});
  EXPECT_EQ(unknown_marian_settings(settings_with({})), std::vector<std::string>());
  EXPECT_EQ(shape.options.d_model, 4);
  EXPECT_EQ(shape.options.encoder_ffn_dim, 6);
  EXPECT_EQ(shape.options.decoder_ffn_dim, 6);
  EXPECT_EQ(shape.options.encoder_attention_heads, 2);
  EXPECT_EQ(shape.options.activation_function, ActivationFunction::kSwish);
  EXPECT_EQ(shape.options.norm, Norm::kPost);
  EXPECT_EQ(shape.options.vocab_size, 25);
  EXPECT_EQ(shape.options.pad_token_id, 24);
  EXPECT_TRUE(shape.options.share_encoder_decoder_embeddings && shape.options.tie_word_embeddings);
  EXPECT_EQ(marian_vocabulary_size(settings_with({}), 1), 24);
}

// Each setting that Marian writes, with another value. Those that leave no trace in the tensors are among
// them.
TEST(MarianSettings, EverySettingIsExpressedOrRefusedByNameOrWithoutEffect) {
  const std::map<std::string, std::string> expressed = {{"dim-emb", "8"},
                                                        {"dec-depth", "3"},
                                                        {"enc-depth", "3"},
                                                        {"transformer-heads", "4"},
                                                        {"transformer-dim-ffn", "12"},
                                                        {"transformer-decoder-dim-ffn", "12"},
                                                        {"transformer-ffn-activation", "gelu"},
                                                        {"transformer-tied-layers", "[1]"},
                                                        {"transformer-no-projection", "true"},
                                                        {"tied-embeddings-all", "false"},
                                                        {"output-omit-bias", "true"},
                                                        {"dim-vocabs", "[25, 25]"},
                                                        {"tied-embeddings", "true"},
                                                        {"tied-embeddings-src", "true"}};
  const std::map<std::string, std::string> refused = {{"type", "s2s"},
                                                      {"transformer-ffn-depth", "3"},
                                                      {"transformer-decoder-ffn-depth", "1"},
                                                      {"transformer-preprocess", "h"},
                                                      {"transformer-postprocess", "da"},
                                                      {"transformer-postprocess-top", "n"},
                                                      {"transformer-postprocess-emb", "nd"},
                                                      {"input-types", "[sequence, class]"},
                                                      {"transformer-decoder-autoreg", "average-attention"},
                                                      {"transformer-disable-position-embeddings", "true"},
                                                      {"transformer-attention-mask", "alibi"},
                                                      {"transformer-alibi-shift", "true"},
                                                      {"transformer-alibi-trainable", "true"},
                                                      {"transformer-pool", "true"},
                                                      {"right-left", "true"},
                                                      {"ulr", "true"},
                                                      {"lemma-dim-emb", "8"},
                                                      {"lemma-dependency", "re-embedding"},
                                                      {"factors-combine", "concat"},
                                                      {"factors-dim-emb", "8"}};
  const std::map<std::string, std::string> without_effect = {
      {"dim-rnn", "8"},
      {"enc-cell", "lstm"},
      {"enc-type", "alternating"},
      {"enc-cell-depth", "3"},
      {"dec-cell", "ssru"},
      {"dec-cell-base-depth", "3"},
      {"dec-cell-high-depth", "3"},
      {"skip", "true"},
      {"layer-normalization", "true"},
      {"transformer-rnn-projection", "true"},
      {"transformer-dim-aan", "8"},
      {"transformer-aan-depth", "3"},
      {"transformer-aan-activation", "relu"},
      {"transformer-aan-nogate", "true"},
      {"transformer-guided-alignment-layer", "1"},
      {"transformer-train-position-embeddings", "true"},
      {"transformer-no-bias", "true"},
      {"transformer-no-affine", "true"},
      {"bert-train-type-embeddings", "false"},
      {"bert-type-vocab-size", "3"},
      {"ulr-trainable-transformation", "true"},
      {"ulr-dim-emb", "8"},
      {"separator-symbol", "x"},
      {"version", "v9"}};
  for (const auto& [key, value] : expressed) EXPECT_NO_THROW(shape_with({{key, value}})) << key;
  for (const auto& [key, value] : without_effect) EXPECT_NO_THROW(shape_with({{key, value}})) << key;
  for (const auto& [key, value] : refused) {
    const std::string message = refusal({{key, value}});
    EXPECT_NE(message.find("model.yml: " + key + "] expected "), std::string::npos) << message;
  }
  for (const auto& key : settings_with({}).keys())
    EXPECT_EQ(expressed.count(key) + refused.count(key) + without_effect.count(key), 1u) << key;
}

TEST(MarianSettings, UnknownSettingsAreNamed) {
  EXPECT_EQ(unknown_marian_settings(settings_with({{"transformer-rotary", "true"}, {"zz", "1"}})),
            (std::vector<std::string>{"transformer-rotary", "zz"}));
}

TEST(MarianSettings, ActivationsKeepMariansNames) {
  for (const char* name : {"swish", "relu", "gelu"})
    EXPECT_EQ(shape_with({{"transformer-ffn-activation", name}}).options.activation_function,
              choice_of<ActivationFunction>(name));
  EXPECT_NE(refusal({{"transformer-ffn-activation", "sigmoid"}})
                .find("expected swish, relu or gelu, got 'sigmoid'"),
            std::string::npos);
}

TEST(MarianSettings, TheOperationsAroundALayerAreThoseOfPostNormOrPreNorm) {
  const auto norm = [](const char* before, const char* after, const char* top, const char* embedding) {
    return shape_with({{"transformer-preprocess", before},
                       {"transformer-postprocess", after},
                       {"transformer-postprocess-top", top},
                       {"transformer-postprocess-emb", embedding}})
        .options.norm;
  };
  EXPECT_EQ(norm("\"\"", "dan", "\"\"", "d"), Norm::kPost);
  EXPECT_EQ(norm("d", "an", "d", "\"\""), Norm::kPost);
  EXPECT_EQ(norm("n", "da", "n", "d"), Norm::kPre);
  EXPECT_EQ(norm("dn", "a", "dn", "d"), Norm::kPre);
  for (const auto& [before, after, top, embedding] : {std::tuple{"n", "dan", "n", "d"},
                                                      {"n", "da", "\"\"", "d"},
                                                      {"\"\"", "dan", "n", "d"},
                                                      {"\"\"", "da", "\"\"", "d"},
                                                      {"\"\"", "dna", "\"\"", "d"},
                                                      {"\"\"", "dar", "\"\"", "d"},
                                                      {"\"\"", "dhn", "\"\"", "d"},
                                                      {"n", "da", "na", "d"},
                                                      {"nn", "da", "n", "d"},
                                                      {"\"\"", "dan", "\"\"", "n"}})
    EXPECT_THROW(norm(before, after, top, embedding), ModelError) << before << ' ' << after << ' ' << top;
}

TEST(MarianSettings, TiedLayersNameTheirTensors) {
  EXPECT_EQ(shape_with({{"dec-depth", "3"}}).decoder_layers, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(shape_with({{"dec-depth", "3"}, {"transformer-tied-layers", "[1, 1, 2]"}}).decoder_layers,
            (std::vector<int64_t>{1, 1, 2}));
  for (const char* wrong : {"[1, 1]", "[1, 1, 4]", "[0, 1, 2]", "[a, 1, 2]"}) {
    const std::string message = refusal({{"dec-depth", "3"}, {"transformer-tied-layers", wrong}});
    EXPECT_NE(message.find("transformer-tied-layers] expected"), std::string::npos) << message;
  }
}

TEST(MarianSettings, TheSmallerVocabularyIsPadded) {
  const MarianShape shape = shape_with({{"tied-embeddings-all", "false"}}, 20, 30, false);
  EXPECT_EQ(shape.options.vocab_size, 31);
  EXPECT_EQ(shape.options.decoder_vocab_size, 31);
  EXPECT_EQ(shape.options.pad_token_id, 30);
  EXPECT_FALSE(shape.one_embedding || shape.options.share_encoder_decoder_embeddings);
  const std::string message = refusal_of<ModelError>([] { shape_with({}, 20, 30, false); });
  EXPECT_NE(message.find("tied-embeddings-all] expected vocabularies of one size, got 20 and 30"),
            std::string::npos)
      << message;
}

TEST(MarianSettings, OneMatrixForTwoVocabulariesIsWrittenTwice) {
  const MarianShape shape = shape_with({}, 24, 24, false);
  EXPECT_TRUE(shape.one_embedding && shape.options.tie_word_embeddings);
  EXPECT_FALSE(shape.options.share_encoder_decoder_embeddings);
}

}  // namespace
}  // namespace dragoman
