// uses: torch
// Damaged model folders: truncated at every length, or with one wrong bit. Either it is the same model, or a
// ModelError names the damage. Nothing crashes, and nothing takes long.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "core/files.h"
#include "core/json.h"
#include "decoding/torch/engine_factory.h"
#include "decoding/translator.h"
#include "folder/manifest.h"
#include "folder/safetensors.h"
#include "model/weights.h"
#include "tests/support/small_model.h"

namespace dragoman {
namespace {

class DamagedFolder : public testing::Test {
 protected:
  DamagedFolder() {
    write_small_folder(path());
    names_ = model_file_names(path());
    names_.push_back(kManifestName);
    for (const auto& name : names_) contents_[name] = read_file(file(name), ErrorKind::kModel);
    expected_ = translations();
  }

  std::string path() const { return temporary_.path("model"); }
  std::string file(const std::string& name) const { return join_path(path(), name); }
  void restore(const std::string& name) const {
    FileWriter writer(file(name));
    writer.write(contents_.at(name));
  }
  // Uses every weight, both tokenizers and the search.
  std::vector<std::string> translations() const {
    TranslateOptions options;
    options.search.max_length = 8;
    const Translator translator(ModelFolder::read(path()), options, engine_on(torch::kCPU));
    std::vector<std::string> texts;
    for (const auto& translation :
         translator.translate({"ba ke lo mi.", "sch\xC3\xB6n \xEF\xBC\xA1 12", "\xE2\x98\x83"}))
      texts.push_back(translation.text());
    return texts;
  }

  // Whether the folder is refused; false when it is the same model.
  bool refused() const {
    try {
      EXPECT_EQ(translations(), expected_);
      return false;
    } catch (const ModelError&) {
      return true;
    }
  }

  void flip(const std::string& name, size_t bit) const {
    std::string content = contents_.at(name);
    content[bit / 8] = static_cast<char>(content[bit / 8] ^ (1 << (bit % 8)));
    FileWriter writer(file(name));
    writer.write(content);
  }

  TemporaryFolder temporary_;
  std::vector<std::string> names_;
  std::map<std::string, std::string> contents_;
  std::vector<std::string> expected_;
};
using SlowDamagedFolder = DamagedFolder;

TEST_F(SlowDamagedFolder, TruncatedAtAnyLengthIsRefused) {
  for (const auto& name : names_) {
    SCOPED_TRACE(name);
    for (size_t length = contents_[name].size(); length-- > 0;) {
      ASSERT_EQ(::truncate(file(name).c_str(), static_cast<off_t>(length)), 0);
      // Without its last newline the manifest is equivalent.
      if (name == kManifestName && length + 1 == contents_[name].size()) continue;
      ASSERT_THROW(check_manifest(path()), ModelError) << length;
    }
    restore(name);
  }
  EXPECT_FALSE(refused());
}

TEST_F(DamagedFolder, WithoutAManifestAFileTruncatedAtAnyLengthIsRefusedByItsReader) {
  remove_all(file(kManifestName));
  const auto cut = [&](const char* name, size_t step, const auto& read) {
    for (size_t length = contents_[name].size(); length-- > 0;) {
      if (length > 4096 && length % step != 0) continue;
      ASSERT_EQ(::truncate(file(name).c_str(), static_cast<off_t>(length)), 0);
      const bool only_newline = contents_[name].back() == '\n' && length + 1 == contents_[name].size();
      if (only_newline && name != std::string("model.safetensors")) continue;
      if (name == std::string("source.spm")) {
        // A model that ends between two fields is a model with fewer pieces. It is read or refused.
        try {
          read();
        } catch (const ModelError&) {
        }
        continue;
      }
      ASSERT_THROW(read(), ModelError) << name << " " << length;
    }
    restore(name);
  };
  cut("model.safetensors", 1, [&] { const SafetensorsFile opened(file("model.safetensors")); });
  cut("config.json", 1, [&] { read_model_config(path()); });
  cut("generation_config.json", 1, [&] { read_generation_config(path()); });
  cut("vocab.json", 1, [&] { Vocabulary::load(file("vocab.json")); });
  cut("source.spm", 997, [&] { TokenizerPair::load(path()); });
}

// 10,000 single bits, every file as often as the others.
TEST_F(SlowDamagedFolder, WithAnyBitWrongIsRefusedOrTheSameModel) {
  SplitMix64 random(1);
  int64_t same = 0;
  double slowest = 0;
  for (int i = 0; i < 10'000; ++i) {
    const std::string& name = names_[random.below(names_.size())];
    const size_t bit = random.below(8 * contents_[name].size());
    SCOPED_TRACE(name + ", bit " + std::to_string(bit));
    flip(name, bit);
    const auto began = std::chrono::steady_clock::now();
    const bool is_refused = refused();
    slowest =
        std::max(slowest, std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    same += !is_refused;
    EXPECT_TRUE(is_refused || name == kManifestName);
    restore(name);
  }
  EXPECT_LT(same, 100);  // a space of the manifest that became a tab
  EXPECT_LT(slowest, 10) << "seconds";
}

// Only the readers check the files then, so the result may be another model.
TEST_F(DamagedFolder, WithoutAManifestAWrongBitNeverCrashes) {
  remove_all(file(kManifestName));
  names_.pop_back();
  SplitMix64 random(2);
  int64_t refusals = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::string& name = names_[random.below(names_.size())];
    const size_t bit = random.below(8 * contents_[name].size());
    SCOPED_TRACE(name + ", bit " + std::to_string(bit));
    flip(name, bit);
    try {
      translations();
    } catch (const ModelError&) {
      ++refusals;
    }
    restore(name);
  }
  EXPECT_GT(refusals, 100);
}

}  // namespace
}  // namespace dragoman
