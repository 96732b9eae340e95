#!/usr/bin/env python3
"""benchmarks/quality/common.sh: the precision that the scripts there train in.

The environment variable DRAGOMAN_PROGRAM names the program; what it calls the fastest is asked of `doctor`.
"""
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
COMMON = pathlib.Path(__file__).resolve().parents[2] / "benchmarks/quality/common.sh"


def chosen(*flags, program=PROGRAM):
    """The flags of `dragoman train` with a precision, and what the script takes for it."""
    script = 'source "$1"; dragoman=$2; shift 2; more=("$@"); choose_precision; printf "%s\\n" "$precision" "${more[@]}"'
    lines = subprocess.run(["bash", "-euo", "pipefail", "-c", script, "-", COMMON, program, *flags],
                           check=True, capture_output=True, text=True).stdout.splitlines()
    return lines[1:], lines[0]


class Precision(unittest.TestCase):
    def doctor_that_says(self, text):
        """A program that prints this, whatever it is asked."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        program = pathlib.Path(folder.name) / "dragoman"
        program.write_text(f"#!/bin/sh\necho '{text}'\n", encoding="utf-8")
        program.chmod(0o755)
        return program

    def test_is_the_fastest_of_this_machine(self):
        doctor = json.loads(subprocess.run([PROGRAM, "doctor", "--output-format", "json"], check=True, capture_output=True).stdout)
        fastest = next((name for name in ("bfloat16", "float16") if f"--precision {name}" in doctor["facts"]["training"]), "float32")
        self.assertEqual(chosen("--dropout", "0.2"), (["--dropout", "0.2", "--precision", fastest], fastest))

    def test_is_read_from_what_doctor_says(self):
        for said, precision in (("training      fastest with --precision bfloat16", "bfloat16"),
                                ("training      fastest with --precision float16 (no AMX)", "float16"),
                                ("training      fastest in float32 (no AVX512-FP16)", "float32")):
            self.assertEqual(chosen(program=self.doctor_that_says(said)), (["--precision", precision], precision))

    def test_that_is_given_stays(self):
        for flags in (["--precision", "float16", "--threads", "1"], ["--threads", "1", "--precision=float16"],
                      ["--precision", "float32", "--precision", "float16"]):
            self.assertEqual(chosen(*flags), (flags, "float16"))

    def test_of_a_gpu_is_bfloat16(self):
        self.assertEqual(chosen("--device", "cuda"), (["--device", "cuda", "--precision", "bfloat16"], "bfloat16"))


class Scripts(unittest.TestCase):
    """The scripts themselves, with a program that does nothing, without scripts/peers."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        shutil.copytree(COMMON.parent, self.root / "benchmarks/quality")
        self.script("build/release/dragoman", "cat > /dev/null")
        self.script("scripts/peers", "exit 1")
        pair = b"a\tb\n"
        for name in ("raw/train.en", "raw/train.de", "raw/val.en", "raw/val.de", "raw/test_2016_flickr.en", "raw/test_2016_flickr.de",
                     "train.en", "train.de", "dev.en", "dev.de", "test.en", "test.de", "dev.allrefs.de.tsv", "test.allrefs.de.tsv",
                     "train.tsv", "dev.tsv"):
            path = self.root / "data" / (name + ".gz")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(gzip.compress(pair if name.endswith(".tsv") else b"a\n"))

    def script(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def run_script(self, name, *more):
        return subprocess.run([self.root / "benchmarks/quality" / name, self.root / "data", "--keep", self.root / "kept", *more,
                               "--", "--precision", "float32"], check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def test_end_with_a_command_that_uses_the_model(self):
        for name, *more in (["tatoeba"], ["cmudict"], ["multi30k", "--recipe", "plain", "--updates", "1"], ["multi30k", "--updates", "1"]):
            last = self.run_script(name, *more).stdout.splitlines()[-1]
            folder = self.root / "kept" / ("model-1" if name == "multi30k" else "model")
            self.assertRegex(last, rf'^echo ".*" \| build/release/dragoman translate --model {re.escape(str(folder))}$')

    def test_say_first_what_they_will_skip(self):
        self.assertTrue(self.run_script("multi30k", "--recipe", "plain").stderr.startswith(
            "multi30k: the lower-cased tokenised score will be skipped"))


if __name__ == "__main__":
    unittest.main()
