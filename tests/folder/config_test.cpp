#include "folder/config.h"

#include <gtest/gtest.h>

#include "core/files.h"
#include "folder/generation_config.h"

namespace dragoman {
namespace {

using nlohmann::json;

ModelOptions unusual() {
  ModelOptions o;
  o.vocab_size = 30, o.decoder_vocab_size = 40, o.pad_token_id = 39;
  o.d_model = 24, o.encoder_layers = 3, o.decoder_layers = 2;
  o.encoder_attention_heads = 2, o.decoder_attention_heads = 3;
  o.encoder_ffn_dim = 50, o.decoder_ffn_dim = 60, o.activation_function = ActivationFunction::kSilu;
  o.dropout = 0.25, o.attention_dropout = 0.125, o.activation_dropout = 0.5, o.norm = Norm::kPre;
  o.share_encoder_decoder_embeddings = false, o.tie_word_embeddings = false, o.scale_embedding = false;
  return o;
}

json config_of(const ModelOptions& options) {
  return json::parse(model_config_text(options));
}

// All settings; the three that users do not set come first.
std::string settings(ModelOptions o) {
  return std::to_string(o.vocab_size) + " " + std::to_string(o.decoder_vocab_size) + " " +
         std::to_string(o.pad_token_id) + to_json(o.describe()).dump();
}

std::string refusal(const json& config) {
  try {
    parse_model_config(config, "config.json");
  } catch (const ModelError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(ModelConfig, WhatIsWrittenIsReadAgain) {
  ModelOptions usual = model_preset("tiny");
  usual.vocab_size = usual.decoder_vocab_size = 100, usual.pad_token_id = 99;
  for (const auto& options : {usual, unusual()}) {
    EXPECT_EQ(settings(parse_model_config(config_of(options), "f")), settings(options));
  }
}

TEST(ModelConfig, TheTextIsMarianConfigsOnlyWhenMarianCanOpenIt) {
  ModelOptions options = unusual();
  EXPECT_EQ(config_of(options)["model_type"], "dragoman");
  EXPECT_NE(options.not_exportable_because(), "");
  options.norm = Norm::kPost;
  const json config = config_of(options);
  EXPECT_EQ(config["model_type"], "marian");
  EXPECT_EQ(config["architectures"], json({"MarianMTModel"}));
  EXPECT_EQ(config["decoder_start_token_id"], 39);
  EXPECT_EQ(config["eos_token_id"], 0);
  ASSERT_TRUE(config.contains("forced_eos_token_id"));  // MarianConfig's own default is 0
  EXPECT_TRUE(config["forced_eos_token_id"].is_null());
  EXPECT_TRUE(config["is_encoder_decoder"]);
}

TEST(ModelConfig, KeysThatMustBeThereAreNamedWhenTheyAreNot) {
  for (const char* key :
       {"vocab_size", "pad_token_id", "d_model", "encoder_layers", "decoder_layers",
        "encoder_attention_heads", "decoder_attention_heads", "encoder_ffn_dim", "decoder_ffn_dim"}) {
    json config = config_of(unusual());
    config.erase(key);
    EXPECT_EQ(refusal(config), "[config.json: " + std::string(key) + "] expected this key, got none");
    config[key] = nullptr;
    EXPECT_EQ(refusal(config), "[config.json: " + std::string(key) + "] expected this key, got none");
  }
  json config = config_of(unusual());
  config.erase("model_type");
  EXPECT_EQ(refusal(config), "[config.json: model_type] expected marian or dragoman, got ''");
}

TEST(ModelConfig, AbsentKeysMeanWhatMarianConfigMeansByTheirAbsence) {
  json config = config_of(unusual());
  config["decoder_vocab_size"] = config["vocab_size"] = 40;
  for (const char* key :
       {"scale_embedding", "share_encoder_decoder_embeddings", "tie_word_embeddings", "activation_function",
        "decoder_vocab_size", "normalize_before", "dropout", "attention_dropout", "activation_dropout"}) {
    config.erase(key);
  }
  const ModelOptions options = parse_model_config(config, "f");
  EXPECT_FALSE(options.scale_embedding);
  EXPECT_TRUE(options.share_encoder_decoder_embeddings);
  EXPECT_TRUE(options.tie_word_embeddings);
  EXPECT_EQ(options.activation_function, ActivationFunction::kGelu);
  EXPECT_EQ(options.decoder_vocab_size, 40);
  EXPECT_EQ(options.norm, Norm::kPost);
  EXPECT_EQ(options.dropout, 0.1);
  EXPECT_EQ(options.attention_dropout, 0);
}

TEST(ModelConfig, UnknownKeysOfOtherProgramsAreIgnored) {
  json config = config_of(unusual());
  config["_name_or_path"] = "x", config["transformers_version"] = "5", config["num_beams"] = 6,
  config["weird"] = json::array({1});
  EXPECT_EQ(settings(parse_model_config(config, "f")), settings(unusual()));
}

TEST(ModelConfig, EachBadValueIsRefusedNamingItsKey) {
  const std::pair<const char*, json> bad[] = {{"vocab_size", 2},
                                              {"vocab_size", "30"},
                                              {"vocab_size", 30.0},
                                              {"vocab_size", 1 << 25},
                                              {"vocab_size", -1},
                                              {"vocab_size", UINT64_MAX},
                                              {"decoder_vocab_size", 2},
                                              {"pad_token_id", -1},
                                              {"d_model", 0},
                                              {"d_model", 1 << 17},
                                              {"encoder_layers", 0},
                                              {"decoder_layers", 1025},
                                              {"decoder_layers", true},
                                              {"encoder_ffn_dim", 0},
                                              {"decoder_ffn_dim", 1 << 17},
                                              {"encoder_attention_heads", 0},
                                              {"dropout", 1},
                                              {"dropout", -0.1},
                                              {"dropout", "0.1"},
                                              {"attention_dropout", 1.5},
                                              {"activation_dropout", 2},
                                              {"activation_function", 1},
                                              {"activation_function", "tanh"},
                                              {"scale_embedding", 1},
                                              {"tie_word_embeddings", "yes"},
                                              {"normalize_before", 0},
                                              {"normalize_embedding", true},
                                              {"add_final_layer_norm", true},
                                              {"add_bias_logits", true},
                                              {"static_position_embeddings", false},
                                              {"model_type", "bart"},
                                              {"model_type", 1}};
  for (const auto& [key, value] : bad) {
    json config = config_of(unusual());
    config[key] = value;
    EXPECT_EQ(refusal(config).rfind("[config.json: " + std::string(key) + "] expected ", 0), 0u)
        << key << " " << value << ": " << refusal(config);
  }
  EXPECT_EQ(refusal(json::array()), "[config.json] expected a JSON object, got array");
}

TEST(ModelConfig, MembersThatDoNotFitTogetherAreRefused) {
  const auto changed = [](const std::vector<std::pair<const char*, json>>& changes) {
    json config = config_of(unusual());
    for (const auto& [key, value] : changes) config[key] = value;
    return refusal(config);
  };
  EXPECT_EQ(changed({{"encoder_attention_heads", 5}}),
            "[config.json] expected encoder_attention_heads that divide d_model 24, got 5");
  EXPECT_EQ(changed({{"decoder_attention_heads", 7}}),
            "[config.json] expected decoder_attention_heads that divide d_model 24, got 7");
  EXPECT_EQ(changed({{"d_model", 9}, {"encoder_attention_heads", 3}}),
            "[config.json] expected an even d_model (half sine, half cosine), got 9");
  EXPECT_EQ(changed({{"share_encoder_decoder_embeddings", true}}),
            "[config.json] expected one vocabulary size for shared embeddings, got 30 and 40");
  EXPECT_EQ(changed({{"pad_token_id", 40}}),
            "[config.json] expected a pad_token_id inside the vocabulary, got 40");
  EXPECT_NE(changed({{"d_model", 65536}, {"encoder_layers", 1024}, {"decoder_attention_heads", 2}})
                .find("fewer than 2^40"),
            std::string::npos);
  EXPECT_EQ(changed({{"model_type", "marian"}}),
            "[config.json: normalize_before] expected false for model_type marian, got true");
}

TEST(ModelConfig, AFolderWithoutItsConfigIsAModelErrorThatNamesTheFile) {
  const TemporaryFolder folder;
  EXPECT_THROW(read_model_config(folder.path("")), ModelError);
  folder.write("config.json", model_config_text(unusual()));
  EXPECT_EQ(settings(read_model_config(folder.path(""))), settings(unusual()));
}

TEST(GenerationConfig, WhatIsWrittenIsReadAgain) {
  const TemporaryFolder folder;
  GenerationDefaults written;
  written.num_beams = 7, written.max_length = 99;
  folder.write("generation_config.json", generation_config_text(unusual(), written));
  const GenerationDefaults read = read_generation_config(folder.path(""));
  EXPECT_EQ(read.num_beams, 7);
  EXPECT_EQ(read.max_length, 99);
  EXPECT_EQ(read.decoder_start_token_id, 39);
  EXPECT_EQ(read.eos_token_ids, std::vector<int64_t>{0});
  EXPECT_EQ(read.forbidden_tokens, std::vector<int64_t>{39});
  const json text = json::parse(generation_config_text(unusual(), written));
  EXPECT_EQ(text["renormalize_logits"], true);
  ASSERT_TRUE(text.contains("forced_eos_token_id"));
  EXPECT_TRUE(text["forced_eos_token_id"].is_null());
}

TEST(GenerationConfig, ItsOwnFileWinsOverConfigJsonAndBothMayBeAbsent) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_generation_config(folder.path("")).num_beams, std::nullopt);
  folder.write("config.json", R"({"num_beams": 6, "max_length": 60, "bad_words_ids": [[5], [1, 2], [6]]})");
  EXPECT_EQ(read_generation_config(folder.path("")).num_beams, 6);
  EXPECT_EQ(read_generation_config(folder.path("")).forbidden_tokens, (std::vector<int64_t>{5, 6}));
  EXPECT_EQ(read_generation_config(folder.path("")).forbidden_groups,
            (std::vector<std::vector<int64_t>>{{1, 2}}));
  folder.write("generation_config.json",
               R"({"num_beams": 2, "bad_words_ids": null, "eos_token_id": [0, 4]})");
  const GenerationDefaults own = read_generation_config(folder.path(""));
  EXPECT_EQ(own.num_beams, 2);
  EXPECT_EQ(own.max_length, std::nullopt);  // config.json's keys count only where its own file is absent
  EXPECT_TRUE(own.forbidden_tokens.empty());
  EXPECT_EQ(own.eos_token_ids, (std::vector<int64_t>{0, 4}));
  EXPECT_EQ(own.file, "generation_config.json");
}

TEST(GenerationConfig, EveryKeyIsWrittenAndReadAgain) {
  GenerationDefaults all;
  all.num_beams = 7, all.max_length = 99, all.min_length = 3, all.max_new_tokens = 50, all.min_new_tokens = 2;
  all.length_penalty = 0.5, all.repetition_penalty = 1.5, all.word_penalty = 0.25;
  all.no_repeat_ngram_size = 3, all.encoder_no_repeat_ngram_size = 4,
  all.early_stopping = EarlyStopping::kNever;
  all.do_sample = true, all.renormalize_logits = false, all.temperature = 0.5, all.top_p = 0.75,
  all.top_k = 9;
  all.forced_bos_token_id = 8, all.forced_eos_token_ids = {0, 5}, all.suppress_tokens = {1};
  all.begin_suppress_tokens = {2, 3}, all.forbidden_tokens = {39, 6}, all.forbidden_groups = {{1, 2}};
  all.eos_token_ids = {0, 4};
  const std::string text = generation_config_text(unusual(), all);
  const TemporaryFolder folder;
  folder.write("generation_config.json", text);
  EXPECT_EQ(generation_config_text(unusual(), read_generation_config(folder.path(""))), text);
  const json written = json::parse(text);
  EXPECT_EQ(written["early_stopping"], "never");
  EXPECT_EQ(written["dragoman_word_penalty"], 0.25);
  EXPECT_EQ(written["bad_words_ids"], json::parse("[[39], [6], [1, 2]]"));
  EXPECT_EQ(written["eos_token_id"], json::parse("[0, 4]"));
}

TEST(GenerationConfig, TheTokenThatStartsTheDecoderCountsInMaxLengthAndNotInMaxNewTokens) {
  EXPECT_EQ(GenerationDefaults{}.most_tokens(), 511);
  EXPECT_EQ(GenerationDefaults{.max_length = 6}.most_tokens(), 5);
  EXPECT_EQ((GenerationDefaults{.max_length = 6, .max_new_tokens = 9}.most_tokens()), 9);
}

TEST(GenerationConfig, WhatIsNotSupportedIsNotedUnlessItsValueDoesNothing) {
  const auto noted = [](const char* text) {
    GenerationDefaults defaults;
    parse_generation_config(json::parse(text), "f", defaults);
    std::string keys;
    for (const auto& [key, value, of_sampling] : defaults.unsupported)
      keys += key + "=" + value + (of_sampling ? " (sampling) " : " ");
    return keys;
  };
  EXPECT_EQ(
      noted(R"({"num_beam_groups": 1, "diversity_penalty": 0.0, "guidance_scale": null, "max_time": null,
                      "typical_p": 1, "force_words_ids": [], "unknown_key": 3})"),
      "");
  EXPECT_EQ(noted(R"({"num_beam_groups": 2, "typical_p": 0.2})"),
            "num_beam_groups=2 typical_p=0.2 (sampling) ");
  EXPECT_EQ(noted(R"({"num_beams": 2, "do_sample": true})"), "num_beams=2 with do_sample (sampling) ");
}

TEST(GenerationConfig, EachBadValueIsRefusedNamingFileAndKey) {
  const TemporaryFolder folder;
  const std::pair<const char*, const char*> bad[] = {
      {"num_beams", "0"},        {"num_beams", "5000"},        {"max_length", "0"},
      {"max_length", "\"9\""},   {"eos_token_id", "-1"},       {"decoder_start_token_id", "-1"},
      {"bad_words_ids", "5"},    {"bad_words_ids", "[5]"},     {"bad_words_ids", "[[-5]]"},
      {"length_penalty", "11"},  {"repetition_penalty", "0"},  {"early_stopping", "\"no\""},
      {"do_sample", "1"},        {"suppress_tokens", "[-1]"},  {"max_new_tokens", "0"},
      {"bad_words_ids", "[[]]"}, {"bad_words_ids", "[[1.5]]"}, {"bad_words_ids", "[[18446744073709551615]]"}};
  for (const auto& [key, value] : bad) {
    const std::string path =
        folder.write("generation_config.json", "{\"" + std::string(key) + "\": " + value + "}");
    try {
      read_generation_config(folder.path(""));
      ADD_FAILURE() << key << " " << value;
    } catch (const ModelError& error) {
      EXPECT_EQ(std::string(error.what()).rfind("[" + path + ": " + key + "] expected ", 0), 0u)
          << error.what();
    }
  }
}

TEST(ModelPresets, AreThePapersShapesWhereItNamesThem) {
  const ModelOptions base = model_preset("base"), big = model_preset("big");  // Vaswani et al. 2017, table 3
  EXPECT_EQ(base.d_model, 512);
  EXPECT_EQ(base.encoder_ffn_dim, 2048);
  EXPECT_EQ(base.decoder_attention_heads, 8);
  EXPECT_EQ(base.dropout, 0.1);
  EXPECT_EQ(big.d_model, 1024);
  EXPECT_EQ(big.decoder_ffn_dim, 4096);
  EXPECT_EQ(big.encoder_attention_heads, 16);
  EXPECT_EQ(big.dropout, 0.3);
  const ModelOptions characters = model_preset("characters");  // Wu, Cotterell and Hulden 2021
  EXPECT_EQ(characters.encoder_layers, 4);
  EXPECT_EQ(characters.decoder_layers, 4);
  EXPECT_EQ(characters.d_model, 256);
  EXPECT_EQ(characters.encoder_ffn_dim, 1024);
  EXPECT_EQ(characters.decoder_attention_heads, 4);
  EXPECT_EQ(characters.dropout, 0.3);
  for (const auto& name : model_presets()) {
    ModelOptions options = model_preset(name);
    options.vocab_size = options.decoder_vocab_size = 8000, options.pad_token_id = 7999;
    EXPECT_NO_THROW(check_model_options(options, "preset", ErrorKind::kUsage)) << name;
  }
  EXPECT_THROW(model_preset("huge"), UsageError);
}

}  // namespace
}  // namespace dragoman
