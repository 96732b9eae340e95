#include "core/lines.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string_view>
#include <thread>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "core/interrupt.h"
#include "core/utf8.h"
#include "tests/support/packed.h"

namespace dragoman {
namespace {

using namespace std::string_literals;
using Packing = FileFormat::Packing;
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
  return packed_by(Packing::kGzip, text);
}

// What a reader says of a file with this content; "" when it reads it to the end.
std::string refusal(const std::string& content, InvalidUtf8 policy = InvalidUtf8::kReplace) {
  const TemporaryFolder folder;
  try {
    LineReader reader(folder.write("text", content), policy);
    for (std::string line; reader.next(line);) continue;
  } catch (const NotTextError& error) {
    return replace_all(error.what(), folder.path("text"), "FILE");
  }
  return "";
}

std::string utf16(const std::string& ascii, bool little) {
  std::string text;
  for (const char c : ascii) text += little ? std::string{c, '\0'} : std::string{'\0', c};
  return text;
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
  EXPECT_EQ(lines_of("\xEF\xBB"), Lines{"\xEF\xBF\xBD"});
}

TEST(LineReader, WideEncodingsAreRefusedByNameWithAndWithoutAByteOrderMark) {
  const std::string text = "The file\nwas opened.\n";
  for (const bool little : {true, false}) {
    const std::string name = little ? "UTF-16LE" : "UTF-16BE", mark = little ? "\xFF\xFE" : "\xFE\xFF";
    const std::string expected =
        "[FILE:1] expected UTF-8, got " + name + "; convert it: iconv -f " + name + " -t UTF-8 FILE";
    EXPECT_EQ(refusal(mark + utf16(text, little)), expected);
    EXPECT_EQ(refusal(mark), expected);
    EXPECT_EQ(refusal(utf16(text, little)), expected);
    EXPECT_EQ(refusal(utf16("ab", little)), expected);
  }
  // Greek: NUL bytes are only next to spaces and line feeds.
  EXPECT_NE(refusal("\xB1\x03\x20\0\xB2\x03\x0A\0\xB3\x03\x0A\0"s).find("UTF-16LE"), std::string::npos);
  EXPECT_NE(refusal("\x03\xB1\0\x20\x03\xB2\0\x0A\x03\xB3\0\x0A"s).find("UTF-16BE"), std::string::npos);
  EXPECT_NE(refusal("\xFF\xFE\0\0a\0\0\0"s).find("UTF-32LE"), std::string::npos);
  EXPECT_NE(refusal("\0\0\0a\0\0\0b\0\0\0\n"s).find("UTF-32BE"), std::string::npos);
  EXPECT_NE(refusal("a\0\0\0b\0\0\0\n\0\0\0"s).find("UTF-32LE"), std::string::npos);
  EXPECT_EQ(refusal("a\n\xFF\xFE"), "");  // no mark: it is on the second line
}

TEST(LineReader, ANulByteIsRefusedWithItsLine) {
  EXPECT_NE(refusal("a\nb\0c\nd\n"s).find("[FILE:2] expected text, got a NUL byte"), std::string::npos);
  EXPECT_NE(refusal("\0"s).find("[FILE:1] expected text, got a NUL byte"), std::string::npos);
  EXPECT_NE(refusal(std::string(100'000, 'x') + "\ny\n\0\0"s).find("[FILE:3]"), std::string::npos);
}

TEST(LineReader, AFileWhoseLinesEndInCarriageReturnsAloneIsRefused) {
  const std::string expected = "[FILE:1] expected lines that end in LF, got CR alone";
  for (const std::string text : {"a\rb\rc\r", "a\rb", "\xEF\xBB\xBF\ra", "\r\r"})
    EXPECT_EQ(refusal(text).substr(0, expected.size()), expected) << text;
  // So is one that does not fit into memory: it is not read to its end.
  std::string large;
  while (large.size() < (20u << 20)) large += "a line of some length\r";
  EXPECT_EQ(refusal(large).substr(0, expected.size()), expected);
  EXPECT_EQ(refusal("a\rb\n"), "");
  EXPECT_EQ(refusal("a\nb\rc"), "");
}

TEST(LineReader, ArchivesAndDocumentsAreRefusedByName) {
  for (const auto& [content, name] :
       {std::pair{"PK\x03\x04...."s, "zip"},
        {"7z\xBC\xAF\x27\x1C..."s, "7z"},
        {"\x04\x22\x4D\x18..."s, "lz4"},
        {"Rar!\x1A\x07\x01"s, "rar"},
        {"\x1F\x9D\x90..."s, ".Z"},
        {"%PDF-1.7\n"s, "PDF"},
        {"name" + std::string(253, '\0') + "ustar\0"s, "tar"},
        {packed(packed("text")), "gzip data; unpack it first: gzip -dc FILE | gzip -dc"}}) {
    const std::string said = refusal(content);
    EXPECT_NE(said.find(name), std::string::npos) << name << ": " << said;
    EXPECT_EQ(said.rfind("[FILE:1] expected text, got ", 0), 0u) << said;
  }
  for (const std::string text :
       {"(", "P", "PK", "7z files", "Rar!", "BZh", "BZhello", "]", "LZIP", "%PDF", "P*M"})
    EXPECT_EQ(lines_of(text), Lines{text});
}

TEST(LineReader, InvalidUtf8IsReplacedAndCountedOrRefused) {
  const std::string content = "a\n\xE9t\xE9\nb\n\xC3\n";
  const TemporaryFolder folder;
  LineReader reader(folder.write("text", content));
  Lines lines;
  std::string marks;
  for (std::string line; reader.next(line);) lines.push_back(line), marks += reader.replaced() ? "x" : ".";
  EXPECT_EQ(lines, (Lines{"a", "\xEF\xBF\xBDt\xEF\xBF\xBD", "b", "\xEF\xBF\xBD"}));
  EXPECT_EQ(marks, ".x.x");
  EXPECT_EQ(reader.replaced_lines(), 2);
  EXPECT_EQ(reader.replaced_text(),
            "2 lines had invalid UTF-8, replaced by U+FFFD (first: " + folder.path("text") + ":2)");
  EXPECT_EQ(refusal(content, InvalidUtf8::kRefuse),
            "[FILE:2] expected UTF-8, got other bytes; convert it, if it is Latin-1: iconv -f LATIN1 -t "
            "UTF-8 FILE");
  EXPECT_EQ(refusal("\xC3\xA9\n", InvalidUtf8::kRefuse), "");
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

TEST(LineReader, EveryFormatIsUnpackedMemberByMember) {
  const TemporaryFolder folder;
  for (const Packing packing : packings()) {
    SCOPED_TRACE(static_cast<int>(packing));
    const std::string long_line(1'000'000, 'z');
    const std::string two = packed_by(packing, "a\nb") + packed_by(packing, "c\n" + long_line + "\n");
    EXPECT_EQ(lines_of(LineReader(folder.write("f", two))), (Lines{"a", "bc", long_line}));
    EXPECT_EQ(lines_of(LineReader(folder.write("f", packed_by(packing, "")))), Lines{});
    EXPECT_EQ(refusal(packed_by(packing, "a\0b\n"s)).rfind("[FILE:1] expected text, got a NUL byte", 0), 0u);
  }
  EXPECT_EQ(lines_of(LineReader(folder.write("f", packed("a\n") + std::string(512, '\0')))),
            Lines{"a"});  // a tape
}

// Cut off at every byte: never the shorter text.
TEST(LineReader, ATruncatedPackedFileIsAnErrorWhereverItEnds) {
  const TemporaryFolder folder;
  const std::string path = folder.path("f.gz");
  std::string text;
  for (int i = 0; i < 30; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  for (const Packing packing : packings()) {
    const std::string first = packed_by(packing, text), whole = first + packed_by(packing, text);
    for (size_t bytes = 0; bytes < whole.size(); ++bytes) {
      std::ofstream(path, std::ios::binary) << whole.substr(0, bytes);
      std::string said = "read to the end";
      try {
        LineReader reader(path);
        for (std::string line; reader.next(line);) continue;
      } catch (const DataError& error) {
        said = error.what();
      }
      // Text may be "(" or "BZh"; and the first member is whole.
      const bool is_text = bytes > 0 && bytes < 4 && whole.find_first_not_of("(BZh") >= bytes;
      EXPECT_EQ(said.rfind("[" + path, 0) != 0, is_text || bytes == first.size())
          << static_cast<int>(packing) << " at " << bytes << " of " << whole.size() << ": " << said;
    }
  }
}

TEST(LineReader, ADamagedPackedFileIsADataErrorThatNamesIt) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 20000; ++i) text += std::to_string(i * 7919 % 10007) + "\n";
  for (const Packing packing : packings()) {
    const std::string whole = packed_by(packing, text);
    std::string flipped = whole;
    flipped[whole.size() / 2] = static_cast<char>(flipped[whole.size() / 2] ^ 0x10);
    for (const auto& content : {whole.substr(0, whole.size() / 2), flipped, whole + "more"}) {
      const std::string path = folder.write("bad", content);
      try {
        LineReader reader(path);
        for (std::string line; reader.next(line);) continue;
        ADD_FAILURE() << "read to the end of " << content.size() << " of " << whole.size() << " bytes";
      } catch (const DataError& error) {
        EXPECT_NE(std::string(error.what()).find(path), std::string::npos) << error.what();
      }
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
  EXPECT_EQ(message(folder.path("none")),
            "cannot read " + folder.path("none") + ": No such file or directory (errno 2)");
  EXPECT_EQ(message(folder.path("")), "cannot read " + folder.path("") + ": Is a directory (errno 21)");
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

TEST(LineReader, ALineOfAPackedPipeIsGivenOutAsSoonAsItIsThere) {
  for (const Packing packing : packings()) {
    const TemporaryFolder folder;
    Pipe pipe(folder);
    EXPECT_FALSE(pipe.reader().has_line_ready());
    const std::string first = packed_by(packing, "first\n");
    pipe.write(first.substr(0, 3));
    EXPECT_FALSE(pipe.reader().has_line_ready());
    pipe.write(first.substr(3));
    std::string line;
    ASSERT_TRUE(pipe.reader().next(line));
    EXPECT_EQ(line, "first");
    EXPECT_FALSE(pipe.reader().has_line_ready());
    pipe.write(packed_by(packing, "second"));
    pipe.close();
    ASSERT_TRUE(pipe.reader().next(line));
    EXPECT_EQ(line, "second");
    EXPECT_FALSE(pipe.reader().next(line));
  }
}

TEST(LineReader, ARequestToStopEndsTheWaitForAPipe) {
  const TemporaryFolder folder;
  Pipe pipe(folder);
  std::string line;
  std::thread asks([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    request_interrupt(15);  // without a signal: as one that comes right before the wait begins
  });
  EXPECT_THROW(pipe.reader().next(line), Interrupted);
  asks.join();
  clear_interrupt();
}

TEST(TextReader, GivesTheLinesOfOneInputBehindTheOther) {
  const TemporaryFolder folder;
  TextReader reader("--input",
                    {folder.write("a", "1\n2"), folder.write("b", ""), folder.write("c", "\xFF\n")});
  Lines lines;
  for (std::string line; reader.has_line_ready() && reader.next(line);) lines.push_back(line);
  EXPECT_EQ(lines, (Lines{"1", "2", "\xEF\xBF\xBD"}));
  EXPECT_EQ(reader.replaced_texts().size(), 1u);
  EXPECT_THROW(TextReader("--input", {"-", "-"}), UsageError);
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
