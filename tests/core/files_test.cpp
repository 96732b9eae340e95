#include "core/files.h"
#include "core/replacement_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>
#include <functional>

namespace dragoman {
namespace {

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  }
  return "no DataError";
}

TEST(Files, WhatIsWrittenIsReadByteForByteAndReplacedWhole) {
  const TemporaryFolder folder;
  const std::string path = folder.path("f");
  std::string content(200'000, '\0');
  for (size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7);
  write_file_atomically(path, content);
  EXPECT_EQ(read_file(path, ErrorKind::kData), content);
  EXPECT_EQ(file_size(path, ErrorKind::kData), content.size());
  write_file_atomically(path, "short");
  EXPECT_EQ(read_file(path, ErrorKind::kData), "short");
  EXPECT_EQ(list_folder(folder.path("")), std::vector<std::string>{"f"});  // no temporary file is left
}

TEST(Files, AFileNameWithoutAFolderIsWrittenHere) {
  const TemporaryFolder folder;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path(""));
  write_file_atomically("here", "x");
  std::filesystem::current_path(before);
  EXPECT_EQ(read_file(folder.path("here"), ErrorKind::kData), "x");
}

TEST(Files, AnUnreadableFileIsAnErrorOfTheGivenKindWithPathAndErrno) {
  const TemporaryFolder folder;
  const std::string none = folder.path("none");
  EXPECT_EQ(message_of([&] { read_file(none, ErrorKind::kData); }),
            "cannot read " + none + ": No such file or directory (errno 2)");
  EXPECT_EQ(message_of([&] { read_file(folder.path(""), ErrorKind::kData); }),
            "cannot read " + folder.path("") + ": Is a directory (errno 21)");
  EXPECT_THROW(read_file(none, ErrorKind::kConfig), ConfigError);
  EXPECT_THROW(file_size(none, ErrorKind::kModel), ModelError);
}

TEST(Files, ReadingStopsAtTheLimit) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", "12345");
  EXPECT_EQ(read_file(path, ErrorKind::kData, 5), "12345");
  EXPECT_THROW(read_file(path, ErrorKind::kData, 4), DataError);
  EXPECT_THROW(read_file("/dev/zero", ErrorKind::kData, 1 << 20), DataError);  // never ends
}

TEST(Files, AFullDiskIsAnErrorThatNamesPathBytesAndErrno) {
  if (!file_exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  FileWriter writer("/dev/full");
  EXPECT_EQ(message_of([&] { writer.write("12345"); }),
            "cannot write /dev/full: No space left on device (errno 28)");
  EXPECT_EQ(message_of([&] { append_to_file("/dev/full", "123"); }),
            "cannot append to /dev/full: No space left on device (errno 28)");
}

TEST(Files, AFolderThatIsNotThereIsAnErrorThatNamesThePath) {
  const TemporaryFolder folder;
  const std::string path = folder.path("no/f");
  EXPECT_NE(message_of([&] { write_file_atomically(path, "x"); }).find(path), std::string::npos);
  EXPECT_NE(message_of([&] { append_to_file(path, "x"); }).find(path), std::string::npos);
  EXPECT_NE(message_of([&] { rename_path(path, path + "2"); }).find(path), std::string::npos);
  EXPECT_NE(message_of([&] { sync_folder(folder.path("no")); }).find("no"), std::string::npos);
  EXPECT_NE(message_of([&] { make_folder(folder.write("file", "") + "/x"); }).find("file/x"),
            std::string::npos);
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

void write_by_replacement(const std::string& path, const std::string& content) {
  ReplacementFile file(path);
  ASSERT_TRUE(write_all(file.descriptor(), content.data(), content.size()));
  file.commit();
}

// Both ways to replace a file.
class Replacing : public testing::TestWithParam<void (*)(const std::string&, const std::string&)> {};

TEST_P(Replacing, KeepsTheModeAndTheLinkAndLeavesNothingBeside) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "old"), link = folder.path("link"),
                    first = folder.path("first");
  std::filesystem::create_symlink("file", link);
  std::filesystem::create_symlink(link, first);
  ::chmod(file.c_str(), 0640);
  GetParam()(first, "new");
  EXPECT_EQ(read_file(file, ErrorKind::kData), "new");
  EXPECT_EQ(mode_of(file), 0640u);
  EXPECT_TRUE(std::filesystem::is_symlink(first));
  EXPECT_TRUE(std::filesystem::is_symlink(link));
  EXPECT_EQ(list_folder(folder.path("")), (std::vector<std::string>{"file", "first", "link"}));
}

