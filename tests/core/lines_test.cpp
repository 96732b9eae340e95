#include "core/lines.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <cstdio>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/files.h"

namespace dragoman {
namespace {

using namespace std::string_literals;
using Lines = std::vector<std::string>;

Lines lines_of(LineReader reader) {
  Lines lines;
  for (std::string line; reader.next(line);) {
    lines.push_back(line);
    EXPECT_EQ(reader.line_number(), static_cast<int64_t>(lines.size()));
  }
  std::string again = "kept";
  EXPECT_FALSE(reader.next(again));  // the end stays the end
  return lines;
}

Lines lines_of(const std::string& content) {
  const TemporaryFolder folder;
  return lines_of(LineReader(folder.write("text", content)));
}

std::string packed(const std::string& text) {
  std::string out(text.size() + 1000, '\0');
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16 /* gzip */, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

TEST(LineReader, LinesAreEndedByLineFeedAlone) {
  EXPECT_EQ(lines_of("a\nb\n"), (Lines{"a", "b"}));
  EXPECT_EQ(lines_of("a\n\nb\n\n"), (Lines{"a", "", "b", ""}));
  EXPECT_EQ(lines_of("\n"), (Lines{""}));
  EXPECT_EQ(lines_of("a\xE2\x80\xA8"
                     "b\xC2\x85"
                     "c\vd\fe\x1Cg\n"),
            (Lines{"a\xE2\x80\xA8"
                   "b\xC2\x85"
                   "c\vd\fe\x1Cg"}));
  EXPECT_EQ(lines_of("a\0b\n\0\n"s), (Lines{"a\0b"s, "\0"s}));
  EXPECT_EQ(lines_of("\xFF\xC0 a\n"), (Lines{"\xFF\xC0 a"}));  // raw bytes
}

TEST(LineReader, OneCarriageReturnBeforeALineFeedIsCutAndNoOther) {
  EXPECT_EQ(lines_of("a\r\nb\r\r\nc\rd\n\r\n"), (Lines{"a", "b\r", "c\rd", ""}));
  EXPECT_EQ(lines_of("a\r"), (Lines{"a\r"}));  // no line feed follows it
}

TEST(LineReader, ALastLineWithoutItsNewlineIsALineAndAnEmptyFileHasNone) {
  EXPECT_EQ(lines_of("a\nb"), (Lines{"a", "b"}));
  EXPECT_EQ(lines_of("a"), (Lines{"a"}));
  EXPECT_EQ(lines_of(""), Lines{});
}

TEST(LineReader, AByteOrderMarkIsDroppedAtTheStartAndOnlyThere) {
  EXPECT_EQ(lines_of("\xEF\xBB\xBF"), Lines{});
  EXPECT_EQ(lines_of("\xEF\xBB\xBF\n"), Lines{""});
  EXPECT_EQ(lines_of("\xEF\xBB\xBF\r\n"), Lines{""});
  EXPECT_EQ(lines_of("\xEF\xBB\xBF"
                     "a\n\xEF\xBB\xBF"
                     "b\n"),
            (Lines{"a",
                   "\xEF\xBB\xBF"
                   "b"}));
  EXPECT_EQ(lines_of("\xEF\xBB\xBF\xEF\xBB\xBF\n"), Lines{"\xEF\xBB\xBF"});  // one is dropped
  EXPECT_EQ(lines_of("\xEF\xBB"), Lines{"\xEF\xBB"});
}

TEST(LineReader, Utf16IsNoticed) {
  const TemporaryFolder folder;
  std::string line;
  for (const auto& [content, expected] :
       {std::pair{"\xFF\xFE"
                  "a\0\n\0"s,
                  true},
        std::pair{"\xFE\xFF\0a\0\n"s, true}, std::pair{"\xFF\xFE"s, true}, std::pair{"a\n\xFF\xFE"s, false},
        std::pair{"\xEF\xBB\xBF"
                  "a\n"s,
                  false}}) {
    LineReader reader(folder.write("text", content));
    while (reader.next(line)) continue;
    EXPECT_EQ(reader.looks_like_utf16(), expected) << content;
  }
}

TEST(LineReader, LinesLongerThanEveryBufferComeWhole) {
  Lines expected;
  std::string content;
  for (const size_t length : {65535, 65536, 65537, 131072, 300000, 0, 1}) {
    expected.emplace_back(length, static_cast<char>('a' + expected.size()));
    content += expected.back() + "\n";
  }
  EXPECT_EQ(lines_of(content), expected);
  // A CR LF, and a byte-order mark's line, across the end of the first buffer.
  const std::string long_line(65535, 'x');
  EXPECT_EQ(lines_of(long_line + "\r\ny\n"), (Lines{long_line, "y"}));
}

TEST(LineReader, PackedFilesAreUnpackedWhateverTheirName) {
  const TemporaryFolder folder;
  const std::string text =
      "\xEF\xBB\xBF"
      "one\r\ntwo\n" +
      std::string(100'000, 'z');
  const Lines expected = {"one", "two", std::string(100'000, 'z')};
  EXPECT_EQ(lines_of(LineReader(folder.write("a.gz", packed(text)))), expected);
  EXPECT_EQ(lines_of(LineReader(folder.write("a.txt", packed(text)))), expected);
  EXPECT_EQ(lines_of(LineReader(folder.write("plain.gz", "one\n"))), Lines{"one"});
  EXPECT_EQ(lines_of(LineReader(folder.write("two.gz", packed("a\nb") + packed("c\nd\n")))),
            (Lines{"a", "bc", "d"}));
  EXPECT_EQ(lines_of(LineReader(folder.write("empty.gz", packed("")))), Lines{});
}

TEST(LineReader, ADamagedPackedFileIsADataErrorThatNamesIt) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  const std::string whole = packed(text);
  std::string flipped = whole;
  flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x10);
  for (const auto& content : {whole.substr(0, whole.size() / 2), whole.substr(0, whole.size() - 1),
                              whole.substr(0, whole.size() - 8), flipped}) {
    const std::string path = folder.write("bad.gz", content);
    try {
      LineReader reader(path);
      for (std::string line; reader.next(line);) continue;
      ADD_FAILURE() << "read to the end of " << content.size() << " of " << whole.size() << " bytes";
    } catch (const DataError& error) {
      EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
    }
  }
}

TEST(LineReader, WhatCannotBeReadIsADataErrorWithPathAndErrno) {
  const TemporaryFolder folder;
  const auto message = [](const std::string& path) {
    try {
      LineReader reader(path);
      std::string line;
      reader.next(line);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(
      message(folder.path("none")),
      "[" + folder.path("none") + "] required a readable file, got No such file or directory (errno 2)");
  EXPECT_EQ(message(folder.path("")),
            "[" + folder.path("") + "] required a readable file, got Is a directory (errno 21)");
}

// A named pipe and its writing end. Opening waits for the other end, hence the thread.
class Pipe {
 public:
  explicit Pipe(const TemporaryFolder& folder) : path_(folder.path("pipe")) {
    EXPECT_EQ(::mkfifo(path_.c_str(), 0600), 0);
    std::thread opener([this] { file_ = std::fopen(path_.c_str(), "w"); });
    reader_ = std::make_unique<LineReader>(path_);
    opener.join();
  }
  ~Pipe() { close(); }
  void write(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), file_);
    std::fflush(file_);
  }
  void close() {
    if (file_ != nullptr) std::fclose(file_);
    file_ = nullptr;
  }
  LineReader& reader() { return *reader_; }

 private:
  std::string path_;
  FILE* file_ = nullptr;
  std::unique_ptr<LineReader> reader_;
};

TEST(LineReader, APipeTellsWhetherALineIsReadyWithoutWaiting) {
  const TemporaryFolder folder;
  Pipe pipe(folder);
  std::string line;
  EXPECT_FALSE(pipe.reader().has_line_ready());
  pipe.write("half");
  EXPECT_FALSE(pipe.reader().has_line_ready());
  pipe.write(" and half\r\nsecond\nthi");
  EXPECT_TRUE(pipe.reader().has_line_ready());
  ASSERT_TRUE(pipe.reader().next(line));
  EXPECT_EQ(line, "half and half");
  EXPECT_TRUE(pipe.reader().has_line_ready());
  ASSERT_TRUE(pipe.reader().next(line));
  EXPECT_EQ(line, "second");
  EXPECT_FALSE(pipe.reader().has_line_ready());
  pipe.close();
  EXPECT_TRUE(pipe.reader().has_line_ready());  // the end will not make one wait
  ASSERT_TRUE(pipe.reader().next(line));
  EXPECT_EQ(line, "thi");
  EXPECT_TRUE(pipe.reader().has_line_ready());
  EXPECT_FALSE(pipe.reader().next(line));
}

TEST(LineReader, ALineOfAPipeIsGivenOutAsSoonAsItIsThere) {
  const TemporaryFolder folder;
  Pipe pipe(folder);
  pipe.write(
      "\xEF\xBB\xBF"
      "now\n");
  std::string line;
  ASSERT_TRUE(pipe.reader().next(line));  // the pipe is still open: more may come
  EXPECT_EQ(line, "now");
}

TEST(LineReader, AFileIsAlwaysReadyAndAReaderCanBeMoved) {
  const TemporaryFolder folder;
  LineReader first(folder.write("text", "a\nb\n"));
  std::string line;
  EXPECT_TRUE(first.has_line_ready());
  ASSERT_TRUE(first.next(line));
  LineReader second(std::move(first));
  ASSERT_TRUE(second.next(line));
  EXPECT_EQ(line, "b");
  EXPECT_EQ(second.line_number(), 2);
  EXPECT_EQ(second.path(), folder.path("text"));
}

}  // namespace
}  // namespace dragoman
