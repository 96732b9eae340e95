#!/usr/bin/env python3
"""`dragoman import` of a model that Marian itself trained (tests/exchange/marian, made by make.sh there), up to its scores.

DRAGOMAN_PROGRAM names the program. tests/parity/marian_parity.py does the same for models of every kind, with pymarian.
"""
import io
import json
import os
import pathlib
import shutil
import struct
import subprocess
import tempfile
import unittest
import zipfile

PROGRAM = os.environ["DRAGOMAN_PROGRAM"]
MARIAN = pathlib.Path(__file__).resolve().parent.parent / "exchange/marian"
SETTINGS = "special:model.yml.npy"


def call(*arguments, stdin=""):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, text=True, encoding="utf-8", check=False)


def array_of_text(text):
    """An array of bytes, as numpy and Marian store it."""
    content = text.encode() + b"\0"
    header = f"{{'descr': '|i1', 'fortran_order': False, 'shape': ({len(content)},), }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + content


def with_settings(changes):
    """model.npz with other settings inside."""
    out = io.BytesIO()
    with zipfile.ZipFile(MARIAN / "model.npz") as model, zipfile.ZipFile(out, "w") as changed:
        for name in model.namelist():
            content = model.read(name)
            if name == SETTINGS:
                size = struct.unpack("<H", content[8:10])[0]
                lines = content[10 + size:].rstrip(b"\0").decode().split("\n")
                keys = tuple(key + ":" for key in changes)
                lines = [line for line in lines if not line.startswith(keys)]
                content = array_of_text("\n".join(lines + [f"{key}: {value}" for key, value in changes.items()]))
            changed.writestr(name, content)
    return out.getvalue()


class ImportOfMarian(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-import-"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.new = self.folder / "new"

    def copied(self, changes):
        shutil.copytree(MARIAN, self.folder / "marian")
        (self.folder / "marian/model.npz").write_bytes(with_settings(changes))
        return self.folder / "marian"

    def test_the_scores_are_those_of_marian(self):
        done = call("import", MARIAN, "--model", self.new)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        scored = call("score", "--model", self.new, "--source", MARIAN / "test.source", "--target", MARIAN / "test.target",
                      "--threads", "1")
        self.assertEqual(scored.returncode, 0, scored.stderr)
        ours = [float(line) for line in scored.stdout.split()]
        theirs = [float(line) for line in (MARIAN / "scores.txt").read_text(encoding="utf-8").split()]
        self.assertEqual(len(ours), len(theirs))
        for a, b in zip(ours, theirs, strict=True):
            self.assertLess(abs(a - b), 1e-3)

    def test_translate_follows_the_search_of_decoder_yml(self):
        self.assertEqual(call("import", MARIAN / "model.npz", "--model", self.new).returncode, 0)
        settings = json.loads((self.new / "generation_config.json").read_text(encoding="utf-8"))
        self.assertEqual((settings["num_beams"], settings["length_penalty"], settings["suppress_tokens"]), (6, 0.6, [1]))
        source = (MARIAN / "test.source").read_text(encoding="utf-8")
        implied = call("translate", "--model", self.new, "--n-best", "6", "--threads", "1", stdin=source)
        given = call("translate", "--model", self.new, "--n-best", "6", "--threads", "1", "--beam-size", "6", "--length-penalty", "0.6",
                     stdin=source)
        self.assertEqual(implied.returncode, 0, implied.stderr)
        self.assertEqual(implied.stdout, given.stdout)

    def test_settings_that_leave_no_trace_in_the_tensors_are_refused_by_name(self):
        for key, value in {"transformer-disable-position-embeddings": "true", "transformer-attention-mask": "alibi",
                           "right-left": "true", "transformer-postprocess": "dna"}.items():
            with self.subTest(key):
                (self.folder / "marian").mkdir(exist_ok=True)
                path = self.folder / "marian/model.npz"
                path.write_bytes(with_settings({key: value}))
                done = call("import", path, "--vocab", MARIAN / "vocab.spm", "--model", self.new)
                self.assertEqual(done.returncode, 4)
                self.assertIn(f"dragoman: error: [{path}: special:model.yml: {key}] expected", done.stderr.splitlines()[-1])
                self.assertFalse(self.new.exists())

    def test_a_setting_of_a_newer_marian_is_named_in_a_warning(self):
        done = call("import", self.copied({"transformer-rotary": "true"}), "--model", self.new)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("warning: ", done.stderr)
        self.assertIn("transformer-rotary", done.stderr)

    def test_the_folder_of_a_model_is_not_overwritten(self):
        done = call("import", MARIAN, "--model", MARIAN)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn("[--model] expected", done.stderr)


if __name__ == "__main__":
    unittest.main()
