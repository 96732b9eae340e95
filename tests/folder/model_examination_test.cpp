#include "folder/model_examination.h"

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

std::string examined(const std::string& path) {
  const auto problem = examine_model_path(path);
  return problem ? "[" + problem->where + "] " + problem->what + ": " + problem->remedy : "";
}

void expect_report(const std::string& path, const std::string& what) {
  EXPECT_NE(examined(path).find(what), std::string::npos) << what << " in: " << examined(path);
}

constexpr char kPointer[] = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";

TEST(ModelExamination, AFolderWithWeightsOrTheirIndexIsOne) {
  const TemporaryFolder folder;
  folder.write("model.safetensors", "x");
  EXPECT_EQ(examined(folder.path()), "");
  const TemporaryFolder shards;
  shards.write("model.safetensors.index.json", "{}");
  EXPECT_EQ(examined(shards.path()), "");
}

TEST(ModelExamination, NamesWhatAFolderIsInstead) {
  const std::pair<const char*, const char*> cases[] = {{"pytorch_model.bin", "dragoman import"},
                                                       {"pytorch_model-00001-of-00002.bin", "several"},
                                                       {"model.bin", "CTranslate2"},
                                                       {"decoder.yml", "Marian"},
                                                       {"model.best.npz", "Marian"},
                                                       {"tf_model.h5", "TensorFlow"}};
  for (const auto& [file, what] : cases) {
    const TemporaryFolder folder;
    folder.write(file, "x");
    expect_report(folder.path(), what);
    EXPECT_THROW(require_model_folder(folder.path()), ModelError);
    folder.write("model.safetensors", "x");  // whatever else is there
    EXPECT_EQ(examined(folder.path()), "") << file;
  }
  EXPECT_EQ(examined(TemporaryFolder().path("none")).substr(0, 1), "[");
}

TEST(ModelExamination, NamesWhatAFileIs) {
  const TemporaryFolder folder;
  expect_report(folder.write("m.zip", "PK\3\4 ..."), "unzip");
  expect_report(folder.write("m.argosmodel", "PK\3\4 ..."), "Argos");
  expect_report(folder.write("m.tgz", "\x1F\x8B\x08"), "tar xzf");
  expect_report(folder.write("m.tar", std::string(257, 'x') + "ustar"), "tar xf");
  expect_report(folder.write("m.zst", "\x28\xB5\x2F\xFD"), "zstd");
  expect_report(folder.write("model.npz", "PK\3\4 ..."), "dragoman import");
  expect_report(folder.write("model.safetensors", "x"), "a single file of it");
  expect_report(folder.write("short", ""), "got a file");
}

TEST(ModelExamination, FindsAPointerOfGitLfsInAnyFile) {
  for (const char* name :
       {"model.safetensors", "source.spm", "vocab.json", "model-00001-of-00002.safetensors"}) {
    const TemporaryFolder folder;
    folder.write("model.safetensors", "x");
    folder.write(name, kPointer);
    expect_report(folder.path(), folder.path(name) + "] expected the file itself, got a git-lfs pointer");
    EXPECT_THROW(refuse_git_lfs_pointers(folder.path()), ModelError);
    EXPECT_THROW(refuse_git_lfs_pointers(folder.path(name)), ModelError);
  }
  const TemporaryFolder folder;
  folder.write("README.md", std::string(kPointer) + std::string(2000, 'x'));  // text about one
  EXPECT_NO_THROW(refuse_git_lfs_pointers(folder.path()));
}

}  // namespace
}  // namespace dragoman
