#!/usr/bin/env python3
"""`dragoman evaluate` without a model: sacreBLEU's command lines give sacreBLEU's output; nothing is ignored silently.

The environment variable DRAGOMAN_PROGRAM names the program. tests/reference/make_sacrebleu_cases.py wrote what sacreBLEU prints.
Cases that need a dictionary are skipped, by name, where it is not installed.
"""

import concurrent.futures
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
REFERENCE = pathlib.Path(__file__).resolve().parents[1] / "reference"
CASES = json.loads((REFERENCE / "sacrebleu_cases.json").read_text(encoding="utf-8"))
MODEL_FILES = ["flores200sacrebleuspm", "sacrebleu_tokenizer_spm.model", "spbleu-1k_tokenizer_spm.model"]


def without_version(text):
    """Scores as lines without our version, and without the space that sacreBLEU puts before some of them."""
    return [re.sub(r"(version|v):[^ |\"]+", r"\1:V", line).strip() for line in text.splitlines()]


def as_list(text):
    """The scores of a JSON output: sacreBLEU prints one alone without a list around it."""
    entries = json.loads(text)
    entries = entries if isinstance(entries, list) else [entries]
    for entry in entries:
        for key in ("version", "signature"):
            entry.pop(key, None)
        for metric in entry.values():
            if isinstance(metric, dict):
                metric.pop("signature", None)
                for key, value in metric.items():  # sacreBLEU sums samples in 32 bits
                    metric[key] = value if value is None else round(value, 4)
    return entries


def in_parallel(call, items):
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(call, items))


class EvaluateTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not PROGRAM:
            raise RuntimeError("DRAGOMAN_PROGRAM must name the program under test")
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-evaluate-"))
        for name, lines in CASES["files"].items():
            (cls.folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        (cls.folder / "models").mkdir()
        for name in MODEL_FILES:
            shutil.copy(REFERENCE / "pieces.spm", cls.folder / "models" / name)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def call(self, *arguments, stdin=b"", **environment):
        return subprocess.run([PROGRAM, "evaluate", *map(str, arguments)], input=stdin, capture_output=True, cwd=self.folder,
                              timeout=60, check=False, env={**os.environ, "SACREBLEU": str(self.folder), **environment})

    def file(self, name):
        return (self.folder / name).read_bytes()

    def write(self, name, content):
        (self.folder / name).write_bytes(content)
        return name

    def printed(self, *arguments, **more):
        done = self.call(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stdout.decode()

    def warned(self, *arguments, **more):
        done = self.call(*arguments, **more)
        self.assertEqual(done.returncode, 0, done.stderr.decode())
        return done.stderr.decode()

    def refused(self, code, pieces, *arguments, **more):
        self.check_refused(self.call(*arguments, **more), code, pieces)

    def check_refused(self, done, code, pieces):
        last = (done.stderr.decode().splitlines() or [""])[-1]
        self.assertEqual(done.returncode, code, last)
        self.assertTrue(last.startswith("dragoman: error: ["), last)
        for piece in pieces:
            self.assertIn(piece, last)
        self.assertEqual(done.stdout, b"")


class SacreBleu(EvaluateTest):
    def test_its_command_lines_print_what_it_prints(self):
        def run(case):
            return self.call(*case["arguments"].split(), stdin=self.file(case["stdin"]) if case["stdin"] else b"")
        skipped = []
        for case, done in zip(CASES["commands"], in_parallel(run, CASES["commands"])):
            words = case["arguments"].split()
            if done.returncode == 2 and re.search(rb"\[--tokenize (ja|ko)-mecab\] expected .* install", done.stderr):
                skipped.append(case["arguments"])
                continue
            with self.subTest(arguments=case["arguments"]):
                self.assertEqual(done.returncode, 0, done.stderr.decode())
                if "json" in words:
                    self.assertEqual(as_list(done.stdout), as_list(case["stdout"]))
                else:
                    self.assertEqual(without_version(done.stdout.decode()), without_version(case["stdout"]))
        if skipped:
            self.skipTest(f"no MeCab for: {'; '.join(skipped)}")

    def test_its_variables_count_where_no_flag_says_otherwise(self):
        plain = ["ref.de", "-i", "hyp.de", "-m", "bleu"]
        self.assertEqual(json.loads(self.printed(*plain, SACREBLEU_FORMAT="json"))[0]["name"], "BLEU")
        self.assertTrue(self.printed(*plain, "-f", "text", SACREBLEU_FORMAT="json").startswith("BLEU|"))
        interval = [self.printed(*plain, "-ci", "-cin", "50", SACREBLEU_SEED=seed) for seed in ("1", "2")]
        self.assertNotEqual(*interval)
        self.assertEqual(self.printed(*plain, "-ci", "-cin", "50", "--seed", "2", SACREBLEU_SEED="1"), interval[1])

    def test_what_it_has_and_evaluate_has_not_is_refused_with_what_there_is(self):
        for words, pieces in [(["-t", "wmt14", "-l", "en-de"], ["[-t]", "not downloaded"]),
                              (["--list"], ["[--list]", "not downloaded"]),
                              (["ref.de", "--echo", "src"], ["[--echo]"]),
                              (["ref.de", "-i", "hyp.de", "-e", "latin-1"], ["[-e]", "UTF-8"]),
                              (["ref.de", "-i", "hyp.de", "--encoding=utf-8"], ["[--encoding]"]),
                              (["ref.de", "-i", "hyp.de", "-j", "4"], ["[-j]"]),
                              (["ref.de", "-i", "hyp.de", "-f", "latex"], ["[--output-format]", "text, json"]),
                              (["ref.de", "-i", "hyp.de", "-l", "de"], ["[--language-pair]", "en-ja", "'de'"]),
                              (["ref.de", "-i", "hyp.de", "-tok", "13b"], ["[--tokenize]", "flores200", "'13b'"])]:
            with self.subTest(words=words):
                self.refused(2, pieces, *words)

    def test_the_letters_that_mean_two_things(self):
        self.refused(2, ["[--beam-size]", "--source"], "ref.de", "-i", "hyp.de", "-b", "4")
        self.refused(2, ["[-m]", "bleu, chrf", "model folder with --source", "'some-folder'"], "ref.de", "-m", "some-folder", "-i", "hyp.de")
        self.refused(2, ["[--metrics]", "ser", "'wer'"], "ref.de", "-m", "wer", "-i", "hyp.de")
        self.assertEqual(self.printed("ref.de", "-i", "hyp.de", "-m", "BLEU", "chrF"), self.printed("ref.de", "-i", "hyp.de", "-m", "bleu", "chrf"))
        self.assertEqual(self.printed("ref.de", "-i", "hyp.de", "-m", "chrf", "-b", "-w", "1"), "75.3\n")
        (self.folder / "chrf").mkdir()
        self.refused(2, ["[--source]"], "ref.de", "-m", "chrf", "-i", "hyp.de")  # a folder of that name is a model
        (self.folder / "chrf").rmdir()

    def test_words_without_a_flag_are_references_wherever_they_stand(self):
        expected = self.printed("--reference", "ref.de", "--reference", "ref2.de", "--hypothesis", "hyp.de")
        for words in (["ref.de", "ref2.de", "--hypothesis", "hyp.de"], ["--hypothesis", "hyp.de", "ref.de", "ref2.de"],
                      ["ref.de", "--metrics", "bleu,chrf", "ref2.de", "--hypothesis=hyp.de"],
                      ["--hypothesis", "hyp.de", "--lowercase=false", "ref.de", "--reference=ref2.de"]):
            self.assertEqual(self.printed(*words), expected, words)
        self.assertEqual(self.printed("ref.de", "ref2.de", stdin=self.file("hyp.de")), expected)
        self.assertEqual(self.printed("-i", "hyp.de", "--", "ref.de", "ref2.de"), expected)
        self.assertEqual(self.printed("-i", "hyp.de", "-m", "bleu", "-b", "--", "ref.de"), self.printed("ref.de", "-i", "hyp.de", "-m", "bleu", "-b"))
        self.assertEqual(self.printed("-", "ref2.de", "-i", "hyp.de", stdin=self.file("ref.de")), expected)

    def test_a_word_behind_an_unknown_flag_is_no_reference(self):
        self.refused(2, ["[--smooth-methode]", "--smooth-method"], "ref.de", "-i", "hyp.de", "--smooth-methode", "floor")

    def test_a_file_name_may_hold_a_comma(self):
        self.write("ref,1.de", self.file("ref.de"))
        self.assertEqual(self.printed("--reference", "ref,1.de", "-i", "hyp.de"), self.printed("ref.de", "-i", "hyp.de"))


class Checks(EvaluateTest):
    def test_counts_that_differ_are_refused_by_the_names_of_the_files(self):
        self.write("short.de", b"a\nb\n")
        self.refused(3, ["[short.de]", "6 lines", "hyp.de", "got 2"], "short.de", "-i", "hyp.de")
        self.refused(3, ["[short.de]", "as many as in hyp.de", "got 2"], "ref.de", "short.de", "-i", "hyp.de")
        self.refused(3, ["[short.de]", "as many as in hyp.de"], "ref.de", "-i", "hyp.de", "short.de")
        self.refused(3, ["[ref.de]", "1 line, as many as in standard input", "got 6"], "ref.de", stdin=b"one\n")
        self.write("empty", b"")
        self.refused(3, ["[empty]", "at least one line"], "empty", "-i", "empty")

    def test_columns_that_are_missing_are_refused_by_line(self):
        self.write("three.de", b"a\tb\nc\td\te\nf\n")
        self.write("h", b"a\nb\nc\n")
        self.refused(3, ["[three.de:3]", "expected 2", "got 1"], "three.de", "-nr", "2", "-i", "h")
        self.refused(3, ["[three.de:1]", "expected 3", "got 2"], "three.de", "-nr", "3", "-i", "h")
        self.refused(2, ["[--num-refs]", "one file", "got 2"], "ref.de", "ref2.de", "-nr", "2", "-i", "hyp.de")
        self.refused(3, ["[standard input:2]", "2 systems", "got 1"], "h", stdin=b"a\tb\nc\nd\te\n")

    def test_nothing_to_score_is_refused(self):
        self.refused(2, ["[--reference]"], "-i", "hyp.de")
        self.refused(2, ["[--hypothesis]", "standard input"], "ref.de")
        self.refused(2, ["[--reference]", "got two"], "-", stdin=b"a\n")
        self.refused(2, ["[--reference]", "got two"], "ref.de", "-i", "-", "-", stdin=b"a\n")

    def test_a_file_that_is_not_there_is_named(self):
        done = self.call("ref.de", "-i", "nothing-here")
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"nothing-here", done.stderr.splitlines()[-1])

    def test_flags_without_effect_are_refused_by_name(self):
        one, two = ["ref.de", "-i", "hyp.de"], ["ref.de", "-i", "hyp.de", "hyp2.de"]
        cases = [
                ([*one, "--save-hypothesis", "never"], ["[--save-hypothesis]", "--source"]),
                ([*one, "--source", "hyp.de"], ["[--source]"]),
                ([*one, "--beam-size", "4"], ["[--beam-size]"]),
                ([*one, "--sample"], ["[--sample]"]),
                ([*one, "--split-sentences"], ["[--split-sentences]"]),
                ([*one, "--precision", "int8"], ["[--precision]"]),
                ([*one, "--workers", "2"], ["[--workers]"]),
                ([*one, "--device", "cpu"], ["[--device]"]),
                ([*one, "--seed", "2"], ["[--seed]", "--confidence"]),
                ([*one, "--n-best", "2"], ["[--n-best]", "one translation"]),
                ([*one, "--max-batch-lines", "2"], ["[--max-batch-lines]", "--max-tokens"]),
                ([*one, "--paired-bs"], ["[--paired-bs]", "got one"]),
                ([*one, "--paired-ar"], ["[--paired-ar]", "got one"]),
                ([*two, "--paired-bs", "--paired-ar"], ["[--paired-bs]"]),
                ([*two, "--paired-bs-n", "50"], ["[--paired-bs-n]"]),
                ([*two, "--paired-bs", "--paired-ar-n", "50"], ["[--paired-ar-n]"]),
                ([*two, "--paired-bs", "--confidence-n", "50"], ["[--confidence-n]", "--paired-bs-n"]),
                ([*one, "--confidence-n", "50"], ["[--confidence-n]", "--confidence"]),
                ([*one, "--name", "a"], ["[--name]"]),
                ([*one, "-m", "chrf", "--tokenize", "zh"], ["[--tokenize]", "bleu"]),
                ([*one, "-m", "chrf", "-lc"], ["[--lowercase]", "bleu"]),
                ([*one, "-m", "chrf", "--force"], ["[--force]"]),
                ([*one, "-m", "bleu", "--chrf-word-order", "2"], ["[--chrf-word-order]", "chrf"]),
                ([*one, "--ter-normalized"], ["[--ter-normalized]", "ter"]),
                ([*one, "--smooth-value", "2"], ["[--smooth-value]", "add-k"]),
                ([*one, "--tokenizer-model", "x"], ["[--tokenizer-model]", "flores200"]),
                ([*one, "--short", "-f", "json"], ["[--short]"]),
                ([*two, "--score-only"], ["[--score-only]", "got 2"]),
                ([*one, "--sentence-level", "-m", "bleu", "chrf"], ["[--sentence-level]", "one of --metrics"]),
                ([*two, "--sentence-level"], ["[--sentence-level]", "one system"]),
                ([*one, "--sentence-level", "--confidence"], ["[--sentence-level]", "--confidence"])]
        for (words, pieces), done in zip(cases, in_parallel(lambda case: self.call(*case[0]), cases)):
            with self.subTest(words=words):
                self.check_refused(done, 2, pieces)
        self.refused(2, ["[--score-only]"], "ref.de", "-b", stdin=self.file("systems.de"))
        self.refused(2, ["[--sentence-level]"], "ref.de", "-sl", stdin=self.file("systems.de"))
        self.refused(2, ["[--paired-bs]", "got one"], "ref.de", "-pbs", stdin=self.file("hyp.de"))
        self.assertFalse((self.folder / "never").exists())
        self.printed(*one, "--threads", "1")  # a limit, and kept


class Words(EvaluateTest):
    def test_text_without_spaces_is_warned_of_unless_a_tokenizer_is_given(self):
        for language, advice in [("ja", "ja-mecab"), ("zh", "--tokenize zh")]:
            reference = f"ref.{language}"
            warning = self.warned(reference, "-i", f"hyp.{language}")
            self.assertIn(f"warning: {reference}: no spaces between words", warning)
            self.assertIn(advice, warning)
            for quiet in (["-tok", "char"], ["-tok", "13a"], ["-m", "chrf"], ["-q"]):
                self.assertEqual(self.warned(reference, "-i", f"hyp.{language}", *quiet), "", quiet)
        self.assertEqual(self.warned("ref.de", "-i", "hyp.de"), "")
        self.assertEqual(self.warned("ref.ko", "-i", "hyp.ko"), "")  # Korean has spaces
        self.assertEqual(self.warned("ref.zh", "-i", "hyp.zh", "-l", "en-zh"), "")
        self.assertIn("--tokenize zh", self.warned("ref.zh", "-i", "hyp.zh", "-l", "en-zh", "-tok", "13a"))
        self.write("names", b"Anna\nBert\nCarla\nDoris\n")
        self.assertIn("about two words per line", self.warned("names", "-i", "names"))

    def test_tokenised_text_is_warned_of_from_a_hundred_lines_on(self):
        self.write("tok99", b"Das ist es .\n" * 99 + b"Ja.\n")
        self.write("tok100", b"Das ist es .\n" * 100)
        self.assertEqual(self.warned("tok100", "-i", "tok99"), "")
        self.assertRegex(self.warned("tok99", "-i", "tok100"), r"warning: tok100: 100 lines end in a tokenised period")
        for quiet in (["--force"], ["-tok", "none"], ["-q"], ["-m", "chrf"]):
            self.assertEqual(self.warned("tok99", "-i", "tok100", *quiet), "", quiet)

    def test_a_dictionary_that_is_missing_is_refused_saying_where_it_comes_from(self):
        (self.folder / "nothing").mkdir()
        for name, piece in [("ja-mecab", "mecab-ipadic-utf8"), ("ko-mecab", "sacrebleu[ko]")]:
            self.refused(2, [f"[--tokenize {name}]", piece, "got none in nothing"], "ref.ja", "-i", "hyp.ja", "-tok", name,
                         "--tokenizer-model", "nothing")
        self.refused(2, ["[--tokenize flores200]", "flores200sacrebleuspm", "https://"], "ref.ja", "-i", "hyp.ja", "-tok", "flores200",
                     SACREBLEU=str(self.folder / "nothing"))
        given = self.printed("ref.ja", "-i", "hyp.ja", "-tok", "flores200", "--tokenizer-model", REFERENCE / "pieces.spm",
                             SACREBLEU=str(self.folder / "nothing"))
        self.assertEqual(given, self.printed("ref.ja", "-i", "hyp.ja", "-tok", "flores200"))
        (self.folder / "nothing").rmdir()

    def test_a_file_that_is_no_model_is_refused(self):
        self.refused(4, ["ref.ja"], "ref.ja", "-i", "hyp.ja", "-tok", "flores200", "--tokenizer-model", "ref.ja")


class ErrorRates(EvaluateTest):
    def test_count_wrong_lines_and_edits_of_tokens(self):
        self.write("said", "k ae t\nd ao g\n\nb er d z\n".encode())
        self.write("listed", "k ae t\nd aa g\nf ih sh\nb er d\n".encode())
        self.write("also", "k ae t s\nd  ao g\n\n\n".encode())
        lines = self.printed("listed", "-i", "said", "--metrics", "ser,per").splitlines()
        self.assertRegex(lines[0], r"^PER\|nrefs:1\|.* = 41\.67 \(5 edits of 12 tokens\)$")
        self.assertRegex(lines[1], r"^SER\|nrefs:1\|.* = 75\.00 \(3 of 4 lines\)$")
        # A blank line among several references does not count as a reference: the empty answer is still wrong.
        self.assertRegex(self.printed("listed", "also", "-i", "said", "--metrics", "ser"), r" = 50\.00 \(2 of 4 lines\)")

    def test_wer_is_explained_because_it_means_two_things(self):
        self.refused(2, ["[--metrics]", "ser", "per", "'wer'"], "ref.de", "-i", "hyp.de", "--metrics", "wer")


if __name__ == "__main__":
    unittest.main()
