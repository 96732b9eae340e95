#!/usr/bin/env python3
"""Lines out = lines in, whatever is in them: properties of the program over generated text.

The text is made of what breaks other programs: white space of all kinds, CR, separators that are no line feeds,
byte-order marks, ill-formed UTF-8, emoji sequences, right-to-left and decomposed letters, long words. Uses the model
and the helpers of command_test.py; DRAGOMAN_PROGRAM names the program.
"""

import gzip
import json
import random
import re
import unittest

import command_test
from command_test import CommandTest, Shared, as_bytes, call

setUpModule = command_test.setUpModule
tearDownModule = command_test.tearDownModule

TIE = 1e-5  # hypotheses whose scores are this near may change places when matrix products round otherwise
SEARCH = ["--beam-size", "2", "--max-length", "8"]
BOM = b"\xef\xbb\xbf"

WORDS = [word.encode() for word in "ba ke lo mi nu sch tür ön wa ze fra gen".split()]
SPACES = [b" ", b"  ", b"\t", b"\xc2\xa0", b"\xe3\x80\x80", b"\xe2\x80\x89", b"\x1c", b"\v", b"\f"]
SEPARATORS = [b"\r", b"\r\r", b"\xc2\x85", b"\xe2\x80\xa8", b"\xe2\x80\xa9", b"\x01", BOM]
ILL_FORMED = [b"\xff", b"\xfe\xff", b"\xc3(", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80",
              b"\x80", b"\xfc\x80\x80\x80\x80\x80"]
LETTERS = [text.encode() for text in ("👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇩🇪", "1️⃣", "שלום", "مرحبا", "\u202eba\u202c", "to\u0308r", "e\u0301\u0323", "\u1112\u1161\u11ab",
                                      "ﷺ", "ｆｕｌｌ", "ß", "\u200b", "\u00ad", "\ufffd", "\uffff", "\U0010ffff", "\ue000", "\U000e0041",
                                      "</s>", "<unk>", "<pad>", ">>de<<", "|||", "▁", "<0x0A>", "\"", "\\")]
KINDS = [WORDS] * 6 + [SPACES] * 3 + [SEPARATORS, ILL_FORMED, LETTERS, LETTERS]


def odd_line(chance):
    length = chance.choice([0, 0, 1, 1, 2, 5, 10, 40])
    return b"".join(chance.choice(chance.choice(KINDS)) for _ in range(length))


def odd_text(seed):
    """Bytes of a file, with or without a byte-order mark, CRs before its line feeds, and a last line feed."""
    chance = random.Random(seed)
    lines = [odd_line(chance) for _ in range(chance.choice([1, 2, 20, 60]))]
    end = chance.choice([b"\n", b"\n", b"\r\n"])
    text = end.join(lines) + chance.choice([b"", end, end])
    # What begins as UTF-16 does, and lines that end in CR alone, are refused (text_test.py).
    if text.startswith((b"\xff\xfe", b"\xfe\xff")) or (b"\r" in text and b"\n" not in text):
        text = b"ba\n" + text
    return chance.choice([b"", b"", BOM]) + text


def lines_of(content):
    """The lines by the rules of docs and design: ended by LF alone, one CR before it cut, a first BOM dropped."""
    content = content.removeprefix(BOM)
    lines = content.split(b"\n")
    ended, last = lines[:-1], lines[-1]
    return [line.removesuffix(b"\r") for line in ended] + ([last] if last else [])


def is_valid(line):
    try:
        line.decode()
        return True
    except UnicodeDecodeError:
        return False


