#include "exchange/import.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "core/manifest.h"
#include "core/safetensors.h"
#include "decoding/model_files.h"
#include "model/position_table.h"
#include "model/weight_names.h"
#include "tests/exchange/stream_writer.h"
#include "tokenizer/trainer.h"

namespace dragoman {
namespace {

const std::string& spm() {
  static const std::string model = [] {
    int line = 0;
    const auto next = [&](std::string& text) {
      text = "ba ke lo mi nu " + std::to_string(line);
      return ++line < 50;
    };
    TokenizerOptions options;
    options.vocab_size = 30;
    return train_tokenizer(next, options, "test").model;
  }();
  return model;
}

ModelOptions shape() {
  ModelOptions o;
  o.vocab_size = o.decoder_vocab_size = vocabulary_of(spm(), "test").size();
  o.pad_token_id = o.vocab_size - 1;
  o.d_model = 4, o.encoder_layers = o.decoder_layers = 1;
  o.encoder_attention_heads = o.decoder_attention_heads = 2;
  o.encoder_ffn_dim = o.decoder_ffn_dim = 6;
  o.max_position_embeddings = 3;
  return o;
}

int64_t count_of(const std::vector<int64_t>& sizes) {
  int64_t count = 1;
  for (const int64_t size : sizes) count *= size;
  return count;
}

// Other numbers for each name.
std::string numbers_of(const std::string& name, int64_t count) {
  std::string bytes;
  for (int64_t i = 0; i < count; ++i) {
    const float number = static_cast<float>(i) + static_cast<float>(name.size()) / 64;
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
  }
  return bytes;
}

struct Torch {
  std::vector<StreamTensorToWrite> tensors;
  std::vector<std::pair<std::string, std::string>> storages;

  void add(const std::string& name, const std::vector<int64_t>& sizes, const std::string& bytes) {
    std::vector<int64_t> strides(sizes.size(), 1);
    for (size_t i = sizes.size(); i-- > 1;) strides[i - 1] = strides[i] * sizes[i];
    const std::string key = std::to_string(storages.size());
    tensors.push_back(
        {.name = name, .key = key, .count = count_of(sizes), .shape = sizes, .strides = strides});
    storages.emplace_back(key, bytes);
  }
  std::string file() const { return torch_archive(tensors_stream(tensors), storages); }
};

Torch torch_model(const ModelOptions& options, const std::string& without = "") {
  Torch torch;
  for (const auto& name : weight_names(options)) {
    if (name.file != without) torch.add(name.file, name.shape, numbers_of(name.file, count_of(name.shape)));
  }
  return torch;
}

// A folder of Hugging Face with this pytorch_model.bin. Returns its path.
std::string torch_folder(const TemporaryFolder& folder, const std::string& content,
                         const ModelOptions& options) {
  const std::string path = folder.path("hf");
  make_folder(path);
  const Vocabulary vocabulary = vocabulary_of(spm(), "test");
  write_model_settings(path, options, {}, spm(), spm(), vocabulary, vocabulary);
  write_file_atomically(join_path(path, "pytorch_model.bin"), content);
  return path;
}

void unchecked(const std::string&) {}

std::string import_refusal(const TemporaryFolder& folder, const std::string& content,
                           const ModelOptions& options) {
  const std::string path = torch_folder(folder, content, options);
  const std::string message =
      refusal_of<Error>([&] { import_model({.path = path, .model = folder.path("new")}, unchecked); });
  EXPECT_FALSE(file_exists(folder.path("new")));
  EXPECT_FALSE(file_exists(folder.path("new.importing")));
  return message;
}
#define EXPECT_REFUSED(message, why)                    \
  {                                                     \
    const std::string got = message;                    \
    EXPECT_NE(got.find(why), std::string::npos) << got; \
  }

TEST(Import, WeightsOfABinAreThoseOfTheNewFolder) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape()).file(), shape());
  const ImportReport report = import_model({.path = path, .model = folder.path("new/")}, unchecked);
  const auto names = weight_names(shape());
  EXPECT_EQ(report.tensors, static_cast<int64_t>(names.size()));
  EXPECT_EQ(report.absent, (std::vector<std::string>{kPositionNames[0], kPositionNames[1]}));
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  EXPECT_EQ(file.header().tensors.size(), names.size());
  int64_t numbers = 0;
  for (const auto& name : names) {
    const TensorEntry& entry = file.header().tensors.at(name.file);
    EXPECT_EQ(entry.shape, name.shape);
    EXPECT_EQ(file.bytes(entry), numbers_of(name.file, count_of(name.shape))) << name.file;
    numbers += count_of(name.shape);
  }
  EXPECT_EQ(report.numbers, numbers);
  check_manifest(folder.path("new"));
  EXPECT_TRUE(file_exists(folder.path("new/manifest.json")));
  EXPECT_EQ(read_file(folder.path("new/vocab.json"), ErrorKind::kData),
            read_file(join_path(path, "vocab.json"), ErrorKind::kData));
}