TEST_P(Replacing, MakesANewFileWithTheModeThatTheMaskLeaves) {
  const TemporaryFolder folder;
  const mode_t mask = ::umask(0027);
  GetParam()(folder.path("file"), "new");
  ::umask(mask);
  EXPECT_EQ(mode_of(folder.path("file")), 0640u);
  std::filesystem::create_symlink("to be", folder.path("link"));
  GetParam()(folder.path("link"), "new");
  EXPECT_EQ(read_file(folder.path("to be"), ErrorKind::kData), "new");
}

INSTANTIATE_TEST_SUITE_P(Files, Replacing,
                         testing::Values(
                             +[](const std::string& path, const std::string& content) {
                               write_file_atomically(path, content);
                             },
                             &write_by_replacement));

TEST(ReplacementFile, LeavesTheOldFileUntilItIsCommitted) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  {
    ReplacementFile file(path);
    ASSERT_TRUE(write_all(file.descriptor(), "new", 3));
    EXPECT_EQ(read_file(path, ErrorKind::kData), "old");
    EXPECT_EQ(list_folder(folder.path("")).size(), 2u);
  }
  EXPECT_EQ(read_file(path, ErrorKind::kData), "old");
  EXPECT_EQ(list_folder(folder.path("")), std::vector<std::string>{"file"});
}

TEST(ReplacementFile, IsKeptUnderANameOfItsOwn) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  ReplacementFile file(path);
  ASSERT_TRUE(write_all(file.descriptor(), "new", 3));
  EXPECT_EQ(file.keep(".partial"), path + ".partial");
  EXPECT_EQ(read_file(path, ErrorKind::kData), "old");
  EXPECT_EQ(read_file(path + ".partial", ErrorKind::kData), "new");
}

TEST(ReplacementFile, IsKeptBesideWhatIsThereAlready) {
  const TemporaryFolder folder;
  const std::string path = folder.path("file"), partial = folder.write("file.partial", "the user's");
  std::filesystem::create_symlink("nowhere", partial + "-2");
  ReplacementFile file(path);
  EXPECT_EQ(file.keep(".partial"), partial + "-3");
  EXPECT_EQ(read_file(partial, ErrorKind::kData), "the user's");
  EXPECT_TRUE(std::filesystem::is_symlink(partial + "-2"));
}

TEST(ReplacementFile, IsAsPrivateAsTheOldFileFromTheStart) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  ::chmod(path.c_str(), 0600);
  ReplacementFile file(path);
  for (const auto& name : list_folder(folder.path())) EXPECT_EQ(mode_of(folder.path(name)), 0600u) << name;
  EXPECT_EQ(mode_of(file.keep(".partial")), 0600u);
}

TEST(ReplacementFile, RemovesWhatAKilledProcessLeftAndNothingElse) {
  const TemporaryFolder folder;
  const std::string path = folder.path("file");
  folder.write(".file.123-0.tmp", "of a killed process");
  folder.write(".file.mine.tmp", "the user's");
  ReplacementFile other(path);  // of a process that is still there
  const auto names = list_folder(folder.path(""));
  EXPECT_EQ(names.size(), 2u);
  { ReplacementFile file(path); }
  EXPECT_EQ(list_folder(folder.path("")), names);
}

TEST(ReplacementFile, TakesTheLongestName) {
  const TemporaryFolder folder;
  const std::string path = folder.path(std::string(255, 'x'));
  write_by_replacement(path, "new");
  EXPECT_EQ(read_file(path, ErrorKind::kData), "new");
}

TEST(ReplacementFile, RefusesAFolderAndAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  const std::string here = folder.path("").substr(0, folder.path("").size() - 1),
                    none = folder.path("no/such");
  EXPECT_EQ(message_of([&] { ReplacementFile file(here); }),
            "cannot write " + here + ": Is a directory (errno 21)");
  EXPECT_EQ(message_of([&] { ReplacementFile file(none); }),
            "cannot write " + none + ": No such file or directory (errno 2)");
}

TEST(Files, AFailedReplacementLeavesNothingBeside) {
  const TemporaryFolder folder;
  const std::string path = folder.write("f", "old");
  set_file_call_hook([](const FileCall& call) { return std::string(call.name) == "write" ? ENOSPC : 0; });
  EXPECT_THROW(write_file_atomically(path, "new"), DataError);
  set_file_call_hook(nullptr);
  EXPECT_EQ(read_file(path, ErrorKind::kData), "old");
  EXPECT_EQ(list_folder(folder.path("")), std::vector<std::string>{"f"});
}

