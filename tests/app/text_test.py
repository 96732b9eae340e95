#!/usr/bin/env python3
"""Text in and out of every command: what it may be, and what is never lost.

Properties over all commands: an output that is an input under any name is refused with its text untouched; a failed
command leaves the old output; text is read in one way whatever the command, encoding and compression. Uses the model
and the helpers of command_test.py; DRAGOMAN_PROGRAM names the program.
"""

import bz2
import concurrent.futures
import gzip
import itertools
import json
import lzma
import os
import resource
import shutil
import signal
import subprocess
import time
import unittest

import command_test
from command_test import BRIEF, PATIENCE, PROGRAM, TINY_MODEL, CommandTest, Shared, as_bytes, call, generated_lines

setUpModule = command_test.setUpModule
tearDownModule = command_test.tearDownModule

TEXT = as_bytes(line.encode() for line in generated_lines(40, 3))
PIECES = b"\xe2\x96\x81ba ke\n" * 40  # what tokenizer decode reads

# What reads text: its arguments with @ for the text under test and = for sound text of as many lines.
READERS = {
    "translate": ["translate", "--model", "M", *BRIEF, "--input", "@"],
    "translate prefix": ["translate", "--model", "M", *BRIEF, "--input", "=", "--target-prefix", "@"],
    "score source": ["score", "--model", "M", "--source", "@", "--target", "="],
    "score target": ["score", "--model", "M", "--source", "=", "--target", "@"],
    "evaluate hypothesis": ["evaluate", "--hypothesis", "@", "--reference", "="],
    "evaluate reference": ["evaluate", "--hypothesis", "=", "--reference", "@"],
    "evaluate source": ["evaluate", "--model", "M", *BRIEF, "--source", "@", "--reference", "="],
    "tokenizer train": ["tokenizer", "train", "--input", "@", "--model", "N", "--vocab-size", "60"],
    "tokenizer encode": ["tokenizer", "encode", "--model", "M", "--input", "@"],
    "tokenizer decode": ["tokenizer", "decode", "--model", "M", "--input", "@"],
    "check": ["check", "--source", "@", "--target", "="],
    "check test text": ["check", "--source", "=", "--target", "=", "--test-source", "=", "--test-target", "@"],
    "train": ["train", "--train-source", "@", "--train-target", "=", "--model", "N", *TINY_MODEL, "--max-updates", "1",
              "--valid-every", "0"],
    "train validation": ["train", "--train-source", "=", "--train-target", "=", "--valid-source", "@", "--valid-target", "=",
                         "--model", "N", *TINY_MODEL, "--max-updates", "1"],
}
SCORERS = [name for name in READERS if name.split()[0] in ("score", "evaluate")]

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
if shutil.which("zstd"):
    PACKERS["zst"] = lambda text: subprocess.run(["zstd", "-qc"], input=text, stdout=subprocess.PIPE, check=True).stdout