TEST(Import, TheChecksumIsOfTheWeightsAndNotOfTheirFile) {
  const TemporaryFolder folder;
  Torch torch = torch_model(shape());
  const std::string path = torch_folder(folder, torch.file(), shape());
  const auto checksum = [&](const std::string& name) {
    return import_model({.path = path, .model = folder.path(name)}, unchecked).checksum;
  };
  const std::string first = checksum("a");
  EXPECT_EQ(first.size(), 32u);
  std::swap(torch.tensors[0], torch.tensors[5]);
  write_file_atomically(join_path(path, "pytorch_model.bin"), torch.file());
  EXPECT_EQ(checksum("b"), first);
  torch.storages[3].second[2] ^= 1;
  write_file_atomically(join_path(path, "pytorch_model.bin"), torch.file());
  EXPECT_NE(checksum("c"), first);
}

TEST(Import, AMissingBiasIsZeroAndTold) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape(), "final_logits_bias").file(), shape());
  const ImportReport report = import_model({.path = path, .model = folder.path("new")}, unchecked);
  EXPECT_NE(report.line().find("absent: final_logits_bias, model.encoder.embed_positions.weight"),
            std::string::npos)
      << report.line();
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  EXPECT_EQ(file.bytes(file.header().tensors.at("final_logits_bias")),
            std::string(static_cast<size_t>(4 * shape().vocab_size), '\0'));
}

TEST(Import, TiedTensorsAreTakenUnderAnyOfTheirNamesAndWrittenOnce) {
  const TemporaryFolder folder;
  Torch torch = torch_model(shape(), "model.shared.weight");
  const std::vector<int64_t> sizes = {shape().vocab_size, 4};
  torch.add("lm_head.weight", sizes, numbers_of("head", count_of(sizes)));
  torch.add("model.decoder.embed_tokens.weight", sizes, numbers_of("decoder", count_of(sizes)));
  const std::string path = torch_folder(folder, torch.file(), shape());
  import_model({.path = path, .model = folder.path("new")}, unchecked);
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  EXPECT_EQ(file.bytes(file.header().tensors.at("model.shared.weight")),
            numbers_of("decoder", count_of(sizes)));
  EXPECT_EQ(file.header().tensors.count("lm_head.weight"), 0u);
}

TEST(Import, MissingMisshapenUnknownAndInfiniteTensorsAreRefusedAndNothingIsLeft) {
  const TemporaryFolder folder;
  const std::string key = "model.encoder.layers.0.fc1.weight";
  EXPECT_REFUSED(import_refusal(folder, torch_model(shape(), key).file(), shape()),
                 "pytorch_model.bin: " + key + "] required this tensor");
  Torch more = torch_model(shape());
  more.add("model.encoder.layers.1.fc1.bias", {2}, "12345678");
  EXPECT_REFUSED(import_refusal(folder, more.file(), shape()),
                 "layers.1.fc1.bias] required only tensors of this model");
  Torch misshapen = torch_model(shape(), key);
  misshapen.add(key, {4, 6}, numbers_of(key, 24));
  EXPECT_REFUSED(import_refusal(folder, misshapen.file(), shape()),
                 "required shape [6,4] (settings), got [4,6]");
  Torch infinite = torch_model(shape(), key);
  infinite.add(key, {6, 4}, numbers_of(key, 23) + std::string("\0\0\x80\x7f", 4));
  EXPECT_REFUSED(import_refusal(folder, infinite.file(), shape()), "finite weights");
}

TEST(Import, AFolderThatIsThereIsNeverOverwritten) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape()).file(), shape());
  make_folder(folder.path("new"));
  folder.write("new/notes", "mine");
  EXPECT_REFUSED(
      refusal_of<UsageError>([&] { import_model({.path = path, .model = folder.path("new")}, unchecked); }),
      "required a new folder");
  EXPECT_EQ(read_file(folder.path("new/notes"), ErrorKind::kData), "mine");
  EXPECT_REFUSED(refusal_of<UsageError>([&] { import_model({.path = path}, unchecked); }), "--model");
  EXPECT_REFUSED(
      refusal_of<ModelError>([&] { import_model({.path = "none", .model = folder.path("b")}, unchecked); }),
      "got nothing there");
}

