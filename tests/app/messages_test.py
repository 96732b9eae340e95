#!/usr/bin/env python3
"""What train does with text before the first update, its warnings and progress, and what the command line says of flags
that it does not have.

The environment variable DRAGOMAN_PROGRAM names the program. Models are tiny and trained on generated text.
"""

import fcntl
import json
import os
import pathlib
import pty
import random
import re
import select
import shutil
import struct
import subprocess
import tempfile
import termios
import time
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
ROOT = pathlib.Path(__file__).resolve().parents[2]
PATIENCE = 120

TINY = ["--preset", "tiny", "--d-model", "16", "--encoder-layers", "1", "--decoder-layers", "1", "--encoder-ffn-dim", "32",
        "--decoder-ffn-dim", "32", "--vocab-size", "80", "--warmup", "2", "--learning-rate", "0.01", "--threads", "1",
        "--tensorboard=false"]


def call(*arguments, stdin=b"", folder=None):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          cwd=folder, timeout=PATIENCE, check=False)


def sentences(count, seed=1):
    chance = random.Random(seed)
    words = ["".join(chance.choices("ba ke lo mi nu wa ze".split(), k=chance.randint(1, 3))) for _ in range(40)]
    return [" ".join(chance.choices(words, k=chance.randint(2, 8))) + "." for _ in range(count)]