def at_once(tasks):
    """The results of these functions, two at a time."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=2) as pool:
        return list(pool.map(lambda task: task(), tasks))


def last_line(result):
    return (result.stderr.decode(errors="replace").splitlines() or [""])[-1]


class TextTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.sound = self.write("sound", TEXT)
        self.made = 0

    def arguments(self, reader, path):
        self.made += 1
        names = {"M": Shared.model, "N": self.folder / f"new-{self.made}", "@": path, "=": self.sound}
        return [names.get(word, word) for word in READERS[reader]]

    def read_by_all(self, cases):
        """cases: [(reader, path, ...)]; gives [(case, result of the command)]."""
        commands = [self.arguments(case[0], case[1]) for case in cases]
        return list(zip(cases, at_once([lambda command=command: call(*command) for command in commands])))


class Reading(TextTest):
    def test_what_is_not_text_is_refused_by_name_by_every_command(self):
        text = TEXT.decode()
        contents = {"UTF-16LE": b"\xff\xfe" + text.encode("utf-16-le"), "UTF-16BE": text.encode("utf-16-be"),
                    "NUL": TEXT.replace(b" ", b"\0", 1), "CR alone": TEXT.replace(b"\n", b"\r"), "zip": b"PK\x03\x04" + TEXT}
        paths = {name: self.write(name, content) for name, content in contents.items()}
        for (reader, path, name), result in self.read_by_all(
                [(reader, path, name) for reader in READERS for name, path in paths.items()]):
            with self.subTest(reader=reader, content=name):
                self.assertEqual(result.returncode, 3, result.stderr)
                self.assertIn(f"[{path}:1] expected ", last_line(result))
                self.assertIn(name, last_line(result).split("got ")[-1])

    def test_bytes_that_are_not_utf8_are_replaced_and_counted_or_refused_where_a_score_would_be_wrong(self):
        path = self.write("latin-1", "caf\xe9 ba\n".encode("latin-1") + TEXT.split(b"\n", 1)[1])
        for (reader, _), result in self.read_by_all([(reader, path) for reader in READERS]):
            with self.subTest(reader=reader):
                if reader in SCORERS:
                    self.refused(result, 3, f"[{path}:1] expected UTF-8")
                elif reader == "check test text":  # it counts what is in the text under test
                    self.done(result)
                else:
                    self.done(result)
                    self.assertRegex(result.stderr + result.stdout, rb"1 lines? .*invalid UTF-8.*latin-1:1")

    def test_latin_1_texts_that_differ_are_never_equal(self):
        first, second = (self.write(name, text.encode("latin-1")) for name, text in (("a", "caf\xe9\n"), ("b", "caf\xe8\n")))
        self.refused(call("evaluate", "--hypothesis", first, "--reference", second), 3, "expected UTF-8")

    def test_compressed_text_reads_as_the_text_whatever_its_name(self):
        plain = dict((case[0], result.stdout) for case, result in self.read_by_all([(reader, self.sound) for reader in READERS]))
        cases = [(reader, self.write(f"{kind}-text", pack(TEXT[:70]) + pack(TEXT[70:])))
                 for i, (kind, pack) in enumerate(PACKERS.items()) for j, reader in enumerate(READERS)
                 if (i + j) % 2 == 0 or reader in ("translate", "train", "evaluate hypothesis")]
        for (reader, path), result in self.read_by_all(cases):
            with self.subTest(reader=reader, path=path.name):
                self.assertEqual(self.done(result).replace(bytes(path), bytes(self.sound)), plain[reader])

    def test_compressed_text_that_is_cut_short_is_refused_by_every_command(self):
        packers = list(PACKERS.items())
        cases = []
        for i, reader in enumerate(READERS):
            kind, pack = packers[i % len(packers)]
            whole = pack(TEXT)
            cases.append((reader, self.write(f"cut-{i}.{kind}", whole[:len(whole) * (i + 1) // (len(READERS) + 1)])))
        for (reader, path), result in self.read_by_all(cases):
            with self.subTest(reader=reader):
                self.refused(result, 3, f"[{path}] expected ")

    def test_the_remedy_works_on_the_compressed_file_that_is_named(self):
        text = TEXT.decode()
        for name, content in (("utf16.gz", text.encode("utf-16")), ("nul.gz", b"a\0b\n" + TEXT), ("bz2.gz", bz2.compress(TEXT)), ("cr.gz", b"ba\rke\r")):
            path = self.write(name, gzip.compress(content))
            said = last_line(call("tokenizer", "train", "--input", path, "--model", self.folder / "m.spm"))
            command = said.rsplit(": ", 1)[-1].split(";")[0]
            self.assertTrue(command.startswith(f"gzip -dc {path} | "), said)
            found = subprocess.run(command, shell=True, capture_output=True, timeout=PATIENCE, check=True).stdout
            self.assertIn(found.removeprefix(b"\xef\xbb\xbf"), (TEXT, b"ab\n" + TEXT, b"ba\nke\n"), said)

    def test_what_follows_compressed_text_and_is_none_is_told(self):
        for kind, pack in PACKERS.items():
            for rest in (b"x", b"more\n", b"0" * 100):
                path = self.write(f"rest.{kind}", pack(TEXT) + rest)
                self.refused(call("tokenizer", "train", "--input", path, "--model", self.folder / "m.spm"), 3, f"[{path}]", "got something else after it")

    def test_standard_input_is_named_in_words(self):
        command = ["tokenizer", "train", "--model", self.folder / "m.spm"]
        self.refused(call(*command, stdin=b"a\0b\n"), 3, "[standard input:1]", "FILE")
        self.refused(call(*command, stdin=gzip.compress(TEXT)[:-9]), 3, "[standard input] expected")

    def test_every_way_into_a_command_unpacks(self):
        plain = self.translated(stdin=TEXT)
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        for kind, pack in PACKERS.items():
            with self.subTest(kind=kind):
                packed = pack(TEXT)
                self.assertEqual(self.translated(stdin=packed), plain)
                self.assertEqual(self.translated("--input", "/dev/stdin", stdin=packed), plain)
                self.refused(call("translate", "--model", Shared.model, *BRIEF, stdin=packed[:-5]), 3, "[standard input] expected complete")
                with subprocess.Popen(["dd", f"of={fifo}", "bs=7", "status=none"], stdin=subprocess.PIPE) as writer:
                    task = concurrent.futures.ThreadPoolExecutor().submit(self.translated, "--input", fifo)
                    writer.communicate(packed)
                    self.assertEqual(task.result(PATIENCE), plain)
        pairs = PACKERS["xz"](b"".join(line + b"\t" + line + b"\n" for line in TEXT.splitlines()))
        self.done(call("train", "--train-pairs", "-", "--model", self.folder / "m", *TINY_MODEL, "--max-updates", "1",
                       "--valid-every", "0", stdin=pairs))

    def test_several_inputs_are_translated_in_their_order(self):
        first, second = self.write("first", b"ba ke\nlo"), self.write("second,1", b"mi\n")
        rows = self.translated("--input", first, "--input", second, "--output-format", "json").splitlines()
        self.assertEqual([(row["line"], row["source"]) for row in map(json.loads, rows)], [(0, "ba ke"), (1, "lo"), (2, "mi")])

    def test_a_flag_that_names_one_file_is_refused_with_two(self):
        for arguments in (["translate", "--model", Shared.model, "--output", "a", "-o", "b"],
                          ["evaluate", "--model", Shared.model, "--source", "a", "--source", "b", "--reference", "c"],
                          ["score", "--source", "a", "--target", "b", "--target", "c"],
                          ["train", "--model", "a", "--model", "b"], ["export", "--model", "a", "--output", "b", "--output", "c"],
                          ["train", "--config", "a", "--config", "b"], ["inspect", "--model", "a", "-m", "b"]):
            with self.subTest(arguments=arguments):
                self.refused(call(*arguments, stdin=b"ba\n", folder=self.folder), 2, "expected one file or folder, got '")
        self.assertEqual(os.listdir(self.folder), ["sound"])

    def test_the_last_value_of_a_setting_counts_whichever_name_the_flag_has(self):
        for first, second in (("--learning-rate", "--lr"), ("--lr", "--learning-rate")):
            model = self.folder / first
            self.done(call("train", "--train-source", self.sound, "--train-target", self.sound, "--model", model, *TINY_MODEL,
                           "--max-updates", "1", "--valid-every", "0", first, "0.5", second, "0.25"))
            self.assertEqual(json.loads((model / "run.json").read_text())["learning_rate"], 0.25)

    def test_a_name_with_a_comma_is_one_file_where_it_is_there(self):
        source, target = self.write("a,b.src", TEXT), self.write("c,d.tgt", TEXT)
        self.assertIn(b"80 of 80 pairs", self.done(call("check", "--source", f"{source}", "--source", self.sound, "--target",
                                                        target, "--target", self.sound)))
        self.assertIn(b"80 of 80 pairs", self.done(call("check", "--source", f"{self.sound},{self.sound}", "--target", target,
                                                        "--target", self.sound)))

    def test_names_that_are_not_utf8_work_everywhere(self):
        name = os.path.join(bytes(self.folder), b"caf\xe9.en")
        with open(name, "wb") as file:
            file.write(TEXT)
        name = os.fsdecode(name)
        call_bytes = lambda *arguments: subprocess.run([os.fsencode(str(word)) for word in [PROGRAM, *arguments]],
                                                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        for reader in READERS:
            with self.subTest(reader=reader):
                self.done(call_bytes(*self.arguments(reader, name)))
        out = name + ".out"
        self.done(call_bytes("translate", "--model", Shared.model, *BRIEF, "--input", name, "--output", out))
        self.assertEqual(os.stat(os.fsencode(out)).st_size > 0, True)
        report = self.done(call_bytes("check", "--source", name, "--target", name, "--output-format", "json"))
        self.assertIn("caf\ufffd.en:1", json.loads(report)["findings"][0]["examples"][0])
        scores = self.done(call_bytes("evaluate", "--hypothesis", name, "--hypothesis", self.sound, "--reference", self.sound,
                                      "--output-format", "json"))
        self.assertIn("caf\ufffd.en", json.loads(scores)[0]["system"])
        model = name + ".model"
        train = ["train", "--train-source", name, "--train-target", name, "--model", model, *TINY_MODEL, "--valid-every", "0"]
        self.done(call_bytes(*train, "--max-updates", "1"))
        result = call_bytes(*train, "--max-updates", "2")
        self.done(result)
        self.assertIn(b"resuming from update 1", result.stderr)
        with open(os.path.join(os.fsencode(model), b"run.json"), encoding="utf-8") as file:
            run = json.load(file)
        self.assertEqual(run["train_source"][0]["hex"], os.fsencode(name).hex())
        self.done(call_bytes("train", "--config", os.path.join(model, "run.json"), "--model", self.folder / "again"))

    def test_what_follows_the_second_column_is_left(self):
        lines = TEXT.splitlines()
        three = self.write("three.tsv", b"".join(line + b"\t" + line + b"\tCC-BY\t1\n" for line in lines))
        out = self.done(call("check", "--pairs", three, "--output-format", "json"))
        findings = {finding["name"]: finding for finding in json.loads(out)["findings"]}
        self.assertEqual(findings["more_columns"]["count"], 40)
        self.assertEqual(findings["copy"]["count"], 40)  # the second column ends where the third begins
        result = call("train", "--train-pairs", three, "--model", self.folder / "m", *TINY_MODEL, "--max-updates", "1",
                      "--valid-every", "0")
        self.done(result)
        self.assertIn(b"40 lines with more than two columns, of which the first two are taken", result.stderr)
        none = self.write("none.tsv", TEXT)
        self.refused(call("train", "--train-pairs", none, "--model", self.folder / "n", *TINY_MODEL), 3,
                     f"[{none}:1] expected a source, a tab and a target on at least 95 % of the lines, got that on 0 of 40")


# What writes a file: arguments with OUT for it, and the flags of its inputs, each with what it names.
WRITERS = {
    "translate": (["translate", *BRIEF, "--output", "OUT"], {"--input": "text", "--target-prefix": "text", "--model": "model"}),
    "score": (["score", "--output", "OUT"], {"--source": "text", "--target": "text", "--model": "model"}),
    "evaluate": (["evaluate", *BRIEF, "--save-hypothesis", "OUT"], {"--source": "text", "--reference": "text", "--model": "model"}),
    "tokenizer encode": (["tokenizer", "encode", "--output", "OUT"], {"--input": "text", "--model": "spm"}),
    "tokenizer decode": (["tokenizer", "decode", "--output", "OUT"], {"--input": "text", "--model": "spm"}),
    "tokenizer train": (["tokenizer", "train", "--vocab-size", "60", "--model", "OUT"], {"--input": "text"}),
}


class Outputs(TextTest):
    def names_of(self, path):
        """{what: another path to the same file}"""
        folder = path.parent
        (folder / "hard").unlink(missing_ok=True)
        (folder / "soft").unlink(missing_ok=True)
        (folder / "softer").unlink(missing_ok=True)
        os.link(path, folder / "hard")
        (folder / "soft").symlink_to(path.name)
        (folder / "softer").symlink_to(folder / "soft")
        if not (folder.parent / f"{folder.name}-link").exists():
            (folder.parent / f"{folder.name}-link").symlink_to(folder)
        return {"itself": path, "dot": f"{folder}/./{path.name}", "hard link": folder / "hard", "link": folder / "softer",
                "link to the folder": folder.parent / f"{folder.name}-link" / path.name}

    def command(self, writer, **paths):
        """Its words, with a text, a tokenizer or a model for each input that `paths` does not name."""
        words, inputs = WRITERS[writer]
        standard = {"text": self.sound, "model": Shared.model, "spm": Shared.model / "source.spm"}
        command = list(words)
        for flag, kind in inputs.items():
            command += [flag, paths.get(flag[2:].replace("-", "_"), standard[kind])]
        return [paths["OUT"] if word == "OUT" else word for word in command]

    def test_that_belong_to_a_model_are_refused(self):
        model = self.folder / "model"
        shutil.copytree(Shared.model, model)
        (self.folder / "link").symlink_to(model / "vocab.json")
        before = {path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}
        targets = [model / name for name in ("source.spm", "vocab.json", "run.json", "manifest.json")] + [self.folder / "link"]
        for writer, target in itertools.product(WRITERS, targets):
            with self.subTest(command=writer, output=target.name):
                self.refused(call(*self.command(writer, OUT=target)), 2, "expected", target)
                self.assertEqual({path.name: path.read_bytes() for path in model.iterdir() if path.is_file()}, before)

    def test_of_the_users_own_in_a_folder_of_a_model_are_written_again(self):
        model = self.folder / "model"
        shutil.copytree(Shared.model, model)
        for writer, name in itertools.product(WRITERS, ("out.jsonl", "out.json", "out.txt")):
            with self.subTest(command=writer, output=name):
                for _ in range(2):
                    result = call(*self.command(writer, OUT=model / name))
                    self.assertEqual(result.returncode, 0, result.stderr)

    def test_that_are_inputs_under_any_name_are_refused_before_a_byte_is_lost(self):
        tasks, cases = [], []
        for writer, (_, inputs) in WRITERS.items():
            for flag, kind in inputs.items():
                folder = self.folder / f"{writer}{flag}".replace(" ", "-")
                if kind == "model":
                    shutil.copytree(Shared.model, folder)
                    path, given = folder / "vocab.json", folder
                else:
                    folder.mkdir()
                    path = given = folder / "text"
                    path.write_bytes(TEXT if kind == "text" else (Shared.model / "source.spm").read_bytes())
                for what, other in self.names_of(path).items():
                    command = self.command(writer, OUT=other, **{flag[2:].replace("-", "_"): given})
                    cases.append((writer, flag, what, path, path.read_bytes()))
                    tasks.append(lambda command=command: call(*command))
        for (writer, flag, what, path, content), result in zip(cases, at_once(tasks)):
            with self.subTest(writer=writer, input=flag, name=what):
                self.refused(result, 2, "expected a file that is not an input", flag)
                self.assertEqual(path.read_bytes(), content)

    def test_that_are_inputs_by_redirection_are_refused(self):
        path = self.write("text", TEXT)
        translate = ["translate", "--model", Shared.model, *BRIEF]
        for arguments, stdin, stdout in (([*translate, "--output", path], path, None), ([*translate, "--input", "/dev/stdin", "--output", path], path, None),
                                         ([*translate, "--input", path, "--output", "/dev/stdout"], None, path),
                                         ([*translate, "--input", path], None, path), (translate, path, path),
                                         (["score", "--model", Shared.model, "--source", path, "--target", path], None, path),
                                         (["evaluate", "--hypothesis", path, "--reference", self.sound], None, path),
                                         (["tokenizer", "encode", "--model", Shared.model], path, path),
                                         (["check", "--source", path, "--target", self.sound], None, path),
                                         (["check", "--source", self.sound, "--target", self.sound, "--test-pairs", path], None, path),
                                         (["check", "--pairs", "-"], path, path),
                                         (["train", "--train-source", path, "--train-target", self.sound, "--model", self.folder / "new",
                                           *TINY_MODEL, "--plan"], None, path)):
            with self.subTest(arguments=arguments, stdin=stdin, stdout=stdout):
                with open(stdin or os.devnull, "rb") as source, open(stdout or os.devnull, "ab") as target:
                    result = subprocess.run([PROGRAM, *map(str, arguments)], stdin=source, stdout=target, stderr=subprocess.PIPE,
                                            timeout=PATIENCE, check=False)
                self.assertEqual(result.returncode, 2, result.stderr)
                self.assertIn("expected a file that is not an input", last_line(result))
                self.assertEqual(path.read_bytes(), TEXT)

    def test_that_are_files_of_the_model_by_redirection_are_refused(self):
        model = self.folder / "model"
        shutil.copytree(Shared.model, model)
        config = (model / "config.json").read_bytes()
        for arguments in (["inspect", "--model", model], ["doctor", "--model", model], ["import", model, "--model", self.folder / "new"],
                          ["export", "--model", model, "--output", self.folder / "new"]):
            with self.subTest(command=arguments[0]):
                with open(model / "config.json", "ab") as target:
                    result = subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=target, stderr=subprocess.PIPE,
                                            timeout=PATIENCE, check=False)
                self.refused(result, 2, "[standard output] expected a file that is not an input")
                self.assertEqual((model / "config.json").read_bytes(), config)
        self.assertFalse((self.folder / "new").exists())

    def test_that_are_each_other_are_refused(self):
        out = self.write("out", b"old")
        command = [PROGRAM, "evaluate", "--model", Shared.model, "--source", self.sound, "--reference", self.sound, *BRIEF,
                   "--save-hypothesis", out]
        with open(out, "ab") as stdout:
            result = subprocess.run([str(word) for word in command], stdout=stdout, stderr=subprocess.PIPE, timeout=PATIENCE, check=False)
        self.assertEqual((result.returncode, out.read_bytes()), (2, b"old"), result.stderr)

    def test_folders_that_are_inputs_are_refused(self):
        checkpoint = next((Shared.model / "checkpoints").iterdir())
        link = self.folder / "link"
        link.symlink_to(checkpoint)
        before = {path: path.read_bytes() for path in checkpoint.iterdir()}
        for arguments in (["average", "--from", checkpoint, "--from", Shared.model, "--settings", Shared.model, "--model", link],
                          ["average", "--from", checkpoint / "model.safetensors", "--from", Shared.model, "--settings", Shared.model,
                           "--model", checkpoint],
                          ["export", "--model", Shared.model, "--output", Shared.model],
                          ["import", checkpoint, "--model", link],
                          ["train", "--train-source", Shared.model / "run.json", "--train-target", self.sound, "--model", Shared.model]):
            with self.subTest(command=arguments[0]):
                self.refused(call(*arguments), 2)
        self.assertEqual({path: path.read_bytes() for path in checkpoint.iterdir()}, before)

    def check_kept(self, out, names):
        self.assertEqual(out.read_bytes(), b"old")
        self.assertEqual(sorted(os.listdir(self.folder)), names)

    def test_of_a_failed_command_stay_as_they_were(self):
        out = self.write("out", b"old")
        bad = self.write("bad", TEXT + b"\0\n")
        fine = self.write("many", TEXT + b"\n")
        names = sorted(os.listdir(self.folder))
        for writer, (_, inputs) in WRITERS.items():
            text_flag = next(flag for flag, kind in inputs.items() if kind == "text")
            with self.subTest(writer=writer):
                result = call(*self.command(writer, OUT=out, **{text_flag[2:]: bad}))
                self.refused(result, 3, bad)
                self.check_kept(out, names)
        self.assertEqual(call(*self.command("translate", OUT=out, input=fine)).returncode, 3)  # a prefix is missing
        self.check_kept(out, names)

    def limited(self, *arguments, file_size):
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (file_size, file_size))
        return subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              preexec_fn=limit, timeout=PATIENCE, check=False)

    def test_beyond_the_file_size_limit_are_errors_with_path_and_reason(self):
        out = self.write("out", b"old")
        names = sorted(os.listdir(self.folder))
        for writer in WRITERS:
            with self.subTest(writer=writer):
                self.refused(self.limited(*self.command(writer, OUT=out), file_size=64), 3, f"cannot write {out}: File too large")
                self.check_kept(out, names)

    def test_of_a_tokenizer_are_the_same_where_files_may_not_be_as_large_as_its_table_of_spaces(self):
        small, usual = self.folder / "small.spm", self.folder / "usual.spm"
        self.done(call(*self.command("tokenizer train", OUT=usual)))
        self.assertLess(usual.stat().st_size, 29000)
        self.done(self.limited(*self.command("tokenizer train", OUT=small), file_size=29000))
        self.assertEqual(small.read_bytes(), usual.read_bytes())

    def test_that_cannot_be_written_are_told_before_a_model_is_loaded(self):
        folder = self.folder / "a-folder"
        folder.mkdir()
        missing = self.folder / "no" / "such"
        for writer in WRITERS:
            for out, reason in ((folder, "Is a directory"), (missing, "No such file")):
                paths = {"model": self.folder / "no-model"} if "--model" in WRITERS[writer][1] else {}
                with self.subTest(writer=writer, out=out):
                    self.refused(call(*self.command(writer, OUT=out, **paths)), 3, f"cannot write {out}: {reason}")
        for name in ("o.gz", "o.XZ", "o.zst", "o.bz2", "o.Z", "o.tgz"):
            for writer, flag in (("translate", "[--output]"), ("tokenizer train", "[--model]")):
                self.refused(call(*self.command(writer, OUT=self.folder / name)), 2, flag, "not compressed")
        if os.geteuid() != 0:
            folder.chmod(0o555)
            self.refused(call(*self.command("translate", OUT=folder / "out")), 3, "Permission denied")

    def test_that_are_links_to_themselves_are_errors_and_stay(self):
        loop = self.folder / "loop"
        loop.symlink_to("loop")
        for writer in WRITERS:
            with self.subTest(writer=writer):
                self.refused(call(*self.command(writer, OUT=loop)), 3, f"cannot write {loop}: Too many levels of symbolic links")
                self.assertTrue(loop.is_symlink())

    def test_keep_the_mode_of_the_old_file_and_the_link_to_it(self):
        out = self.write("out", b"old")
        out.chmod(0o604)
        link = self.folder / "to-out"
        link.symlink_to("out")
        for writer in ("translate", "tokenizer encode", "tokenizer train"):
            out.write_bytes(b"old")
            self.done(call(*self.command(writer, OUT=link)))
            self.assertNotEqual(out.read_bytes(), b"old")
            self.assertEqual((out.stat().st_mode & 0o777, link.is_symlink()), (0o604, True), writer)
        new = self.folder / "new"
        subprocess.run(["sh", "-c", 'umask 027; exec "$@"', "sh", PROGRAM, *map(str, self.command("tokenizer encode", OUT=new))], check=True)
        self.assertEqual(new.stat().st_mode & 0o777, 0o640)

    def test_that_are_no_regular_files_are_written_directly(self):
        expected = self.translated("--input", self.sound)
        command = ["translate", "--model", Shared.model, *BRIEF, "--input", self.sound, "--output"]
        for name in ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "-"):
            self.assertEqual(self.done(call(*command, name)), expected, name)
        self.done(call(*command, "/dev/null"))
        log = self.write("log", b"before\n")
        with open(log, "ab") as stdout:
            self.done(call(*command, "/dev/stdout", stdout=stdout))
        self.assertEqual(log.read_bytes(), b"before\n" + expected)
        fifo = self.folder / "fifo.gz"
        os.mkfifo(fifo)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            read = pool.submit(fifo.read_bytes)
            self.done(call(*command, fifo))
            self.assertEqual(read.result(PATIENCE), expected)

    def stop_translate(self, out, lines, way):
        """Stops it when it has written something and waits for more input. Returns its standard error."""
        with subprocess.Popen([PROGRAM, "translate", "--model", str(Shared.model), *BRIEF, "--output", str(out)],
                              stdin=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
            process.stdin.write(lines)
            deadline = time.monotonic() + PATIENCE
            while not any(path.stat().st_size for path in out.resolve().parent.glob(".out.*")) and time.monotonic() < deadline:
                time.sleep(0.02)
            process.send_signal(way)
            self.assertEqual(process.wait(2 + PATIENCE), 128 + way)
            return process.stderr.read().decode()

    def test_that_are_private_stay_so_and_what_is_there_as_partial_is_kept(self):
        out, partial = self.write("out", b"old"), self.write("out.partial", b"mine")
        out.chmod(0o600)
        for number in (2, 3):
            kept = self.folder / f"out.partial-{number}"
            self.assertIn(f"are in {kept}\n", self.stop_translate(out, b"ba ke\n", signal.SIGTERM))
            self.assertEqual((kept.stat().st_mode & 0o777, partial.read_bytes()), (0o600, b"mine"))
            self.assertTrue(kept.read_bytes())

    def test_in_a_folder_that_takes_no_files_name_it(self):
        folder = self.folder / "fixed"
        folder.mkdir()
        out = folder / "out.spm"
        out.write_bytes(b"old")
        out.chmod(0o666)
        self.folder.chmod(0o755)
        self.folder.parent.chmod(0o755)
        for mode in (0o555, 0o1777):  # the second is that of /tmp
            folder.chmod(mode)
            other = {"user": 65534} if os.geteuid() == 0 else {}
            if mode == 0o1777 and not other:
                continue
            result = subprocess.run([PROGRAM, *map(str, self.command("tokenizer train", OUT=out))], stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=PATIENCE, check=False, **other)
            self.refused(result, 3, f"cannot write {out}: no new file can replace it in {folder}", "choose another folder")
            self.assertEqual(out.read_bytes(), b"old")

    def test_of_a_closed_standard_output_are_errors(self):
        for words in (["translate", "--model", Shared.model, *BRIEF, "--input", self.sound], ["--version"]):
            result = subprocess.run(["sh", "-c", 'exec "$@" >&-', "sh", PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL,
                                    capture_output=True, timeout=PATIENCE, check=False)
            self.refused(result, 3, "cannot write standard output: Bad file descriptor")

    def test_of_a_stopped_translate_stay_as_partial(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(signal=number):
                out, partial = self.write("out", b"old"), self.folder / "out.partial"
                said = self.stop_translate(out, b"ba ke\nlo\n", number)
                self.assertIn(f"stopped: the translations so far are in {partial}", said)
                self.assertEqual(partial.read_bytes(), self.translated(stdin=b"ba ke\nlo\n"))
                self.check_kept(out, ["out", "out.partial", "sound"])
                partial.unlink()

    def test_behind_a_link_are_named_when_translate_is_stopped(self):
        (self.folder / "real").mkdir()
        link = self.folder / "link"
        link.symlink_to("real/out")
        partial = self.folder / "real" / "out.partial"
        self.assertIn(f"are in {partial}", self.stop_translate(link, b"ba ke\n", signal.SIGTERM))
        self.assertTrue(partial.exists())

    def test_of_commands_that_wait_and_are_stopped_leave_nothing(self):
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        names = sorted([*os.listdir(self.folder)])
        out = self.folder / "out"
        for writer, (_, inputs) in WRITERS.items():
            text_flag = next(flag for flag, kind in inputs.items() if kind == "text")
            command = self.command(writer, OUT=out, **{text_flag[2:]: fifo})
            with self.subTest(writer=writer), subprocess.Popen([PROGRAM, *map(str, command)], stderr=subprocess.PIPE) as process:
                while not list(self.folder.glob(".out.*")) and process.poll() is None:  # it has opened what it needs
                    time.sleep(0.02)
                process.send_signal(signal.SIGTERM)
                began = time.monotonic()
                self.assertEqual(process.wait(PATIENCE), 143, process.stderr.read())
                self.assertLess(time.monotonic() - began, 2 + 3)  # two seconds, on a busy machine too
                self.assertEqual(sorted(os.listdir(self.folder)), names)

    def test_of_a_killed_command_are_whole_and_its_remains_go_with_the_next(self):
        out = self.write("out", b"old")
        command = [PROGRAM, "translate", "--model", str(Shared.model), *BRIEF, "--output", str(out)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0) as process:
            process.stdin.write(b"ba ke\n")
            while not list(self.folder.glob(".out.*")):
                time.sleep(0.02)
            process.kill()
        self.assertEqual(out.read_bytes(), b"old")
        self.translated("--input", self.sound, "--output", out)
        self.assertEqual(sorted(os.listdir(self.folder)), ["out", "sound"])


if __name__ == "__main__":
    unittest.main()