TEST(Files, AppendedTextStandsBehindWhatWasThere) {
  const TemporaryFolder folder;
  append_to_file(folder.path("log"), "a\n");
  append_to_file(folder.path("log"), "b\n");
  EXPECT_EQ(read_file(folder.path("log"), ErrorKind::kData), "a\nb\n");
}

TEST(Files, FoldersAreMadeListedAndRemoved) {
  const TemporaryFolder folder;
  make_folder(folder.path("a/b/c"));
  make_folder(folder.path("a/b/c"));  // again: nothing to do
  folder.write("a/z", ""), folder.write("a/0", "");
  EXPECT_EQ(list_folder(folder.path("a")), (std::vector<std::string>{"0", "b", "z"}));
  EXPECT_TRUE(is_folder(folder.path("a/b")));
  EXPECT_FALSE(is_folder(folder.path("a/z")));
  remove_all(folder.path("a"));
  remove_all(folder.path("a"));
  EXPECT_FALSE(file_exists(folder.path("a")));
  EXPECT_TRUE(list_folder(folder.path("a")).empty());
}

TEST(Files, JoinedPathsKeepAnAbsoluteName) {
  EXPECT_EQ(join_path("a", "b"), "a/b");
  EXPECT_EQ(join_path("a/", "b"), "a/b");
  EXPECT_EQ(join_path("a", "/b"), "/b");
}

// Bytes that this process may write to a file, at most, while the object lives.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    getrlimit(RLIMIT_FSIZE, &before_);
    rlimit limit = before_;
    limit.rlim_cur = bytes;
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

TEST(Files, AnAppendThatFailsHalfwayLeavesNothingOfItself) {
  const TemporaryFolder folder;
  const std::string path = folder.write("log", "first\n");
  {
    const FileSizeLimit limit(9);
    EXPECT_THROW(append_to_file(path, "second\n"), DataError);
    EXPECT_THROW(append_line(path, "second"), DataError);
  }
  EXPECT_EQ(read_file(path, ErrorKind::kData), "first\n");
  append_line(path, "third");
  EXPECT_EQ(read_file(path, ErrorKind::kData), "first\nthird\n");
}

TEST(Files, ALineThatIsAppendedJoinsNoOther) {
  const TemporaryFolder folder;
  const std::string path = folder.write("log", "first\ncut of");
  append_line(path, "second");
  append_line(path, "third");
  EXPECT_EQ(read_file(path, ErrorKind::kData), "first\ncut of\nsecond\nthird\n");
  append_line(folder.path("new"), "one");
  EXPECT_EQ(read_file(folder.path("new"), ErrorKind::kData), "one\n");
}

TEST(Files, AFolderIsLookedAtBeforeItIsNeeded) {
  const TemporaryFolder folder;
  folder.write("file", "text");
  check_folder_takes_files(folder.path("."));
  check_folder_takes_files(folder.path("new/and/deeper"));
  EXPECT_EQ(list_folder(folder.path()), std::vector<std::string>{"file"});
  for (const char* name : {"file", "file/below"})
    EXPECT_THROW(check_folder_takes_files(folder.path(name)), DataError);
}

TEST(Files, AnEmptyTMPDIRIsOneThatIsNotSet) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before ? before : "";
  ::setenv("TMPDIR", "", 1);
  EXPECT_EQ(TemporaryFolder().path().rfind("/tmp/dragoman-", 0), 0U);
  if (before)
    ::setenv("TMPDIR", kept.c_str(), 1);
  else
    ::unsetenv("TMPDIR");
}

TEST(Files, ATemporaryFolderThatCannotBeMadeIsADataErrorNamingTMPDIR) {
  const char* before = std::getenv("TMPDIR");
  const std::string kept = before ? before : "";
  ::setenv("TMPDIR", "/nowhere", 1);
  try {
    const TemporaryFolder folder;
    ADD_FAILURE() << "no error";
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find("/nowhere"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("TMPDIR"), std::string::npos) << error.what();
  }
  if (before)
    ::setenv("TMPDIR", kept.c_str(), 1);
  else
    ::unsetenv("TMPDIR");
}

}  // namespace
}  // namespace dragoman
