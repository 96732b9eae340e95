#include "core/memory_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

TEST(MemoryFile, HasItsContentAtItsPath) {
  for (const std::string& content : {std::string(), std::string("a\0b\n", 4), std::string(3'000'000, 'x')}) {
    const MemoryFile file(content);
    EXPECT_EQ(content_of(file.path()), content);
    EXPECT_EQ(content_of(file.path()), content) << "read a second time";
  }
}

TEST(MemoryFile, IsGoneWithTheObject) {
  std::string path;
  {
    const MemoryFile file("text");
    path = file.path();
    EXPECT_TRUE(file_exists(path));
  }
  EXPECT_FALSE(file_exists(path));
}

// Exit status of a child whose files may have at most `limit` bytes: 0, the content came back; 1, another one
// did; 2, DataError naming `ulimit -f`.
int status_under_limit(rlim_t limit, size_t bytes) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit low{limit, limit};
    ::setrlimit(RLIMIT_FSIZE, &low);
    try {
      const std::string content(bytes, 'x');
      const MemoryFile file(content);
      ::_exit(content_of(file.path()) == content ? 0 : 1);
    } catch (const DataError& error) {
      ::_exit(std::string(error.what()).find("ulimit -f") != std::string::npos ? 2 : 3);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST(MemoryFile, IsReadableOnceUnderALowLimitOfFileSizes) {
  EXPECT_EQ(status_under_limit(1024, 50'000), 0);
}

TEST(MemoryFile, NamesTheLimitThatItCannotPassBy) {
  EXPECT_EQ(status_under_limit(1024, 64'000'000), 2);
}

}  // namespace
}  // namespace dragoman