TEST(Import, WhatTheCheckThrowsLeavesNothing) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape()).file(), shape());
  const auto check = [](const std::string& made) { throw ModelError(made, "no"); };
  EXPECT_THROW(import_model({.path = path, .model = folder.path("new")}, check), ModelError);
  EXPECT_FALSE(file_exists(folder.path("new")));
  EXPECT_FALSE(file_exists(folder.path("new.importing")));
}

// ---- Marian

std::string npy_of(const std::string& type, const std::vector<int64_t>& sizes, const std::string& bytes) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (";
  for (const int64_t size : sizes) text += std::to_string(size) + ", ";
  text += "), }\n";
  return "\x93NUMPY" + std::string("\1\0", 2) + little(text.size(), 2) + text + bytes;
}

struct Marian {
  std::string settings =
      "dec-depth: 1\ndim-emb: 4\ndim-vocabs:\n  - 9\n  - 9\nenc-depth: 1\ntied-embeddings-all: true\n"
      "transformer-dim-ffn: 6\ntransformer-ffn-activation: relu\ntransformer-heads: 2\ntype: transformer\n";
  std::map<std::string, std::pair<std::vector<int64_t>, std::string>> arrays;

  Marian() {
    const int64_t pieces = shape().vocab_size - 1;
    add("Wemb", {pieces, 4});
    add("decoder_ff_logit_out_b", {1, pieces});
    for (const char* side : {"encoder_l1_", "decoder_l1_"}) {
      const std::string layer = side;
      for (const char* kind : {"self", "context"}) {
        if (layer[0] == 'e' && kind[0] == 'c') continue;
        for (const char* part : {"q", "k", "v", "o"}) {
          add(layer + kind + "_W" + part, {4, 4});
          add(layer + kind + "_b" + part, {1, 4});
        }
        add(layer + kind + "_Wo_ln_scale", {1, 4});
        add(layer + kind + "_Wo_ln_bias", {1, 4});
      }
      add(layer + "ffn_W1", {4, 6}), add(layer + "ffn_b1", {1, 6});
      add(layer + "ffn_W2", {6, 4}), add(layer + "ffn_b2", {1, 4});
      add(layer + "ffn_ffn_ln_scale", {1, 4}), add(layer + "ffn_ffn_ln_bias", {1, 4});
    }
  }
  void add(const std::string& name, const std::vector<int64_t>& sizes) {
    arrays[name] = {sizes, numbers_of(name, count_of(sizes))};
  }
  std::string file() const {
    std::vector<ZipMember> members;
    for (const auto& [name, array] : arrays)
      members.emplace_back(name + ".npy", npy_of("<f4", array.first, array.second), true);
    const std::string text = settings + std::string(1, '\0');
    members.emplace_back("special:model.yml.npy", npy_of("|i1", {static_cast<int64_t>(text.size())}, text));
    return zip_of(members);
  }
};

// model.npz and vocab.spm.
ImportOptions marian_options(const TemporaryFolder& folder, const Marian& marian) {
  return {.path = folder.write("model.npz", marian.file()),
          .model = folder.path("new"),
          .vocabularies = {folder.write("vocab.spm", spm())}};
}
std::string marian_refusal(const Marian& marian) {
  const TemporaryFolder folder;
  const ImportOptions options = marian_options(folder, marian);
  const std::string message = refusal_of<Error>([&] { import_model(options, unchecked); });
  EXPECT_FALSE(file_exists(folder.path("new")));
  return message;
}

TEST(Import, MatricesOfMarianAreTransposedAndThePadIsAddedAsZeros) {
  const TemporaryFolder folder;
  const Marian marian;
  const ImportReport report = import_model(marian_options(folder, marian), unchecked);
  EXPECT_EQ(report.absent, std::vector<std::string>());
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  const auto bytes = [&](const std::string& name) {
    return std::string(file.bytes(file.header().tensors.at(name)));
  };
  const std::string embedding = numbers_of("Wemb", 4 * (shape().vocab_size - 1));
  EXPECT_EQ(bytes("model.shared.weight"), embedding + std::string(16, '\0'));
  EXPECT_EQ(bytes("final_logits_bias"),
            numbers_of("decoder_ff_logit_out_b", shape().vocab_size - 1) + std::string(4, '\0'));
  EXPECT_EQ(bytes("model.decoder.layers.0.encoder_attn.out_proj.bias"),
            numbers_of("decoder_l1_context_bo", 4));
  EXPECT_EQ(bytes("model.encoder.layers.0.final_layer_norm.weight"),
            numbers_of("encoder_l1_ffn_ffn_ln_scale", 4));
  const std::string inner = numbers_of("encoder_l1_ffn_W1", 24),
                    turned = bytes("model.encoder.layers.0.fc1.weight");
  for (size_t in = 0; in < 4; ++in) {
    for (size_t out = 0; out < 6; ++out)
      EXPECT_EQ(turned.substr(4 * (out * 4 + in), 4), inner.substr(4 * (in * 6 + out), 4))
          << in << ' ' << out;
  }
  EXPECT_EQ(read_model_config(folder.path("new")).activation_function, "relu");
}

