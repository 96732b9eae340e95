#!/usr/bin/env python3
"""README's commands are run as they stand there: the block that trains and translates, on a small text and with a small
model. DRAGOMAN_PROGRAM names the program."""

import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PROJECT = pathlib.Path(__file__).resolve().parents[2]
README = (PROJECT / "README.md").read_text(encoding="utf-8")
SMALL = ("--d-model 16 --encoder-layers 1 --decoder-layers 1 --encoder-ffn-dim 32 --decoder-ffn-dim 32 --max-updates 2 "
         "--vocab-size 60 --threads 1").split()

# Stands for the program: a flag that is given twice counts as it is given last.
WRAPPER = f"""#!/bin/bash
command=$1
shift
case $command in
  train) exec "{PROGRAM}" train "$@" {' '.join(SMALL)} ;;
  translate|evaluate) exec "{PROGRAM}" "$command" "$@" --max-length 5 ;;
  *) exec "{PROGRAM}" "$command" "$@" ;;
esac
"""


def blocks():
    """The shell blocks of README, each without its comments."""
    found = re.findall(r"^```sh\n(.*?)^```", README, flags=re.M | re.S)
    return ["\n".join(re.sub(r"\s+#.*", "", line) for line in block.splitlines()) for block in found]


class Readme(unittest.TestCase):
    def test_the_block_that_trains_and_translates_runs(self):
        block, = (block for block in blocks() if "dragoman=build/release/dragoman" in block)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            program = folder / "build" / "release" / "dragoman"
            program.parent.mkdir(parents=True)
            program.write_text(WRAPPER, encoding="utf-8")
            program.chmod(0o755)
            chance = random.Random(1)
            for file, count in (("train", 200), ("test", 5), ("book", 5)):
                for side in ("en", "de"):
                    lines = (" ".join(chance.choices(["ba", "ke", "lo", "mi", "nu"], k=5)) for _ in range(count))
                    (folder / f"{file}.{side}").write_text("\n".join(lines) + "\n", encoding="utf-8")
            result = subprocess.run(["bash", "-e", "-c", block], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                    timeout=300, check=False)
            self.assertEqual(result.returncode, 0, result.stderr.decode())
            self.assertEqual((folder / "book.de").read_text(encoding="utf-8").count("\n"), 5)
            self.assertIn(b"BLEU", result.stdout)

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
