#!/usr/bin/env python3
"""What CUDA computes is what the CPU computes: translations, scores, losses; and what only CUDA has: loss scaling, dropout
by the device's own generator under --recompute and over a stop.

Skipped (exit code 77), with the reason, where `dragoman doctor` finds no usable device. Uses the helpers of
command_test.py; DRAGOMAN_PROGRAM names the program.
"""

import json
import re
import sys
import unittest

import command_test
from command_test import CommandTest, Shared, call, generated_lines

UPDATES = 150
# Relative, of losses: sums are in another order on the device. Training carries that on, faster and faster: what is compared
# is the first updates, with small steps.
SAME = 1e-3
FIRST = ["--max-updates", "25", "--learning-rate", "0.0005", "--log-every", "5"]


def flags_of(model, *more):
    return ["train", "--train-source", Shared.folder / "a.src", "--train-target", Shared.folder / "a.tgt", "--model", model,
            "--preset", "tiny", "--vocab-size", "60", "--warmup", "50", "--learning-rate", "0.003", "--max-tokens", "1000",
            "--valid-every", "0", "--log-every", "10", "--max-updates", UPDATES, "--device", "cuda", *more]


def losses(model):
    rows = [json.loads(line) for line in (model / "train.log.jsonl").read_text(encoding="utf-8").splitlines()]
    return [row["loss"] for row in rows if row["kind"] == "train"]


def setUpModule():
    command_test.setUpModule()
    # Each line is its own translation: a model learns that in seconds, and then has no ties in its beams.
    lines = generated_lines(400, seed=2)
    for name in ("a.src", "a.tgt"):
        (Shared.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    Shared.model = Shared.folder / "copies"
    result = call(*flags_of(Shared.model))
    if result.returncode:
        raise RuntimeError(result.stderr.decode(errors="replace"))


tearDownModule = command_test.tearDownModule


class Cuda(CommandTest):
    def trained(self, name, *more):
        self.done(call(*flags_of(self.folder / name, *more)))
        return losses(self.folder / name)

    def assert_same(self, found, expected):
        self.assertEqual(len(found), len(expected))
        for a, b in zip(found, expected):
            self.assertLess(abs(a - b), SAME * max(1, abs(b)), (found, expected))

    def hypotheses(self, *more):
        lines = generated_lines(120, seed=3)
        out = self.done(call("translate", "--model", Shared.model, "--output-format", "json", "--threads", "1", *more,
                             stdin="\n".join(lines).encode() + b"\n"))
        return [json.loads(line) for line in out.splitlines()]

    def test_translations_are_those_of_the_cpu(self):
        for search in (["--beam-size", "1"], ["--beam-size", "4"], ["--beam-size", "4", "--no-repeat-ngram", "3"],
                       ["--sample", "--seed", "5"], ["--beam-size", "6", "--n-best", "6"]):
            with self.subTest(search=search):
                expected, found = (self.hypotheses("--device", device, *search) for device in ("cpu", "cuda"))
                self.assertEqual(len(found), len(expected))
                texts = lambda rows: [[h["text"] for h in row["candidates"]] for row in rows]
                same = sum(a == b for a, b in zip(texts(found), texts(expected)))
                self.assertGreaterEqual(same, 118, [pair for pair in zip(texts(found), texts(expected)) if pair[0] != pair[1]])
                best = [(a["candidates"][0]["score"], b["candidates"][0]["score"]) for a, b in zip(found, expected)]
                self.assertTrue(all(abs(a - b) < 1e-3 for a, b in best if a is not None), best)

    def test_half_precision_translates(self):
        expected = [row["candidates"][0]["text"] for row in self.hypotheses("--device", "cpu")]
        for precision in ("bfloat16", "float16"):
            with self.subTest(precision=precision):
                found = [row["candidates"][0]["text"] for row in self.hypotheses("--device", "cuda", "--precision", precision)]
                self.assertGreaterEqual(sum(a == b for a, b in zip(found, expected)), 108)

    def test_scores_are_those_of_the_cpu(self):
        lines = "\n".join(generated_lines(60, seed=4)).encode() + b"\n"
        source, target = self.write("s", lines), self.write("t", lines)
        scores = [[float(line.split(b"\t")[0]) for line in
                   self.done(call("score", "--model", Shared.model, "--source", source, "--target", target,
                                  "--device", device)).splitlines()] for device in ("cpu", "cuda")]
        self.assertEqual(len(scores[0]), 60)
        self.assertTrue(all(abs(a - b) < 1e-3 for a, b in zip(*scores)), scores)

    def test_losses_without_dropout_are_those_of_the_cpu(self):
        flags = ["--dropout", "0", *FIRST]
        self.assert_same(self.trained("cuda", *flags), self.trained("cpu", *flags, "--device", "cpu"))

    def test_accumulated_batches_learn(self):
        found = self.trained("m", "--accumulate", "2")
        self.assertLess(found[-1], 0.8 * found[0])

    def test_half_precision_learns_as_float32_does(self):
        expected = losses(Shared.model)
        for precision in ("bfloat16", "float16"):
            with self.subTest(precision=precision):
                found = self.trained(precision, "--precision", precision)
                self.assertLess(abs(found[-1] - expected[-1]), 0.1 * expected[-1], (found, expected))

    def test_recomputed_layers_draw_the_same_dropout(self):
        flags = [*FIRST, "--dropout", "0.3", "--attention-dropout", "0.1"]
        for precision in ("float32", "bfloat16"):
            with self.subTest(precision=precision):
                self.assert_same(self.trained(f"recompute-{precision}", *flags, "--precision", precision, "--recompute"),
                                 self.trained(f"plain-{precision}", *flags, "--precision", precision))

    def test_a_stop_changes_nothing(self):
        whole = self.trained("whole", "--max-updates", "60")
        self.trained("stopped", "--max-updates", "30")
        stopped = self.trained("stopped", "--max-updates", "60")
        self.assertEqual(stopped, whole)
        weights = [(self.folder / name / "model.safetensors").read_bytes() for name in ("whole", "stopped")]
        self.assertEqual(weights[0], weights[1])

    def test_validation_and_averages_work_there(self):
        model = self.folder / "m"
        self.done(call(*flags_of(model, "--valid-every", "50", "--valid-source", Shared.folder / "a.src", "--valid-target",
                                 Shared.folder / "a.tgt", "--average", "2", "--moving-average", "0.9")))
        rows = [json.loads(line) for line in (model / "train.log.jsonl").read_text(encoding="utf-8").splitlines()]
        self.assertEqual(len([row for row in rows if row["kind"] == "valid"]), 4)


def why_not():
    answer = call("doctor").stdout.decode(errors="replace")
    found = re.search(r"^CUDA +not usable: (.*)$", answer, re.MULTILINE)
    return found.group(1) if found else ""


if __name__ == "__main__":
    if reason := why_not():
        print(f"skipped: no CUDA device: {reason}")
        sys.exit(77)
    unittest.main()
