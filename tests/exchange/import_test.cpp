#include "exchange/import.h"

#include <gtest/gtest.h>

#include <cstring>

#include "core/error.h"
#include "core/files.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/model_files.h"
#include "folder/position_table.h"
#include "folder/safetensors.h"
#include "folder/weight_names.h"
#include "tests/exchange/stream_writer.h"
#include "tests/support/opened_files.h"
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

// Different values for each name.
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

// Writes a Hugging Face folder with this pytorch_model.bin. Returns its path.
std::string torch_folder(const TemporaryFolder& folder, const std::string& content,
                         const ModelOptions& options) {
  const std::string path = folder.path("hf");
  make_folder(path);
  const Vocabulary vocabulary = vocabulary_of(spm(), "test");
  write_model_settings(path, options, {}, {spm(), spm(), vocabulary, vocabulary});
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
  EXPECT_FALSE(file_exists(folder.path("new.unfinished")));
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

TEST(Import, SettingsOfAFolderAreParsedOnce) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape()).file(), shape());
  remove_all(join_path(path, "generation_config.json"));  // config.json's keys stand in
  // Besides: files are examined twice, and copied.
  const OpenedFiles besides = opened_files(path, [&] {
    refuse_git_lfs_pointers(path), refuse_git_lfs_pointers(path);
    for (const auto& name : settings_file_names(path)) read_file(join_path(path, name), ErrorKind::kModel);
  });
  if (besides.empty()) GTEST_SKIP() << "inotify says nothing of " << path;
  OpenedFiles opened =
      opened_files(path, [&] { import_model({.path = path, .model = folder.path("new")}, unchecked); }) -
      besides;
  for (const char* name : {"config.json", "vocab.json", "source.spm", "target.spm"})
    EXPECT_EQ(opened[name], 1) << name;
}

TEST(Import, TheChecksumDependsOnTheWeightsAndNotOnTheirFile) {
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

TEST(Import, AMissingBiasIsZeroAndReported) {
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

TEST(Import, TiedTensorsAreReadUnderAnyOfTheirNamesAndWrittenOnce) {
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
                 "pytorch_model.bin: " + key + "] expected this tensor");
  Torch more = torch_model(shape());
  more.add("model.encoder.layers.1.fc1.bias", {2}, "12345678");
  EXPECT_REFUSED(import_refusal(folder, more.file(), shape()),
                 "layers.1.fc1.bias] expected only tensors of this model");
  Torch misshapen = torch_model(shape(), key);
  misshapen.add(key, {4, 6}, numbers_of(key, 24));
  EXPECT_REFUSED(import_refusal(folder, misshapen.file(), shape()),
                 "expected shape [6,4] (settings), got [4,6]");
  Torch infinite = torch_model(shape(), key);
  infinite.add(key, {6, 4}, numbers_of(key, 23) + std::string("\0\0\x80\x7f", 4));
  EXPECT_REFUSED(import_refusal(folder, infinite.file(), shape()), "finite weights");
}

TEST(Import, AnExistingFolderIsNeverOverwritten) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape()).file(), shape());
  make_folder(folder.path("new"));
  folder.write("new/notes", "mine");
  EXPECT_REFUSED(
      refusal_of<UsageError>([&] { import_model({.path = path, .model = folder.path("new")}, unchecked); }),
      "expected a new folder");
  EXPECT_EQ(read_file(folder.path("new/notes"), ErrorKind::kData), "mine");
  EXPECT_REFUSED(refusal_of<UsageError>([&] { import_model({.path = path}, unchecked); }), "--model");
  EXPECT_REFUSED(
      refusal_of<ModelError>([&] { import_model({.path = "none", .model = folder.path("b")}, unchecked); }),
      "got nothing there");
}

TEST(Import, AnErrorOfTheCheckLeavesNothing) {
  const TemporaryFolder folder;
  const std::string path = torch_folder(folder, torch_model(shape()).file(), shape());
  const auto check = [](const std::string& made) { throw ModelError(made, "no"); };
  EXPECT_THROW(import_model({.path = path, .model = folder.path("new")}, check), ModelError);
  EXPECT_FALSE(file_exists(folder.path("new")));
  EXPECT_FALSE(file_exists(folder.path("new.unfinished")));
}