class Lines(CommandTest):
    def rows(self, content, *flags):
        """JSON objects and the text of stderr for this input."""
        result = call("translate", "--model", Shared.model, *SEARCH, "--threads", "1", "--output-format", "json", *flags,
                      stdin=content)
        rows = self.done(result).decode().split("\n")  # not splitlines(): that is what this is about
        self.assertEqual(rows.pop(), "")
        return [json.loads(row) for row in rows], result.stderr.decode()

    def test_generated_text_gives_a_line_for_each_line_and_counts_what_happened(self):
        for seed in range(25):
            with self.subTest(seed=seed):
                content = odd_text(seed)
                lines = lines_of(content)
                rows, log = self.rows(content, "--max-source-length", "16")
                self.assertEqual([row["line"] for row in rows], list(range(len(lines))))
                for row, line in zip(rows, lines):
                    self.assertEqual(row["source"], line.decode(errors="replace"))
                    self.assertFalse(set(row["translation"]) & set("\n\r"), row)
                    if not line.strip():
                        self.assertEqual((row["status"], row["translation"]), ("empty", ""))

                def counted(pattern):
                    found = re.search(r"^warning: (\d+) lines? " + pattern, log, re.MULTILINE)
                    return int(found.group(1)) if found else 0
                self.assertEqual(counted("had invalid UTF-8"), sum(not is_valid(line) for line in lines))
                for status, pattern in (("empty", "had no text"), ("truncated", "reached the length limit"),
                                        ("looped", "had a translation that repeats itself")):
                    self.assertEqual(counted(pattern), sum(row["status"] == status for row in rows), status)
                self.assertGreaterEqual(counted("had more tokens"), sum(row["status"] == "split" for row in rows))

    def test_plain_text_has_the_same_lines(self):
        for seed in range(100, 106):
            with self.subTest(seed=seed):
                content = odd_text(seed)
                rows, _ = self.rows(content)
                out = self.done(call("translate", "--model", Shared.model, *SEARCH, "--threads", "1", stdin=content))
                self.assertEqual(out.decode().split("\n"), [row["translation"] for row in rows] + [""])

    def test_the_tokenizer_keeps_the_lines_too(self):
        for seed in range(200, 210):
            content = odd_text(seed)
            for command, kind in (("encode", "ids"), ("encode", "pieces"), ("decode", "pieces")):
                with self.subTest(seed=seed, command=command, kind=kind):
                    out = self.done(call("tokenizer", command, "--model", Shared.model, "--output-format", kind, stdin=content))
                    self.assertEqual(out.count(b"\n"), len(lines_of(content)))
                    out.decode()

    def test_check_and_evaluate_take_any_text(self):
        for seed in range(300, 310):
            with self.subTest(seed=seed):
                first, second = self.write("first", odd_text(seed)), self.write("second", odd_text(seed + 1000))
                for arguments in (["--source", first, "--target", second], ["--pairs", first]):
                    result = call("check", *arguments, "--model", Shared.model, "--output-format", "json")
                    self.assertIn(result.returncode, (0, 3), result.stderr)
                    report = json.loads(result.stdout)
                    self.assertEqual(report["trustworthy"], result.returncode == 0)
                count = len(lines_of(first.read_bytes()))
                result = call("evaluate", "--hypothesis", first, "--reference", first, "--metrics", "bleu,chrf,ter")
                valid = all(is_valid(line) for line in lines_of(first.read_bytes()))
                self.assertEqual(result.returncode, 0 if count and valid else 3, result.stderr)

    def test_a_million_bytes_without_a_space_are_a_line(self):
        for word in (b"x", "ü".encode(), b"ba", b"\xff", "👩‍👩‍👧‍👦".encode()):
            with self.subTest(word=word):
                content = b"ba ke\n" + word * (1_000_000 // len(word)) + b"\nke ba"
                result = call("translate", "--model", Shared.model, "--threads", "1", "--beam-size", "1", "--max-length", "1",
                              stdin=content)
                self.assertEqual(self.done(result).count(b"\n"), 3)
                if word in (b"ba", "ü".encode()):  # the tokenizer knows these: many tokens, not one <unk>
                    self.assertIn(b"warning: 1 line had more tokens than --max-source-length", result.stderr)

    def test_the_way_of_the_text_in_does_not_matter(self):
        for seed in (400, 401, 402):
            content = odd_text(seed)
            expected, _ = self.rows(content)
            path, packed = self.write("text", content), self.write("packed", gzip.compress(content))
            for flags in (["--input", path], ["--input", packed]):
                self.assertEqual(self.rows(b"", *flags)[0], expected, (seed, flags))

    def test_the_text_of_a_line_is_its_own(self):
        """The same for every batch, thread and worker; a line whose best two hypotheses tie may differ, and is printed."""
        content = b"\n".join(lines_of(b"\n".join(odd_text(seed) for seed in range(500, 506))))
        content += b"\n" + as_bytes(" ".join(line).encode() for line in zip(*[iter(command_test.generated_lines(60, 7))] * 2))
        expected, _ = self.rows(content)
        self.assertGreater(len({row["candidates"][0]["score"] for row in expected}), 30)
        ways = [["--max-tokens", "1"], ["--max-tokens", "40"], ["--max-tokens", "1000"], ["--max-batch-lines", "1"],
                ["--max-batch-lines", "7"], ["--threads", "2"], ["--threads", "2", "--max-tokens", "64"]]
        if b"--workers" in call("translate", "--help").stdout:
            ways += [["--workers", "2"], ["--workers", "3", "--max-tokens", "64"]]
        for way in ways:
            with self.subTest(way=way):
                rows, _ = self.rows(content, *way)
                self.assertEqual(len(rows), len(expected))
                for row, wanted in zip(rows, expected):
                    gap = abs(row["candidates"][0]["score"] - wanted["candidates"][0]["score"])
                    self.assertLessEqual(gap, TIE, (row, wanted))
                    if row["translation"] != wanted["translation"]:
                        print(f"{way}: line {row['line']} ties (scores differ by {gap:.1e}): {row['source']!r}")

    def test_files_without_lines_and_without_text(self):
        for content, count in ((b"", 0), (BOM, 0), (b"\n", 1), (b"\r\n", 1), (b"\r", 1), (BOM + b"\n\n", 2), (b"\x01", 1), (b"ba", 1),
                               (BOM + BOM, 1)):
            with self.subTest(content=content):
                self.assertEqual(len(self.rows(content)[0]), count)
                self.assertEqual(len(lines_of(content)), count)


if __name__ == "__main__":
    unittest.main()
