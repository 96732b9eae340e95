#!/usr/bin/env python3
"""Model folders as other programs write them, and the downloads that people have instead of one.

The environment variable DRAGOMAN_PROGRAM names the program. tests/reference/make_folder_cases.py wrote the expected
translations.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest
import zipfile

REFERENCE = pathlib.Path(__file__).resolve().parents[1] / "reference"
sys.path.insert(0, str(REFERENCE))

import folder_variations  # noqa: E402

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
CASES = json.loads((REFERENCE / "folder_cases.json").read_text(encoding="utf-8"))
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 300000000\n"


def call(*arguments, stdin=b""):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=120, check=False)


class FoldersTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def made(self, name):
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        folder_variations.make(name, path)
        return path

    def translated(self, model, *flags):
        result = call("translate", "--model", model, "--threads", "1", "--loop-guard", "off", *flags,
                      stdin="".join(line + "\n" for line in CASES["lines"]).encode())
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout.decode().split("\n")[:-1]

    def done(self, *arguments):
        result = call(*arguments)
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout.decode()

    def refused(self, path, *words):
        """By all commands that open a model folder, and by the doctor."""
        text = self.folder / "text"
        text.write_text("ba ke\n")
        for command in (["translate"], ["inspect"], ["score", "--source", text, "--target", text],
                        ["evaluate", "--source", text, "--reference", text], ["export", "--output", self.folder / "out"]):
            with self.subTest(command=command[0], path=str(path)):
                result = call(*command, "--model", path, stdin=b"ba ke\n")
                last = result.stderr.decode().splitlines()[-1]
                self.assertEqual(result.returncode, 4, last)
                self.assertTrue(last.startswith("dragoman: error: ["), last)
                for word in words:
                    self.assertIn(str(word), last)
        result = call("doctor", "--model", path)
        self.assertEqual(result.returncode, 4)
        for word in words:
            self.assertIn(str(word), result.stdout.decode())

    def test_each_folder_translates_as_in_transformers(self):
        for name, expected in CASES["cases"].items():
            with self.subTest(name):
                self.assertEqual(self.translated(self.made(name)), expected)

    def test_the_other_engine_opens_them_too(self):
        for name in ("shards", "three_embeddings", "added_tokens"):
            with self.subTest(name):
                found = self.translated(self.made(name), "--precision", "float16")
                equal = sum(a == b for a, b in zip(found, CASES["cases"][name], strict=True))
                self.assertGreaterEqual(equal, len(found) * 3 // 4)

    def test_shards_are_sealed_inspected_exported_and_averaged(self):
        model = self.made("shards")
        self.done("inspect", "--model", model, "--reseal")
        listed = json.loads((model / "manifest.json").read_text())["files"]
        self.assertIn("model-00002-of-00003.safetensors", listed)
        self.assertIn("model.safetensors.index.json", listed)
        self.assertNotIn("missing", self.done("inspect", "--model", model, "--tensors"))
        whole = self.folder / "whole"
        self.done("export", "--model", model, "--output", whole, "--dtype", "float32")
        self.assertEqual([path.name for path in whole.glob("*.safetensors*")], ["model.safetensors"])
        self.assertEqual(self.translated(whole), CASES["cases"]["shards"])
        mean = self.folder / "mean"
        self.done("average", "--from", model, "--from", whole, "--model", mean)
        self.assertEqual([path.name for path in mean.glob("*.safetensors*")], ["model.safetensors"])
        self.assertEqual(self.translated(mean), CASES["cases"]["shards"])
        damaged = bytearray((model / "model-00002-of-00003.safetensors").read_bytes())
        damaged[-1] ^= 1
        (model / "model-00002-of-00003.safetensors").write_bytes(damaged)
        self.refused(model, "model-00002-of-00003.safetensors", "checksum")

    def test_a_folder_that_cannot_be_finished_is_not_there_and_can_be_written_later(self):
        model = self.made("shards")
        there = self.folder / "there"
        for name, command in (("export", ["export", "--model", model, "--output"]), ("average", ["average", "--from", model, "--from", model, "--model"])):
            for new in (self.folder / f"{name}-new", there):
                shutil.rmtree(there, ignore_errors=True)
                there.mkdir()
                (there / "notes").write_text("mine")
                before = sorted(self.folder.rglob("*"))
                with self.subTest(command=name, folder=new.name):
                    limited = subprocess.run(["bash", "-c", 'ulimit -f 8; exec "$@"', "_", PROGRAM, *map(str, command), str(new)],
                                             capture_output=True, timeout=120, check=False)
                    self.assertEqual(limited.returncode, 3, limited.stderr)
                    self.assertEqual(sorted(self.folder.rglob("*")), before)
                    # What a killed command leaves.
                    left = new / ".unfinished" if new.exists() else new.with_name(new.name + ".unfinished")
                    left.mkdir()
                    (left / "config.json").write_text("{")
                    self.done(*command, new)
                    self.assertFalse(left.exists())
                    self.translated(new)
        self.assertEqual((there / "notes").read_text(), "mine")

    def test_a_shard_that_is_missing_or_does_not_hold_its_tensors_is_named(self):
        model = self.made("shards")
        (model / "model-00002-of-00003.safetensors").unlink()
        self.refused(model, "model-00002-of-00003.safetensors")
        model = self.made("shards")
        index = model / "model.safetensors.index.json"
        content = json.loads(index.read_text())
        index.write_text(json.dumps({"weight_map": content["weight_map"] | {"model.more": "model-00001-of-00003.safetensors"}}))
        self.refused(model, "model.more")
        index.write_text(json.dumps({"weight_map": {"model.more": "../elsewhere.safetensors"}}))
        self.refused(model, "model.more", "file name")

    def test_a_pointer_of_git_lfs_is_named_whichever_file_it_is(self):
        for name in ("model.safetensors", "source.spm", "target.spm", "vocab.json", "config.json", "generation_config.json"):
            model = self.made("aliases")
            (model / name).write_bytes(POINTER)
            self.refused(model, model / name, "git-lfs", "git lfs pull")

    def test_what_people_have_instead_of_a_folder_is_named_with_what_to_do(self):
        model = self.made("aliases")

        def without_weights(name, **files):
            path = self.made("aliases").rename(self.folder / name)
            (path / "model.safetensors").unlink()
            for file, content in files.items():
                (path / file.replace("__", ".")).write_bytes(content)
            return path

        self.refused(without_weights("bin", pytorch_model__bin=b"x"), "pytorch_model.bin", "dragoman import")
        self.refused(without_weights("ctranslate2", model__bin=b"x"), "CTranslate2")
        self.refused(without_weights("marian", model__npz=b"x"), "Marian", "dragoman import")
        self.refused(without_weights("tensorflow", tf_model__h5=b"x"), "TensorFlow")
        model = self.made("aliases")
        cache = self.folder / "models--a--b" / "snapshots" / "0123"
        cache.parent.mkdir(parents=True)
        model.rename(cache)
        self.refused(self.folder / "models--a--b", cache)
        with zipfile.ZipFile(self.folder / "model.zip", "w") as archive:
            archive.write(cache / "config.json")
        self.refused(self.folder / "model.zip", "zip archive", "unzip")
        shutil.copy(self.folder / "model.zip", self.folder / "translate-en_de.argosmodel")
        self.refused(self.folder / "translate-en_de.argosmodel", "Argos", "CTranslate2")
        for mode, name in (("w:gz", "model.tar.gz"), ("w:xz", "model.tar.xz"), ("w:bz2", "model.tar.bz2"), ("w", "model.tar")):
            with tarfile.open(self.folder / name, mode) as archive:
                archive.add(cache / "config.json", "config.json")
            self.refused(self.folder / name, "archive", "tar x")
        self.refused(cache / "model.safetensors", "a single file of it", "folder")
        self.refused(self.folder / "none", "nothing there")
        self.refused("Helsinki-NLP/opus-mt-en-de", "nothing there", "hf download Helsinki-NLP/opus-mt-en-de --local-dir opus-mt-en-de")
        self.refused("https://huggingface.co/Helsinki-NLP/opus-mt-en-de/", "hf download Helsinki-NLP/opus-mt-en-de")
        hub = self.folder / "hub"
        hub.mkdir()
        (self.folder / "models--a--b").rename(hub / "models--a--b")
        self.refused(hub, "cache of the Hugging Face hub", hub / "models--.../snapshots/...")
        self.refused(hub / "models--a--b" / "snapshots", hub / "models--a--b" / "snapshots" / "0123")
        shards = self.made("shards")
        (shards / "model.safetensors.index.json").unlink()
        self.refused(shards, "shards without model.safetensors.index.json")

    def test_what_a_model_does_not_need_is_not_looked_at(self):
        model = self.made("aliases")
        (model / ".#README.md").symlink_to("user@host.123")
        os.mkfifo(model / "pipe")
        (model / "README.md").write_bytes(POINTER)
        self.assertEqual(self.translated(model), CASES["cases"]["aliases"])
        self.done("inspect", "--model", model)

    def test_other_downloads_are_named_with_what_to_do(self):
        def with_files(name, keep=(), **files):
            path = self.made("aliases").rename(self.folder / name)
            for file in list(path.iterdir()):
                if file.name not in keep:
                    file.unlink()
            for file, content in files.items():
                (path / file.replace("__", ".")).write_bytes(content)
            return path

        settings = ("config.json", "vocab.json", "source.spm", "target.spm")
        self.refused(with_files("half", settings, model__fp16__safetensors=b"x"), "model.fp16.safetensors", "rename")
        self.refused(with_files("unfinished", settings, model__safetensors__incomplete=b"x"), "incomplete download", "again")
        self.refused(with_files("onnx", settings, model__onnx=b"x"), "ONNX")
        self.refused(with_files("fairseq", (), checkpoint_best__pt=b"x", dict__en__txt=b"x"), "fairseq")
        self.refused(with_files("adapter", (), adapter_config__json=b"{}", adapter_model__safetensors=b"x"), "PEFT", "merge")
        self.refused(with_files("fast", ("config.json", "model.safetensors"), tokenizer__json=b"{}"), "tokenizer.json", "source.spm")
        run = with_files("run", (), run__json=b"{}")
        (run / "snapshots" / "update-10").mkdir(parents=True)
        self.refused(run, "run of dragoman train", "again")
        linked = with_files("linked", settings)
        (linked / "model.safetensors").symlink_to("../../blobs/0123")
        self.refused(linked, linked / "model.safetensors", "../../blobs/0123", "not there")
        for name in ("model.safetensors", "config.json", "vocab.json"):
            for content, word in ((b"<!DOCTYPE html><html>", "HTML"), (b"\x1f\x8b\x08" + b"x" * 50, "gzip")):
                model = self.made("aliases")
                (model / name).write_bytes(content)
                self.refused(model, model / name, word)
        for address in ("http://hf.co/x/y/tree/main", "https://huggingface.co/x/y", "huggingface.co/x/y/"):
            self.refused(address, "hf download x/y --local-dir y")

    def test_tokenizer_encode_reads_added_tokens_as_translate_does(self):
        model = self.made("added_tokens")
        result = call("tokenizer", "encode", "--model", model, stdin=b"ba <ent> ke </ent>\n")
        pieces = result.stdout.decode().split()
        self.assertIn("<ent>", pieces)
        self.assertIn("</ent>", pieces)


if __name__ == "__main__":
    if not PROGRAM:
        raise RuntimeError("DRAGOMAN_PROGRAM must name the program under test")
    unittest.main()