// ---- Marian

std::string npy_of(const std::string& type, const std::vector<int64_t>& sizes, const std::string& bytes) {
  std::string text = "{'descr': '" + type + "', 'fortran_order': False, 'shape': (";
  for (const int64_t size : sizes) text += std::to_string(size) + ", ";
  text += "), }\n";
  return "\x93NUMPY" + std::string("\1\0", 2) + little(text.size(), 2) + text + bytes;
}

// As many pieces on each side as the .spm has.
std::string marian_settings_text(int64_t source, int64_t target) {
  return "dec-depth: 1\ndim-emb: 4\ndim-vocabs:\n  - " + std::to_string(source) + "\n  - " +
         std::to_string(target) +
         "\nenc-depth: 1\ninput-types:\n  []\ntied-embeddings-all: true\ntransformer-dim-ffn: 6\n"
         "transformer-ffn-activation: relu\ntransformer-heads: 2\ntransformer-tied-layers:\n  []\ntype: "
         "transformer\n";
}

struct Marian {
  std::string settings = marian_settings_text(shape().vocab_size - 1, shape().vocab_size - 1);
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
  void rename(const std::string& from, const std::string& to) {
    arrays[to] = arrays.at(from);
    arrays.erase(from);
  }
  // Instead of what the key has.
  void set(const std::string& key, const std::string& value) {
    const size_t place = settings.find(key + ":");
    if (place != std::string::npos) {
      size_t end = settings.find('\n', place) + 1;
      while (settings[end] == ' ') end = settings.find('\n', end) + 1;  // its list
      settings.erase(place, end - place);
    }
    settings += key + ": " + value + "\n";
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
                    transposed = bytes("model.encoder.layers.0.fc1.weight");
  for (size_t in = 0; in < 4; ++in) {
    for (size_t out = 0; out < 6; ++out)
      EXPECT_EQ(transposed.substr(4 * (out * 4 + in), 4), inner.substr(4 * (in * 6 + out), 4))
          << in << ' ' << out;
  }
  EXPECT_EQ(read_model_config(folder.path("new")).activation_function, ActivationFunction::kRelu);
}

TEST(Import, PositionsAreMariansUnlessHuggingFacesAreSelected) {
  const TemporaryFolder folder;
  const Marian marian;
  ImportOptions options = marian_options(folder, marian);
  import_model(options, unchecked);
  options.model = folder.path("plain"), options.positions = PositionScale::kPaper;
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
  Marian alibi;
  alibi.set("transformer-attention-mask", "alibi");
  EXPECT_REFUSED(marian_refusal(alibi),
                 "model.npz: special:model.yml: transformer-attention-mask] expected 'default', got 'alibi'");
  Marian heads;
  heads.set("transformer-heads", "3");
  EXPECT_REFUSED(marian_refusal(heads), "heads that divide");
  Marian positions;
  positions.add("Wpos", {512, 4});
  EXPECT_REFUSED(marian_refusal(positions), "Wpos] expected sines and cosines");
  Marian other;
  other.add("encoder_l1_self_Wz", {4, 4});
  EXPECT_REFUSED(marian_refusal(other),
                 "encoder_l1_self_Wz] expected only tensors that the settings ask for");
  Marian newer;
  newer.add("TransformerBatchEncoder->encoder->x", {4, 4});
  EXPECT_REFUSED(marian_refusal(newer), "TransformerBatchEncoder] expected tensors of type transformer");
  Marian small;
  small.add("Wemb", {5, 4});
  EXPECT_REFUSED(marian_refusal(small),
                 "Wemb] expected shape [" + std::to_string(shape().vocab_size - 1) + ",4]");
  Marian less;
  less.arrays.erase("decoder_l1_context_Wq");
  EXPECT_REFUSED(marian_refusal(less), "decoder_l1_context_Wq] expected this tensor for model.decoder");
  Marian bias;
  bias.arrays.erase("decoder_ff_logit_out_b");
  EXPECT_REFUSED(marian_refusal(bias), "decoder_ff_logit_out_b] expected this tensor");
}

std::vector<float> floats_in(const SafetensorsFile& file, const std::string& name) {
  const std::string_view bytes = file.bytes(file.header().tensors.at(name));
  std::vector<float> numbers(bytes.size() / sizeof(float));
  std::memcpy(numbers.data(), bytes.data(), bytes.size());
  return numbers;
}

TEST(Import, TensorsThatMarianOmitsAreZeroOrTheIdentity) {
  const TemporaryFolder folder;
  Marian marian;
  marian.set("output-omit-bias", "true"), marian.set("transformer-no-projection", "true");
  for (const char* name :
       {"decoder_ff_logit_out_b", "encoder_l1_self_Wo", "encoder_l1_self_bo", "decoder_l1_self_Wo",
        "decoder_l1_self_bo", "decoder_l1_context_Wo", "decoder_l1_context_bo"})
    marian.arrays.erase(name);
  const ImportReport report = import_model(marian_options(folder, marian), unchecked);
  EXPECT_EQ(report.absent.size(), 7u);
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  EXPECT_EQ(floats_in(file, "final_logits_bias"),
            std::vector<float>(static_cast<size_t>(shape().vocab_size), 0.0F));
  EXPECT_EQ(floats_in(file, "model.decoder.layers.0.encoder_attn.out_proj.weight"),
            (std::vector<float>{1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1}));
}

TEST(Import, TiedLayersAreWrittenAsOftenAsTheyAreUsed) {
  const TemporaryFolder folder;
  Marian marian;
  marian.set("dec-depth", "2"), marian.set("transformer-tied-layers", "[1, 1]");
  import_model(marian_options(folder, marian), unchecked);
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  EXPECT_EQ(floats_in(file, "model.decoder.layers.1.fc1.weight"),
            floats_in(file, "model.decoder.layers.0.fc1.weight"));
}

TEST(Import, PreNormModelsKeepTheirNorm) {
  const TemporaryFolder folder;
  Marian marian;
  marian.set("transformer-preprocess", "n"), marian.set("transformer-postprocess", "da"),
      marian.set("transformer-postprocess-top", "n");
  for (const auto& [name, array] : Marian().arrays) {
    if (name.find("_ln_") != std::string::npos) marian.rename(name, name + "_pre");
  }
  for (const char* side : {"encoder", "decoder"}) {
    marian.add(std::string(side) + "_top_ln_scale", {1, 4});
    marian.add(std::string(side) + "_top_ln_bias", {1, 4});
  }
  import_model(marian_options(folder, marian), unchecked);
  EXPECT_EQ(read_model_config(folder.path("new")).norm, Norm::kPre);
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  EXPECT_EQ(file.bytes(file.header().tensors.at("model.decoder.layer_norm.bias")),
            numbers_of("decoder_top_ln_bias", 4));
  EXPECT_EQ(file.bytes(file.header().tensors.at("model.encoder.layers.0.self_attn_layer_norm.weight")),
            numbers_of("encoder_l1_self_Wo_ln_scale", 4));
}

// <pad> has one id for both sides, so the smaller side is padded with unused entries, which occur in no text
// and no translation.
TEST(Import, TheSmallerOfTwoVocabulariesIsPadded) {
  const TemporaryFolder folder;
  const int64_t pieces = shape().vocab_size - 1;
  Marian marian;
  marian.settings = marian_settings_text(pieces, 4);
  marian.set("tied-embeddings-all", "false"), marian.set("tied-embeddings", "true");
  marian.rename("Wemb", "encoder_Wemb");
  marian.add("decoder_Wemb", {4, 4}), marian.add("decoder_ff_logit_out_b", {1, 4});
  ImportOptions options = marian_options(folder, marian);
  options.vocabularies.push_back(folder.write("target.txt", "</s>\n<unk>\na\nb\n"));
  options.target_spm = folder.write("target.spm", spm());
  import_model(options, unchecked);
  const ModelOptions config = read_model_config(folder.path("new"));
  EXPECT_EQ(config.vocab_size, pieces + 1);
  EXPECT_EQ(config.decoder_vocab_size, pieces + 1);
  const SafetensorsFile file(folder.path("new/model.safetensors"));
  const auto bias = floats_in(file, "final_logits_bias"),
             rows = floats_in(file, "model.decoder.embed_tokens.weight");
  ASSERT_EQ(static_cast<int64_t>(bias.size()), pieces + 1);
  std::vector<float> expected(bias.size(), -1e4F);
  const std::string own = numbers_of("decoder_ff_logit_out_b", 4);
  std::memcpy(expected.data(), own.data(), own.size());
  expected.back() = 0;
  EXPECT_EQ(bias, expected);
  EXPECT_EQ(std::vector<float>(rows.begin() + 16, rows.end()), std::vector<float>(rows.size() - 16, 0.0F));
  const TokenizerPair tokenizers = TokenizerPair::load(folder.path("new"));
  EXPECT_EQ(tokenizers.target.vocabulary().piece(3), "b");
  EXPECT_EQ(tokenizers.target.vocabulary().piece(4), "<unused0>");
}

// marian/: a model that Marian itself trained (make.sh next to it).
std::string marian_file(const std::string& name) {
  return std::string(DRAGOMAN_TEST_DIR) + "/exchange/marian/" + name;
}
std::string marian_bytes(const std::string& name) {
  return read_file(marian_file(name), ErrorKind::kData);
}

TEST(Import, AModelThatMarianWroteNeedsNothingButItsFolder) {
  const TemporaryFolder folder;
  const std::string checksum =
      import_model({.path = marian_file(""), .model = folder.path("a")}, unchecked).checksum;
  EXPECT_EQ(import_model({.path = marian_file("model.npz"), .model = folder.path("b")}, unchecked).checksum,
            checksum);
  const ModelOptions options = read_model_config(folder.path("a"));
  EXPECT_EQ(options.d_model, 4);
  EXPECT_EQ(options.vocab_size, 25);
  EXPECT_EQ(options.activation_function, ActivationFunction::kSwish);
  EXPECT_EQ(read_generation_config(folder.path("a")).num_beams, 6);
  EXPECT_EQ(read_file(folder.path("a/source.spm"), ErrorKind::kData), marian_bytes("vocab.spm"));
}

TEST(Import, TheFilesOfAModelAreFoundUnderTheNamesThatMarianGivesThem) {
  const std::string npz = marian_bytes("model.npz"), spm_bytes = marian_bytes("vocab.spm"),
                    decoder = marian_bytes("model.npz.decoder.yml");
  const auto imports = [&](const std::vector<std::pair<std::string, std::string>>& files,
                           const std::string& path) {
    const TemporaryFolder folder;
    make_folder(folder.path("m"));
    for (const auto& [name, content] : files) folder.write("m/" + name, content);
    return refusal_of<Error>(
        [&] { import_model({.path = folder.path(path), .model = folder.path("new")}, unchecked); });
  };
  const std::string elsewhere =
      "relative-paths: false\nmodels:\n  - /data/run/model.npz\nvocabs: [/data/v.spm, /data/v.spm]\n";
  EXPECT_EQ(
      imports(
          {{"model.npz.best-chrf.npz", npz}, {"model.npz.decoder.yml", decoder}, {"vocab.spm", spm_bytes}},
          "m/model.npz.best-chrf.npz"),
      "accepted");
  EXPECT_EQ(
      imports({{"model.iter200.npz", npz}, {"model.npz.decoder.yml", decoder}, {"vocab.spm", spm_bytes}},
              "m/model.iter200.npz"),
      "accepted");
  EXPECT_EQ(imports({{"best-bleu.npz", npz}, {"decoder.yml", decoder}, {"vocab.spm", spm_bytes}},
                    "m/best-bleu.npz"),
            "accepted");
  EXPECT_EQ(imports({{"model.npz", npz},
                     {"model.npz.optimizer.npz", "x"},
                     {"model.npz.decoder.yml", elsewhere},
                     {"v.spm", spm_bytes}},
                    "m"),
            "accepted");
  EXPECT_EQ(imports({{"model.npz", npz}, {"decoder.yml", elsewhere}, {"v.spm", spm_bytes}}, "m"), "accepted");
  EXPECT_REFUSED(imports({{"model.npz", npz}, {"decoder.yml", elsewhere}}, "m"),
                 "decoder.yml] expected the file '/data/v.spm'");
  EXPECT_REFUSED(imports({{"a.npz", npz}, {"b.npz", npz}}, "m"), "got a.npz, b.npz: name the one to import");
  EXPECT_REFUSED(imports({{"a.npz", npz}, {"decoder.yml", "models: [a.npz, a.npz]\nvocabs: [v, v]\n"}}, "m"),
                 "decoder.yml: models] expected one model, got 2");
  EXPECT_REFUSED(imports({{"model.npz", npz},
                          {"v.txt", "</s>\n"},
                          {"decoder.yml", "models: [model.npz]\nvocabs: [v.txt, v.txt]\n"}},
                         "m"),
                 "expected the SentencePiece model of");
  EXPECT_REFUSED(imports({{"model.npz", npz}}, "m"), "no model.npz.decoder.yml or decoder.yml names them");
}

TEST(Import, AnArchiveOfOpusCountsAsItsFolder) {
  const std::vector<std::pair<std::string, std::string>> files = {
      {"model.npz", marian_bytes("model.npz")},
      {"decoder.yml", marian_bytes("model.npz.decoder.yml")},
      {"vocab.spm", marian_bytes("vocab.spm")},
      {"README.md", "an archive has more"}};
  const TemporaryFolder folder;
  const std::string checksum =
      import_model({.path = marian_file(""), .model = folder.path("a")}, unchecked).checksum;
  for (const std::string inside : {"", "opus/"}) {
    std::vector<ZipMember> members;
    for (const auto& [name, content] : files) members.emplace_back(inside + name, content, true);
    const ImportOptions options{.path = folder.write("opus.zip", zip_of(members)),
                                .model = folder.path("b" + std::to_string(inside.size()))};
    EXPECT_EQ(import_model(options, unchecked).checksum, checksum);
  }
  // A file outside of the archive is not read.
  const std::string decoder =
      "models: [model.npz]\nvocabs: [" + marian_file("vocab.spm") + "x, ../../vocab.spm]\n";
  const std::string archive = folder.write(
      "bad.zip",
      zip_of({ZipMember("model.npz", marian_bytes("model.npz")), ZipMember("decoder.yml", decoder)}));
  EXPECT_REFUSED(
      refusal_of<ModelError>([&] { import_model({.path = archive, .model = folder.path("c")}, unchecked); }),
      "bad.zip/decoder.yml] expected the file");
}

TEST(Import, TheSearchOfDecoderYmlIsKept) {
  const auto kept = [](const std::string& decoder) {
    const TemporaryFolder folder;
    if (!decoder.empty()) folder.write("decoder.yml", decoder);
    import_model(marian_options(folder, Marian()), unchecked);
    return read_generation_config(folder.path("new"));
  };
  const GenerationDefaults all = kept("beam-size: 3\nnormalize: 0.6\nword-penalty: -0.5\nallow-unk: true\n");
  EXPECT_EQ(all.num_beams, 3);
  EXPECT_EQ(all.length_penalty, 0.6);
  EXPECT_EQ(all.word_penalty, -0.5);
  EXPECT_EQ(all.suppress_tokens, std::vector<int64_t>());
  const GenerationDefaults none = kept("mini-batch: 8\n");  // what marian-decoder does with it
  EXPECT_EQ(none.num_beams, 12);
  EXPECT_EQ(none.length_penalty, 0.0);
  EXPECT_FALSE(none.word_penalty.has_value());
  EXPECT_EQ(none.suppress_tokens, std::vector<int64_t>{1});
  const GenerationDefaults without_file = kept("");
  EXPECT_EQ(without_file.num_beams, 4);
  EXPECT_FALSE(without_file.length_penalty.has_value());
  EXPECT_EQ(without_file.suppress_tokens, std::vector<int64_t>{1});
  for (const char* wrong :
       {"normalize: x", "normalize: 11", "word-penalty: nan", "beam-size: 0", "allow-unk: maybe"}) {
    const std::string key = std::string(wrong).substr(0, std::string(wrong).find(':'));
    EXPECT_REFUSED(refusal_of<ModelError>([&] { kept(wrong); }), "decoder.yml: " + key + "] expected");
  }
}

TEST(Import, SettingsThatAFolderDoesNotKeepAreReported) {
  const TemporaryFolder folder;
  Marian marian;
  marian.set("transformer-rotary", "true");
  folder.write("decoder.yml",
               "beam-size: 3\nnormalize: 1\nword-penalty: 0.5\nmini-batch: 8\nshortlist: [lex.gz, 50, 50]\n"
               "alignment: \"\"\nmax-length-factor: 2\ndim-emb: 9\n");
  const ImportReport report = import_model(marian_options(folder, marian), unchecked);
  std::string all;
  for (const auto& note : report.notes) all += note + "\n";
  EXPECT_EQ(report.notes.size(), 3u) << all;
  for (const char* part : {"transformer-rotary", "shortlist lex.gz 50 50", "max-length-factor 2"})
    EXPECT_NE(all.find(part), std::string::npos) << part;
  EXPECT_EQ(read_generation_config(folder.path("new")).num_beams, 3);
}

TEST(Import, OtherModelsAreNamedWithARemedy) {
  const TemporaryFolder folder;
  const auto file = [&](const std::string& name, const std::string& content) {
    const std::string path = folder.write(name, content);
    return refusal_of<Error>([&] { import_model({.path = path, .model = folder.path("new")}, unchecked); });
  };
  int number = 0;
  const auto folder_with = [&](const std::vector<std::string>& names) {
    const std::string path = folder.path("f" + std::to_string(number++));
    make_folder(path);
    for (const auto& name : names) write_file_atomically(join_path(path, name), "x");
    return refusal_of<Error>([&] { import_model({.path = path, .model = folder.path("new")}, unchecked); });
  };
  EXPECT_REFUSED(file("checkpoint_best.pt", "PK\3\4"), "fairseq");
  EXPECT_REFUSED(file("best.ckpt", "PK\3\4"), "JoeyNMT");
  EXPECT_REFUSED(file("model.safetensors", "x"), "it needs no import");
  EXPECT_REFUSED(file("opus.tar.gz", "x"), "unpack it");
  EXPECT_REFUSED(file("model.bin", std::string("\6\0\0\0\x10\0TransformerSpec\0", 22)), "CTranslate2");
  EXPECT_REFUSED(file("other.bin", "hello"), "check that the download is complete");
  EXPECT_REFUSED(file("model.npz", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"),
                 "git lfs pull");
  EXPECT_REFUSED(folder_with({"model.safetensors", "config.json"}), "opens as it is");
  EXPECT_REFUSED(folder_with({"model.bin", "config.json", "shared_vocabulary.json"}), "CTranslate2");
  EXPECT_REFUSED(folder_with({"pytorch_model.bin.index.json", "pytorch_model-00001-of-00002.bin"}),
                 "several parts");
  EXPECT_REFUSED(folder_with({"checkpoint_best.pt", "dict.de.txt"}), "OpenNMT-py");
  EXPECT_REFUSED(folder_with({"tf_model.h5", "config.json"}), "another framework");
  EXPECT_REFUSED(folder_with({"notes.txt"}),
                 "expected a folder with pytorch_model.bin, decoder.yml or an .npz");
  EXPECT_REFUSED(folder_with({}), "which is empty");
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