TEST(Import, PositionsAreMariansUnlessHuggingFacesAreAskedFor) {
  const TemporaryFolder folder;
  const Marian marian;
  ImportOptions options = marian_options(folder, marian);
  import_model(options, unchecked);
  options.model = folder.path("plain"), options.positions = "huggingface";
  import_model(options, unchecked);
  const SafetensorsFile file(folder.path("new/model.safetensors")),
      plain(folder.path("plain/model.safetensors"));
  EXPECT_EQ(plain.header().tensors.count(kPositionNames[0]), 0u);
  const TensorEntry& table = file.header().tensors.at(kPositionNames[1]);
  ASSERT_EQ(table.shape, (std::vector<int64_t>{512, 4}));
  float row[4];
  std::memcpy(row, file.bytes(table).data() + sizeof row, sizeof row);
  // Position 1: sin(1), sin(1/10000), cos(1), cos(1/10000); Hugging Face has sin(1/100) there.
  EXPECT_FLOAT_EQ(row[0], 0.84147098F);
  EXPECT_FLOAT_EQ(row[1], 1e-4F);
  EXPECT_FLOAT_EQ(row[2], 0.54030231F);
  EXPECT_FLOAT_EQ(row[3], 1.0F);
}

TEST(Import, ModelsOfMarianThatTheLayoutCannotExpressAreRefusedBySetting) {
  const std::pair<const char*, const char*> wrong[] = {
      {"type: s2s\n", "type] required transformer"},
      {"transformer-preprocess: n\n", "transformer-preprocess]"},
      {"transformer-postprocess: da\n", "transformer-postprocess]"},
      {"transformer-ffn-activation: gelu\n", "transformer-ffn-activation]"},
      {"transformer-train-position-embeddings: true\n", "position-embeddings]"},
      {"transformer-postprocess-emb: nd\n", "transformer-postprocess-emb]"},
      {"transformer-tied-layers: [1, 1]\n", "transformer-tied-layers]"},
      {"transformer-heads: 3\n", "heads that divide"}};
  for (const auto& [line, why] : wrong) {
    Marian marian;
    const std::string key = std::string(line).substr(0, std::string(line).find(':') + 1);
    const size_t place = marian.settings.find(key);
    if (place != std::string::npos)
      marian.settings.erase(place, marian.settings.find('\n', place) + 1 - place);
    marian.settings += line;
    EXPECT_REFUSED(marian_refusal(marian), why);
  }
  Marian positions;
  positions.add("Wpos", {512, 4});
  EXPECT_REFUSED(marian_refusal(positions), "Wpos] required only tensors of this model");
  Marian small;
  small.add("Wemb", {5, 4});
  EXPECT_REFUSED(marian_refusal(small), "Wemb] required shape");
  Marian less;
  less.arrays.erase("decoder_l1_context_Wq");
  EXPECT_REFUSED(marian_refusal(less), "decoder_l1_context_Wq] required this tensor for model.decoder");
}

TEST(Import, AFolderOfOpusIsReadByItsDecoderYml) {
  const TemporaryFolder folder;
  const Vocabulary pieces = vocabulary_of(spm(), "test");
  std::string yaml;
  for (int64_t id = 0; id + 1 < pieces.size(); ++id)
    yaml += nlohmann::json(pieces.piece(id)).dump() + ": " + std::to_string(id) + "\n";
  make_folder(folder.path("opus"));
  folder.write("opus/v.yml", yaml), folder.write("opus/source.spm", spm()),
      folder.write("opus/target.spm", spm());
  folder.write("opus/opus.npz", Marian().file());
  const ImportOptions options{.path = folder.path("opus"), .model = folder.path("new")};
  EXPECT_REFUSED(refusal_of<UsageError>([&] { import_model(options, unchecked); }), "--vocab");
  folder.write("opus/decoder.yml", "models:\n  - opus.npz\nvocabs:\n  - v.yml\n  - v.yml\nbeam-size: 6\n");
  import_model(options, unchecked);
  EXPECT_EQ(read_generation_config(folder.path("new")).num_beams, 6);
  EXPECT_EQ(TokenizerPair::load(folder.path("new")).source.vocabulary().piece(5), pieces.piece(5));
}

}  // namespace
}  // namespace dragoman
