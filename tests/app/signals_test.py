#!/usr/bin/env python3
"""SIGINT, SIGTERM, SIGHUP and SIGXCPU in every phase of the commands: the exit code, that it ends at once, and that a training run
continues as if nothing had happened. Uses the helpers of command_test.py; DRAGOMAN_PROGRAM names the program.
"""

import itertools
import pathlib
import signal
import subprocess
import time
import unittest
from random import Random

import command_test
from command_test import BRIEF, PATIENCE, PROGRAM, TINY_MODEL, CommandTest, Shared, call, generated_lines

setUpModule = command_test.setUpModule
tearDownModule = command_test.tearDownModule

EXIT = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129, signal.SIGXCPU: 152}
AT_ONCE = 20  # seconds: generous, on a machine that does other things too; all that is stopped here would take longer


def caught_by(process, way):
    """Whether the program has its handler already: before, the system's own action holds."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.split("SigCgt:")[1].split()[0], 16) >> (way - 1) & 1


class SignalTest(CommandTest):
    def stopped(self, way, arguments, until=b"", delay=0.0, stdin=subprocess.DEVNULL):
        """Runs until stderr has a line with `until`, waits, sends the signal. Returns all of stderr after that line."""
        with subprocess.Popen([PROGRAM, *map(str, arguments)], stdin=stdin, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            seen = []
            while until and not (seen and until in seen[-1]):
                seen.append(process.stderr.readline())
                self.assertTrue(seen[-1], (until, seen))
            while not caught_by(process, way):
                time.sleep(0.05)
            time.sleep(delay)
            self.assertIsNone(process.poll(), seen)
            process.send_signal(way)
            begin = time.monotonic()
            rest = process.stderr.read()
            code = process.wait(PATIENCE)
        self.assertEqual(code, EXIT[way], rest)
        self.assertLess(time.monotonic() - begin, AT_ONCE, rest)
        self.assertNotIn(b"error", rest)
        return rest

    def text(self, name, lines, times=1):
        path = self.folder / name
        path.write_text(("\n".join(lines) + "\n") * times, encoding="utf-8")
        return path


class Train(SignalTest):
    def flags(self, model, *more):
        return ["train", "--train-source", Shared.folder / "a.src", "--train-target", Shared.folder / "a.tgt", "--model", model,
                *TINY_MODEL, "--log-every", "1", *more]

    def test_before_the_first_update_nothing_is_left(self):
        lines = generated_lines(20000, 5)
        source, target = self.text("s", lines, 8), self.text("t", reversed(lines), 8)
        phases = {"reading": (b"device", 0.0), "tokenizer": (b"training text: ", 0.5), "encoding": (b"pieces", 0.0)}
        for (phase, (until, delay)), way in itertools.product(phases.items(), EXIT):
            with self.subTest(phase=phase, signal=way.name):
                model = self.folder / "m"
                self.stopped(way, ["train", "--train-source", source, "--train-target", target, "--model", model, "--vocab-size",
                                   "300", "--threads", "1"], until, delay)
                self.assertFalse((model / "model.safetensors").exists())
                self.assertFalse((model / "checkpoints").exists())

    def test_an_update_of_a_large_model_is_discarded(self):
        source, target = (self.text(name, lines, 20) for name, lines in (("s", generated_lines(200)), ("t", generated_lines(200, 2))))
        flags = ["train", "--train-source", source, "--train-target", target, "--valid-every", "0", "--vocab-size", "60", "--threads", "1",
                 "--preset", "small", "--d-model", "512", "--max-tokens", "40000", "--max-updates", "3", "--tensorboard=false"]
        for way, more in itertools.product(EXIT, ([], ["--recompute", "--accumulate", "4"])):
            with self.subTest(signal=way.name, flags=more):
                model = self.folder / f"m{len(more)}"
                rest = self.stopped(way, [*flags, *more, "--model", model], b"batches: ", 2)
                self.assertIn(b"stopped by a signal, state saved: update 0", rest)
                self.assertTrue((model / "checkpoints/update-0").is_dir())
                self.assertFalse((model / "model.safetensors").exists())

    def stop_by_each_signal(self, flags, until, unsaid):
        """The same phase stopped by each signal, then the run to its end: the same bytes as without a stop."""
        whole = self.folder / "whole"
        self.done(call(*self.flags(whole, *flags)))
        for way in EXIT:
            with self.subTest(until=until, signal=way.name):
                model = self.folder / way.name
                rest = self.stopped(way, self.flags(model, *flags), until)
                self.assertIn(b"stopped by a signal, state saved", rest)
                self.assertNotIn(unsaid, rest)
                self.assertIn("Ended: stopped by a signal", (model / "report.html").read_text(encoding="utf-8"))
                self.done(call(*self.flags(model, *flags)))
                for path in sorted((whole / "checkpoints").glob("*/*.safetensors")) + [whole / "model.safetensors"]:
                    name = path.relative_to(whole)
                    self.assertEqual(path.read_bytes(), (model / name).read_bytes(), name)

    def valid_flags(self, times=4):
        source, target = self.text("v.src", generated_lines(300, 7), times), self.text("v.tgt", generated_lines(300, 8), times)
        return ["--valid-source", source, "--valid-target", target, "--valid-beam-size", "4", "--valid-every", "3", "--save-every", "3",
                "--average", "2", "--max-updates", "7"]

    def test_between_updates(self):
        self.stop_by_each_signal(["--valid-every", "0", "--max-updates", "900", "--log-every", "100", "--save-every", "300"],
                                  b"loss", b"reached")

    def test_in_a_validation(self):
        self.stop_by_each_signal(self.valid_flags(), b"update 3 ", b"valid  update")

    def test_in_the_last_validation(self):
        self.stop_by_each_signal(self.valid_flags(), b"update 7 ", b"valid  update")

    def test_while_the_mean_of_validations_is_measured(self):
        self.stop_by_each_signal(self.valid_flags(10), b"valid  update 7 ", b"mean of")

    def test_in_a_plan(self):
        for way in EXIT:
            with self.subTest(signal=way.name):
                self.stopped(way, self.flags(self.folder / "m", "--plan"), b"batches: ", 0.3)
                self.assertFalse((self.folder / "m").exists())

    def test_ignored_by_nohup(self):
        model = self.folder / "m"
        with subprocess.Popen(["nohup", PROGRAM, *map(str, self.flags(model, "--valid-every", "0", "--max-updates", "300"))],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
            while b"update 2 " not in process.stderr.readline():
                pass
            process.send_signal(signal.SIGHUP)
            self.assertIn(b"reached --max-updates 300", process.stderr.read())
            self.assertEqual(process.wait(PATIENCE), 0)


class OtherCommands(SignalTest):
    def test_while_they_wait_for_input(self):
        text = self.text("text", generated_lines(5))
        spm = Shared.model / "source.spm"
        commands = {
            "translate": ["translate", "--model", Shared.model, *BRIEF],
            "score": ["score", "--model", Shared.model, "--source", "-", "--target", text, "--threads", "1"],
            "evaluate": ["evaluate", "--hypothesis", "-", "--reference", text],
            "check": ["check", "--pairs", "-"],
            "train": ["train", "--train-pairs", "-", "--model", self.folder / "m", *TINY_MODEL],
            "tokenizer train": ["tokenizer", "train", "--input", "-", "--model", self.folder / "t.spm"],
            "tokenizer encode": ["tokenizer", "encode", "--model", spm],
            "tokenizer decode": ["tokenizer", "decode", "--model", spm],
        }
        for (name, arguments), way in itertools.product(commands.items(), EXIT):
            with self.subTest(command=name, signal=way.name):
                self.stopped(way, arguments, delay=0.5, stdin=subprocess.PIPE)
        self.assertFalse((self.folder / "m").exists())
        self.assertFalse((self.folder / "t.spm").exists())

    def test_while_they_work(self):
        lines = generated_lines(2000, 4)
        many = self.text("many", lines, 40)
        long = self.text("long", [" ".join(lines * 2)])  # attention within it takes half a minute a layer
        random = Random(6)  # words that are all different keep SentencePiece busy for many seconds
        words = ["".join(random.choices("abcdefghijklmnopqrstuvwxyz", k=random.randint(3, 9))) for _ in range(60000)]
        various = self.text("various", [" ".join(random.choices(words, k=12)) for _ in range(60000)])
        commands = {
            "translate": ["translate", "--model", Shared.model, "--threads", "1", "--input", many],
            "translate by sampling": ["translate", "--model", Shared.model, "--threads", "1", "--input", many, "--sample"],
            "translate greedily": ["translate", "--model", Shared.model, "--threads", "2", "--input", many, "--beam-size", "1"],
            "score": ["score", "--model", Shared.model, "--source", many, "--target", many, "--threads", "1"],
            "score a long line": ["score", "--model", Shared.model, "--source", long, "--target", self.text("one", lines[:1]), "--threads", "1"],
            "evaluate": ["evaluate", "--model", Shared.model, "--source", many, "--reference", many, "--threads", "1"],
            "tokenizer train": ["tokenizer", "train", "--input", various, "--model", self.folder / "t.spm", "--vocab-size", "16000"],
            "selftest": ["selftest", "--threads", "1"],
        }
        for (name, arguments), way in itertools.product(commands.items(), EXIT):
            with self.subTest(command=name, signal=way.name):
                self.stopped(way, arguments, delay=0.1 if name == "selftest" else 0.9)  # which ends within a second
        self.assertFalse((self.folder / "t.spm").exists())


class FileSizeLimit(CommandTest):
    """SIGXFSZ: a write error, not a death."""

    def limited(self, *arguments, blocks=8):
        command = ["bash", "-c", f'ulimit -f {blocks}; exec "$@"', "_", PROGRAM, *map(str, arguments)]
        return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)

    def test_is_a_write_error(self):
        text = self.folder / "text"
        text.write_text("\n".join(generated_lines(3000)) + "\n", encoding="utf-8")
        encode = self.limited("tokenizer", "encode", "--model", Shared.model / "source.spm", "--input", text, "--output", self.folder / "out")
        self.assertEqual(encode.returncode, 3, encode.stderr)
        self.assertIn(b"errno 27", encode.stderr)
        train = self.limited("train", "--train-source", Shared.folder / "a.src", "--train-target", Shared.folder / "a.tgt", "--model",
                             self.folder / "m", *TINY_MODEL, "--valid-every", "0", "--max-updates", "4", "--save-every", "2")
        self.assertEqual(train.returncode, 3, train.stderr)
        self.assertIn(b"training continues", train.stderr)


class TemporaryFiles(CommandTest):
    def test_a_folder_that_is_not_there_is_named(self):
        for arguments in (["selftest"], ["train", "--train-source", Shared.folder / "a.src", "--train-target", Shared.folder / "a.tgt",
                                         "--model", self.folder / "m", *TINY_MODEL, "--plan"]):
            result = subprocess.run([PROGRAM, *map(str, arguments)], env={"TMPDIR": str(self.folder / "none")}, stdin=subprocess.DEVNULL,
                                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
            self.refused(result, 3, "TMPDIR", pathlib.Path(self.folder / "none"))


class LittleMemory(CommandTest):
    def test_is_one_line_that_says_what_to_do(self):
        text = self.write("text", "".join(line + "\n" for line in generated_lines(2000)).encode())
        flags = ["train", "--train-source", text, "--train-target", text, "--model", self.folder / "m", "--preset", "base", "--vocab-size", "60", "--threads", "1", "--valid-every", "0", "--max-tokens", "200000", "--max-updates", "2"]
        command = ["bash", "-c", 'ulimit -v 1700000; exec "$@"', "_", PROGRAM, *map(str, flags)]
        result = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        lines = result.stderr.decode().splitlines()
        self.assertEqual(result.returncode, 1, lines)
        self.assertIn("[memory]", lines[-1])
        self.assertFalse([line for line in lines if line.startswith("frame #")], lines)


if __name__ == "__main__":
    unittest.main()
