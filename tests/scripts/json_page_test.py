#!/usr/bin/env python3
"""docs/json.md shows the keys that the program prints. DRAGOMAN_PROGRAM names the program."""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PAGE = (pathlib.Path(__file__).resolve().parents[2] / "docs/json.md").read_text(encoding="utf-8")
COMMANDS = {
    "translate": ["translate", "--n-best", "2", "--input", "s"],
    "score": ["score", "--source", "s", "--target", "t"],
    "evaluate": ["evaluate", "--source", "s", "--reference", "t"],
    "compare": ["evaluate", "--hypothesis", "s", "--hypothesis", "t", "--reference", "t", "--paired-bs", "--metrics", "bleu"],
    "check": ["check", "--source", "s", "--target", "t"],
    "doctor": ["doctor"],
}


def shape(value):
    """The keys of a value, at every depth; a list has those of its items together."""
    if isinstance(value, dict):
        return {key: shape(item) for key, item in value.items()}
    if isinstance(value, list):
        shapes = [shape(item) for item in value]
        return [one for at, one in enumerate(shapes) if one not in shapes[:at]]
    return "value"


class JsonPage(unittest.TestCase):
    def test_every_block_has_the_keys_that_the_command_prints(self):
        blocks = dict(re.findall(r"^```json (\w+)\n(.*?)^```", PAGE, flags=re.M | re.S))
        self.assertEqual(set(blocks), set(COMMANDS))
        with tempfile.TemporaryDirectory() as folder:
            (pathlib.Path(folder) / "s").write_text("Good morning.\n\nWhere is the station?\n", encoding="utf-8")
            (pathlib.Path(folder) / "t").write_text("Guten Morgen.\n\nWo ist der Bahnhof?\n", encoding="utf-8")
            for name, command in COMMANDS.items():
                with self.subTest(name=name):
                    done = subprocess.run([PROGRAM, *command, "--output-format", "json"], cwd=folder, stdout=subprocess.PIPE,
                                          stderr=subprocess.PIPE, timeout=300, check=True)
                    text = done.stdout.decode()
                    printed = json.loads(text.splitlines()[0] if name in ("translate", "score") else text)
                    self.assertEqual(shape(json.loads(blocks[name])), shape(printed))


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("json_page_test: set DRAGOMAN_PROGRAM")
    unittest.main()
