#!/usr/bin/env python3
"""What README and docs say of the program is so: the model that comes with it, its flags, the scripts. docs_blocks_test.py runs the
commands. DRAGOMAN_PROGRAM names the program."""

import os
import pathlib
import re
import subprocess
import sys
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PROJECT = pathlib.Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")


class Readme(unittest.TestCase):
    def test_the_model_that_comes_with_the_program_is_as_its_card_says(self):
        self.assertIn('echo "Good morning." | build/release/dragoman translate', README)
        done = subprocess.run([PROGRAM, "translate"], input=b"Good morning.\n\nWhere is the station?\n", stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, check=True)
        self.assertEqual(done.stdout.decode(), "Guten Morgen!\n\nWo ist der Bahnhof?\n")
        folder = PROJECT / "models/en-de"
        self.assertLess((folder / "model.safetensors").stat().st_size, 6_000_000)
        card = (folder / "README.md").read_text(encoding="utf-8")
        for what in ("tatoeba.org", "www.manythings.org/anki", "CC BY 2.0", "BLEU"):
            self.assertIn(what, card)

    def test_every_flag_that_is_named_is_known(self):
        page = subprocess.run([PROGRAM, "--help-markdown"], stdout=subprocess.PIPE, check=True).stdout.decode()
        known = set(re.findall(r"--[a-z0-9-]+", page)) | {"--help", "--version", "--man", "--completion"}
        pages = [PROJECT / "README.md", *(PROJECT / "docs").rglob("*.md")]
        for page, line in ((page, line) for page in pages for line in page.read_text(encoding="utf-8").splitlines()):
            if "dragoman" not in line or re.search("cmake|docker|scripts/|hf download|ct2-|benchmarks/", line):
                continue
            for flag in re.findall(r"(?<![\w-])--[a-z][a-z0-9-]+", line):
                self.assertIn(flag, known, f"{page}: {line}")

    def test_scripts_that_are_named_are_there(self):
        for script in set(re.findall(r"\bscripts/[a-z-]+|\bbenchmarks/[a-z0-9/-]+", README)):
            self.assertTrue((PROJECT / script).exists(), script)
        self.assertIn("scripts/test", (PROJECT / ".ci" / "run").read_text(encoding="utf-8"))


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("readme_test: set DRAGOMAN_PROGRAM")
    unittest.main()
