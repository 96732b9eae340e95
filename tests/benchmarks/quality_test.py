#!/usr/bin/env python3
"""benchmarks/quality/common.sh: the precision that the scripts there train in.

The environment variable DRAGOMAN_PROGRAM names the program; what it calls the fastest is asked of `doctor`.
"""
import json
import os
import pathlib
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


if __name__ == "__main__":
    unittest.main()
