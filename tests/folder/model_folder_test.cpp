#include "folder/model_folder.h"

#include <gtest/gtest.h>

#include "core/files.h"
#include "folder/config.h"
#include "folder/manifest.h"
#include "folder/model_examination.h"
#include "folder/weight_file.h"
#include "folder/weight_names.h"
#include "tests/support/opened_files.h"
#include "tests/tokenizer/sample_text.h"

namespace dragoman {
namespace {

// A whole folder: a trained tokenizer and weights of zeros.
void write_folder(const std::string& folder) {
  const TrainedTokenizer trained = train_on(sample_lines(200), small_tokenizer_options());
  const Vocabulary vocabulary = vocabulary_of(trained.model, "source");
  ModelOptions options = model_preset("tiny");
  options.vocab_size = options.decoder_vocab_size = vocabulary.size();
  options.pad_token_id = vocabulary.pad_id();
  options.d_model = 8, options.encoder_ffn_dim = options.decoder_ffn_dim = 8;
  write_model_settings(folder, options, {}, {trained.model, trained.model, vocabulary, vocabulary});
  std::vector<TensorToWrite> tensors;
  const std::string zeros(1 << 20, '\0');
  for (const auto& name : weight_names(options)) {
    size_t bytes = sizeof(float);
    for (const int64_t size : name.shape) bytes *= static_cast<size_t>(size);
    tensors.push_back({name.file, DataType::kFloat32, name.shape, {zeros.data(), bytes}});
  }
  write_safetensors(join_path(folder, kWeightsName), tensors);
  write_manifest(folder, model_file_names(folder));
}

TEST(ModelFolder, EachFileIsOpenedOnceToReadIt) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  write_folder(folder);
  // What looks at the files before they are read: what kind they are, and their checksums.
  const auto before = opened_files(folder, [&] { require_model_folder(folder), check_manifest(folder); });
  if (before.empty()) GTEST_SKIP() << "inotify says nothing of " << folder;
  OpenedFiles opened = opened_files(folder, [&] { ModelFolder::read(folder); }) - before;
  for (const char* name : {"config.json", "generation_config.json", "vocab.json", "source.spm", "target.spm",
                           "model.safetensors"})
    EXPECT_EQ(opened[name], 1) << name;
}

TEST(ModelFolder, HoldsEverythingThatLaterStepsNeed) {
  const TemporaryFolder temporary;
  const std::string path = temporary.path("model");
  make_folder(path);
  write_folder(path);
  const ModelFolder folder = ModelFolder::read(path);
  remove_all(path);
  EXPECT_EQ(folder.path, path);
  EXPECT_EQ(folder.options.d_model, 8);
  EXPECT_EQ(folder.options.vocab_size, folder.tokenizers.source.vocabulary().size());
  EXPECT_TRUE(folder.tokenizers.shared);
  EXPECT_EQ(folder.generation.file, "generation_config.json");
  EXPECT_FALSE(folder.tokenizers.target.encode("ba ke").empty());
  EXPECT_EQ(map_weights(folder.options, folder.weights).tensors.size(), weight_names(folder.options).size());
}

TEST(ModelFolder, AnotherPaddingIdThanTheTokenizersIsRefused) {
  const TemporaryFolder temporary;
  const std::string folder = temporary.path();
  write_folder(folder);
  auto config = read_json_file(temporary.path("config.json"), ErrorKind::kModel);
  config["pad_token_id"] = 3;
  temporary.write("config.json", config.dump());
  write_manifest(folder, model_file_names(folder));
  try {
    ModelFolder::read(folder);
    FAIL() << "nothing was wrong";
  } catch (const ModelError& error) {
    EXPECT_NE(std::string(error.what()).find("config.json: pad_token_id"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace dragoman