def on_terminal(arguments, columns, seconds=60):
    """What the program writes to standard error when that is a terminal of so many columns."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave) as process:
        os.close(slave)
        written, end = b"", time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([master], [], [], 0.1)[0]:
                continue
            try:
                part = os.read(master, 65536)
            except OSError:  # the last writer has gone
                break
            if not part:
                break
            written += part
        process.wait(timeout=PATIENCE)
    os.close(master)
    return written.decode(errors="replace")


class MessagesTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-messages-"))
        self.addCleanup(shutil.rmtree, self.folder)

    def write(self, name, lines):
        path = self.folder / name
        path.write_bytes(b"".join((line if isinstance(line, bytes) else line.encode()) + b"\n" for line in lines))
        return path

    def train(self, source, target, *more, model="m", shape=None, code=0):
        result = call("train", "--train-source", self.write("text.src", source), "--train-target", self.write("text.tgt", target),
                      "--model", self.folder / model, *(TINY if shape is None else shape), "--valid-every", "0", *more)
        self.assertEqual(result.returncode, code, result.stderr.decode(errors="replace"))
        return result.stderr.decode()

    def refused(self, arguments, *pieces):
        result = call(*arguments)
        last = result.stderr.decode(errors="replace").splitlines()[-1]
        self.assertEqual(result.returncode, 2, last)
        self.assertTrue(last.startswith("dragoman: error: ["), last)
        for piece in pieces:
            self.assertIn(piece, last)


class PeersFlags(MessagesTest):
    def test_of_the_same_meaning_work(self):
        for flag in ("--num-beams", "--num_beams", "--beam", "--beam_size"):
            self.refused(["translate", flag, "0"], "[--beam-size]", "at least 1")
        for flag, name in (("--valid-freq", "valid-every"), ("--patience", "early-stopping"), ("--save_steps", "save-every"),
                           ("--disp-freq", "log-every"), ("--optimizer-delay", "accumulate"), ("--max_steps", "max-updates"),
                           ("--learn-rate", "learning-rate"), ("--warmup_steps", "warmup"), ("--dim-emb", "d-model"),
                           ("--normalization_rule_name", "normalization"), ("--cpu-threads", "threads")):
            self.refused(["train", flag, "nonsense"], f"[--{name}]")

    def test_of_another_meaning_are_answered_by_what_to_use(self):
        for command, flag, *pieces in (
                ("train", "--fp16", "--precision float16"), ("train", "--bf16", "--precision bfloat16"),
                ("train", "--batch-size=32", "--max-tokens", "tokens"), ("train", "--mini-batch", "--max-tokens"),
                ("train", "--train-sets", "--train-source", "--train-target"), ("train", "--optimizer", "Adam"),
                ("train", "--save-dir", "--model"), ("train", "--resume", "same command"), ("train", "--arch", "--preset"),
                ("translate", "--fp16", "--precision float16"), ("translate", "--batch-size", "--max-tokens"),
                ("translate", "--tgt_lang", "--target-language"), ("translate", "--cpu", "--device cpu"),
                ("translate", "--max-len-b", "--max-length"), 
                ("translate", "-n", "--length-penalty"), ("train", "-e", "--max-epochs"), ("train", "-d", "--device")):
            name = flag.split("=", maxsplit=1)[0]
            self.refused([command, flag], f"[{name}]", f"got '{name}'", *pieces)

    def test_with_one_dash_are_told_of_the_other(self):
        for flag in ("-beam_size", "-num_beams", "-n-best", "-input"):
            self.refused(["translate", flag, "5"], f"[{flag}]", "two dashes", "--" + flag[1:].replace("_", "-"))

    def test_of_another_command_name_it(self):
        self.refused(["translate", "--max-updates", "5"], "it is a flag of dragoman train")
        self.refused(["inspect", "--beam-size", "5"], "dragoman translate", "dragoman evaluate")
        self.refused(["translate", "--valid-freq", "5"], "it is a flag of dragoman train")

    def test_a_value_may_look_like_a_flag(self):
        result = call("translate", "--model", "-src")
        self.assertEqual(result.returncode, 4, result.stderr)  # the folder is not there

    def test_the_table_names_flags_that_exist(self):
        page = (ROOT / "docs/options.md").read_text(encoding="utf-8")
        ours = set(re.findall(r"^\| `(?:-\w, )?--([a-z0-9-]+)", page, re.MULTILINE))
        rows = re.findall(r'^ +\{"([^"]+)",\s+"([^"]*)",', (ROOT / "app/peer_flags.cpp").read_text(encoding="utf-8"), re.MULTILINE)
        self.assertGreater(len(rows), 200)
        for theirs, mine in rows:
            self.assertIn(mine, ours | {""}, theirs)


class Help(MessagesTest):
    def test_fits_the_terminal(self):
        for columns in (60, 80, 100, 200):
            for arguments in (["--help"], ["train", "--help"], ["evaluate", "--help"], ["tokenizer", "train", "--help"]):
                text = on_terminal(arguments, columns)
                widest = max(text.replace("\r", "").splitlines(), key=len)
                self.assertLessEqual(len(widest), min(columns, 100), widest)
        self.assertGreater(len(on_terminal(["train", "--help"], 60)), len(on_terminal(["train", "--help"], 200)))

    def test_its_commands_are_still_commands(self):
        text = on_terminal(["train", "--help"], 60).replace("\r", "")
        examples = text.split("Examples\n")[1].split("\n\n")[0].replace(" \\\n    ", " ")
        for line in examples.splitlines():
            self.assertTrue(line.startswith("  dragoman train --"), line)


class Progress(MessagesTest):
    def test_is_never_as_wide_as_the_terminal(self):
        lines = sentences(60)
        for columns in (20, 40, 80):
            text = on_terminal(["train", "--train-source", self.write("s", lines), "--train-target", self.write("t", lines), "--model",
                                self.folder / f"m{columns}", *TINY, "--valid-every", "0", "--max-updates", "200", "--log-every", "1"], columns)
            shown = [part for part in re.split(r"[\r\n]", text) if part.lstrip().startswith(("epoch", "update"))]
            self.assertGreater(len(shown), 50)
            self.assertLess(max(map(len, shown)), columns)

    def test_comes_by_time_where_updates_are_few(self):
        lines = sentences(60)
        text = self.train(lines, lines, "--max-updates", "1000000", "--max-time", "7s", "--log-every", "1000000")
        self.assertGreaterEqual(len(re.findall(r"^epoch \d+  update ", text, re.MULTILINE)), 2, text)  # at 5 s, and the last
        log = [json.loads(line) for line in (self.folder / "m/train.log.jsonl").read_text().splitlines()]
        self.assertEqual(sum(line["kind"] == "train" for line in log), 1)  # the file has the last alone

    def test_the_time_left_is_that_of_the_limit_which_ends_the_run(self):
        lines = sentences(60)
        text = self.train(lines, lines, "--max-epochs", "40", "--log-every", "10")
        left = re.findall(r"(\d+):(\d\d) left", text)
        self.assertGreaterEqual(len(left), 2, text)
        for minutes, _ in left:  # --max-updates 100000 would take many
            self.assertEqual(minutes, "0", text)

    def test_control_characters_of_samples_are_shown_not_obeyed(self):
        lines = [line + " \x1b[31m\x07" for line in sentences(60)]
        valid = [line + " \x1b]0;title\x07\xc2\x9b".encode("latin-1").decode("latin-1") for line in sentences(5, 2)]
        result = call("train", "--train-source", self.write("s", lines), "--train-target", self.write("t", lines), "--valid-source",
                      self.write("vs", valid), "--valid-target", self.write("vt", valid), "--model", self.folder / "m", *TINY,
                      "--max-updates", "4", "--valid-every", "2")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn(b"reference", result.stderr)
        self.assertIn(b"\\x1B]0;title\\x07", result.stderr)
        self.assertFalse(set(result.stderr) & (set(range(32)) - {9, 10}), result.stderr)
        self.assertFalse(set(call("train", "--model\x1b[31m", "x").stderr) & {0x1b})


class Schedule(MessagesTest):
    def test_a_run_that_ends_in_its_warmup_is_reported(self):
        lines = sentences(60)
        text = self.train(lines, lines, "--warmup", "4000", "--max-updates", "20")
        self.assertIn("warning: --max-updates 20 ends the run after 20 updates, within the warm-up of 4,000", text)
        self.assertNotIn("warm-up", self.train(lines, lines, "--warmup", "4", "--max-updates", "20", model="m2"))

    def test_a_fall_that_is_not_reached_is_reported(self):
        lines = sentences(60)
        for limit in (["--max-epochs", "5"], ["--max-time", "2s"]):
            text = self.train(lines, lines, "--schedule", "linear", *limit, model=limit[0][2:])
            self.assertRegex(text, r"warning: --schedule linear falls to 0 at --max-updates 100000, but " + limit[0])
            self.assertIn("give --max-updates", text)
        self.assertNotIn("falls to 0", self.train(lines, lines, "--schedule", "linear", "--max-updates", "20", model="fits"))


class Normalization(MessagesTest):
    LINES = ["値段は１２３円（税込）です！", "他说：“你好，世界！”；真的？", "می\u200cخواهم کتاب\u200cها را بخوانم؟", "x² + y³ = ½, 25 ℃",
             "10\u00a0€\u202f!", "ﬁnd e\u0301tude"]

    def coded(self, model, lines, *flags):
        ids = call("tokenizer", "encode", "--model", model, "--output-format", "ids", *flags, stdin="\n".join(lines).encode() + b"\n")
        text = call("tokenizer", "decode", "--model", model, "--input-format", "ids", *flags, stdin=ids.stdout)
        self.assertEqual((ids.returncode, text.returncode), (0, 0), ids.stderr + text.stderr)
        return text.stdout.decode().splitlines()

    def test_the_default_loses_nothing(self):
        text = self.write("text", self.LINES * 5)
        self.assertEqual(call("tokenizer", "train", "--input", text, "--model", self.folder / "x.spm", "--vocab-size", "200").returncode, 0)
        self.assertEqual(self.coded(self.folder / "x.spm", self.LINES), self.LINES)
        for shared in ("true", "false"):
            shape = [*TINY, "--vocab-size", "200", f"--share-encoder-decoder-embeddings={shared}"]
            if shared == "false":
                shape.append("--tie-word-embeddings=true")
            self.train(self.LINES * 5, self.LINES * 5, "--max-updates", "2", model="m-" + shared, shape=shape)
            for side in ("source", "target"):
                self.assertEqual(self.coded(self.folder / ("m-" + shared), self.LINES, "--side", side), self.LINES)

    def test_a_rule_is_kept_by_the_folder_and_the_run(self):
        shape = [*TINY, "--vocab-size", "200", "--max-updates", "2"]
        text = self.train(self.LINES * 5, self.LINES * 5, "--normalization", "nmt_nfkc", shape=shape)
        self.assertIn("normalization nmt_nfkc", text)
        self.assertEqual(self.coded(self.folder / "m", ["x² ！"], "--side", "target"), ["x2 !"])
        self.assertEqual(json.loads((self.folder / "m/run.json").read_text())["normalization"], "nmt_nfkc")
        self.assertIn("already at update 2", self.train(self.LINES * 5, self.LINES * 5, "--normalization", "nmt_nfkc", shape=shape))
        refused = self.train(self.LINES * 5, self.LINES * 5, shape=shape, code=2)
        self.assertIn("--normalization nmt_nfkc -> identity", refused)
        self.refused(["train", "--train-source", self.folder / "text.src", "--train-target", self.folder / "text.tgt", "--model", self.folder / "f",
                      "--from-model", self.folder / "m", "--normalization", "nfkc"], "--from-model", "--normalization nfkc")
        self.refused(["tokenizer", "train", "--normalization", "nfd"], "nmt_nfkc", "nfkc_cf", "identity", "'nfd'")

    def test_targets_of_invisible_characters_are_blank(self):
        lines = sentences(98)
        text = self.train([*lines, "x", "y"], [*lines, "\u200b\u200e", "\x01\ufeff"], "--max-updates", "1")
        self.assertIn("98 of 100 pairs kept", text)
        self.assertIn("2 pairs dropped: one side is blank", text)
        checked = call("check", "--source", self.folder / "text.src", "--target", self.folder / "text.tgt")
        self.assertIn("2 pairs dropped: one side is blank", checked.stdout.decode())


class Unknown(MessagesTest):
    def test_tokens_are_counted_on_both_sides_and_many_are_a_warning(self):
        lines = sentences(60)
        text = self.train(lines, lines, "--max-updates", "2")
        self.assertIn("of which 0.00 % and 0.00 % are unknown", text)
        self.assertNotIn("<unk>", text)
        foreign = ["漢字と仮名 " + line for line in lines]
        for source, target, side, other in ((lines, foreign, "target", "source"), (foreign, lines, "source", "target")):
            text = self.train(source, target, "--from-model", self.folder / "m", "--max-updates", "2", "--warmup", "1", model=side,
                              shape=["--threads", "1", "--tensorboard=false"])
            self.assertRegex(text, rf"warning: training text: \d+\.\d\d % of the {side} tokens are <unk>")
            self.assertNotIn(f"of the {other} tokens", text)
            self.assertIn("60 lines with characters that the tokenizer does not know", text)
            self.assertIn("--from-model", text)

    def test_validation_text_is_looked_at_too(self):
        lines = sentences(60)
        valid = self.write("v", ["漢字 ba."] * 4)
        text = call("train", "--train-source", self.write("s", lines), "--train-target", self.write("t", lines), "--valid-source", valid,
                    "--valid-target", valid, "--model", self.folder / "m", *TINY, "--max-updates", "2", "--valid-every", "2").stderr.decode()
        self.assertRegex(text, r"warning: validation text: \d+\.\d\d % of the target tokens are <unk>")
        self.assertIn("--byte-fallback", text)


class LanguageTags(MessagesTest):
    def test_that_begin_source_lines_become_pieces(self):
        lines = sentences(60)
        source = [(">>de<< " if i % 2 else ">>fr<< ") + line for i, line in enumerate(lines)]
        text = self.train(source, lines, "--max-updates", "2")
        self.assertIn("source lines begin with language tags: >>de<< (30 lines), >>fr<< (30 lines)", text)
        vocabulary = json.loads((self.folder / "m/vocab.json").read_text(encoding="utf-8"))
        self.assertIn(">>de<<", vocabulary)
        self.assertIn(">>fr<<", vocabulary)
        done = call("translate", "--model", self.folder / "m", "--target-language", "de", "--threads", "1", stdin=b"ba ke.\n")
        self.assertEqual(done.returncode, 0, done.stderr)
        # Every command that reads sources says which one asks for no language.
        untagged = self.write("untagged", ["ba ke."])
        for arguments in (["translate", "--input", untagged, "--output", self.folder / "o"], ["score", "--source", untagged, "--target", untagged],
                          ["evaluate", "--source", untagged, "--reference", untagged]):
            done = call(*arguments, "--model", self.folder / "m", "--threads", "1")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertIn(b"warning: line 1 names no target language, and this model has several (de, fr)", done.stderr)
        done = call("translate", "--model", self.folder / "m", "--target-language", "de", "--threads", "1", stdin=b"ba\n>>fr<< ke\n>>fr<< lo\n")
        self.assertEqual(done.stderr.count(b"warning: line 2 asks for >>fr<<, which overrides --target-language de"), 1, done.stderr)
        self.assertEqual(done.stderr.count(b" asks for "), 1)
        self.assertIn("already at update 2", self.train(source, lines, "--max-updates", "2"))  # resumes as any run
        # Fine-tuning cannot add one.
        text = self.train([">>it<< " + line for line in lines], lines, "--from-model", self.folder / "m", "--max-updates", "2", "--warmup", "1",
                          model="f", shape=["--threads", "1", "--tensorboard=false"])
        self.assertRegex(text, r"warning: training text: source lines begin with >>it<<, which the vocabulary does not have")

    def test_that_some_lines_lack_are_reported(self):
        lines = sentences(60)
        text = self.train([">>de<< " + line for line in lines[:50]] + lines[50:], lines, "--max-updates", "1")
        self.assertIn("warning: 10 of 60 source lines have no language tag", text)
        self.assertNotIn("language tag", self.train(lines, lines, "--max-updates", "1", model="without"))


class Report(MessagesTest):
    def test_has_the_findings_and_one_time(self):
        lines = sentences(60)
        self.train(lines + lines[:5], [*reversed(lines), *list(reversed(lines))[:5]], "--max-updates", "3")
        page = (self.folder / "m/report.html").read_text(encoding="utf-8")
        self.assertIn("found, and kept", page)
        self.assertIn("pairs that occurred before", page)
        tile = re.search(r">Training time</span><span class=\"value\">([0-9:]+)<", page).group(1)
        self.assertIn(f", {tile} of training", page)


class Plan(MessagesTest):
    def test_measures_three_updates_however_long_they_take(self):
        lines = sentences(200)
        result = call("train", "--train-source", self.write("s", lines), "--train-target", self.write("t", lines), *TINY, "--plan",
                      "--max-time", "0.001s")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertRegex(result.stdout.decode(), r"\(3 updates in [0-9.]+ s, after the first\)")


if __name__ == "__main__":
    unittest.main()
