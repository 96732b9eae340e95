#!/usr/bin/env python3
"""The program as people and scripts call it: exit codes, the last line on stderr, and the output on stdout.

The environment variable DRAGOMAN_PROGRAM names the program. A tiny model is trained on generated text once;
tests that damage a model folder damage a copy.
"""

import gzip
import itertools
import json
import os
import pathlib
import re
import random
import select
import shutil
import signal
import subprocess
import tempfile
import unittest
import zipfile

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
OPTIONS_PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "options.md"
PATIENCE = 120  # seconds until a call counts as hanging

TINY_MODEL = ["--preset", "tiny", "--d-model", "16", "--encoder-layers", "1", "--decoder-layers", "1",
              "--encoder-ffn-dim", "32", "--decoder-ffn-dim", "32", "--vocab-size", "60", "--warmup", "5",
              "--learning-rate", "0.01", "--threads", "1"]
BRIEF = ["--threads", "1", "--max-length", "4"]

NASTY_LINES = [b"", b" ", b"\t \xc2\xa0", b"ba ke", b"ba\rke", b"\x01", b"ba\x1fke", b"\xe2\x80\xa8",
               b"ba\xe2\x80\xa8ke\xc2\x85lo", b"\xff\xfe\xfd", b"ba \xc3( ke", b"\xed\xa0\x80",
               "👩‍👩‍👧‍👦".encode(), "שלום مرحبا".encode(), b"to\xcc\x88r", b"</s> <pad> >>de<<", b"a ||| b",
               b"x" * 5000, b"-", b"--help"]


def generated_lines(count, seed=1):
    chance = random.Random(seed)
    syllables = "ba ke lo mi nu sch tür ön wa ze fra gen".split()
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 3))) for _ in range(60)]
    return [" ".join(chance.choices(words, k=chance.randint(2, 9))) + "." for _ in range(count)]


def as_bytes(lines):
    return b"".join(line + b"\n" for line in lines)


def call(*arguments, stdin=b"", stdout=subprocess.PIPE, folder=None, program=PROGRAM):
    return subprocess.run([program, *map(str, arguments)], input=stdin, stdout=stdout, stderr=subprocess.PIPE,
                          cwd=folder, timeout=PATIENCE, check=False)


class Shared:
    """What setUpModule makes: a folder with text and a trained model."""
    folder = None
    model = None
    training = None


def train_flags(model, *more):
    return ["train", "--train-source", Shared.folder / "a.src", "--train-target", Shared.folder / "a.tgt",
            "--model", model, *TINY_MODEL, "--valid-every", "0", *more]


def setUpModule():
    if not PROGRAM:
        raise RuntimeError("DRAGOMAN_PROGRAM must name the program under test")
    Shared.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-test-"))
    lines = generated_lines(200)
    (Shared.folder / "a.src").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (Shared.folder / "a.tgt").write_text("\n".join(reversed(lines)) + "\n", encoding="utf-8")
    Shared.model = Shared.folder / "model"
    Shared.training = call(*train_flags(Shared.model, "--max-updates", "30"))


def tearDownModule():
    if Shared.folder:
        shutil.rmtree(Shared.folder)


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=Shared.folder))

    def write(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def copied_model(self, manifest=True):
        path = self.folder / "copy"
        shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(Shared.model, path)
        if not manifest:
            (path / "manifest.json").unlink()
        return path

    def done(self, result):
        self.assertEqual(result.returncode, 0, result.stderr.decode(errors="replace"))
        self.assertNotIn(b"error", result.stderr)
        return result.stdout

    def translated(self, *arguments, stdin=b""):
        return self.done(call("translate", "--model", Shared.model, *BRIEF, *arguments, stdin=stdin))

    def refused(self, result, code, *pieces):
        lines = result.stderr.decode(errors="replace").splitlines()
        self.assertEqual(result.returncode, code, lines)
        self.assertTrue(lines and lines[-1].startswith(("dragoman: error: [", "dragoman: error: cannot ")), lines)
        for piece in pieces:
            self.assertIn(str(piece), lines[-1])
        self.assertIn(result.stdout, (b"", None))


class WrongUse(CommandTest):
    def test_an_unknown_command_names_the_nearest(self):
        self.refused(call("translat"), 2, "[command]", "'translate'", "got 'translat'")
        self.refused(call("tokenizer", "trian"), 2, "'tokenizer train'")

    def test_flags_that_compare_hypotheses_are_refused_where_there_is_one(self):
        for flag, value in (("--length-penalty", "2"), ("--length-penalty-kind", "wu"), ("--word-penalty", "1"), ("--search-until", "exact"),
                            ("--diversity-rate", "1")):
            for one, way in (("--beam-size=1", "--beam-size 2 or more"), ("--sample", "expected beam search, not --sample")):
                self.refused(call("translate", "--model", Shared.model, one, flag, value), 2, f"[{flag}]", way)
        self.refused(call("translate", "--model", Shared.model, "--sample", "--beam-size", "3"), 2, "[--beam-size]", "not --sample")

    def test_a_misspelt_flag_names_the_nearest(self):
        self.refused(call("translate", "--bean-size", "3"), 2, "[--bean-size]", "did you mean --beam-size?")
        self.refused(call(*train_flags(self.folder / "m", "--max-updatse", "3")), 2, "--max-updates")

    def test_a_short_flag_that_is_unknown_is_likened_to_none(self):
        for command, flag, told in (("train", "-o", "--model"), ("train", "--bs", "--max-tokens"), ("translate", "--arch", "--model"),
                                    ("translate", "--criterion", "it is --label-smoothing of dragoman train"),
                                    ("translate", "--xy", "see --help"), ("translate", "--inter_threads", "--workers"),
                                    ("translate", "--replace_unk", "--byte-fallback"), ("train", "--sync-sgd", "one process")):
            self.refused(call(command, flag, "1"), 2, f"[{flag}]", told)

    def test_an_empty_name_of_a_file_is_refused_by_every_command(self):
        for words in (["translate", "-i"], ["translate", "-o"], ["translate", "-m"], ["translate", "--target-prefix"], ["tokenizer", "encode", "-i"],
                      ["tokenizer", "train", "-i"], ["tokenizer", "train", "--model"], ["train", "--train-source"], ["evaluate", "--reference"],
                      ["inspect", "--model"], ["export", "--output"], ["check", "--source"]):
            result = call(*words, "")
            self.refused(result, 2, "expected a file or folder, got an empty name")
        self.refused(call("evaluate", "ref", ""), 2, "[--reference]")
        self.refused(call("train", "--train-source="), 2, "[--train-source]")

    def test_a_removed_flag_is_answered_by_the_reason_and_the_replacement(self):
        for flag, *pieces in (("--r-drop", "was removed", "--dropout"),
                              ("--sampling-epochs", "was removed", "the whole run"),
                              ("--source-word-dropout", "was removed", "--dropout"),
                              ("--target-word-dropout", "was removed", "--dropout")):
            for spelling in (flag, flag.replace("-", "_").replace("__", "--")):
                self.refused(call(*train_flags(self.folder / "m", spelling, "0")), 2, f"[{spelling}]", *pieces)

    def test_a_flag_without_its_value_and_a_stray_word_are_refused(self):
        self.refused(call("translate", "--model"), 2, "expected a value")
        self.refused(call("translate", "model"), 2, "'model'")

    def test_values_that_cannot_be_are_refused(self):
        for flags, pieces in [(["--beam-size", "0"], ["[--beam-size]", "at least 1", "'0'"]),
                              (["--beam-size", "4", "--n-best", "5"], ["[--n-best]", "--beam-size 4", "got 5"]),
                              (["--beam-size", "many"], ["[--beam-size]", "integer", "'many'"]),
                              (["--output-format", "xml"], ["[--output-format]", "text, json", "'xml'"]),
                              (["--min-length", "9", "--max-length", "5"], ["[--min-length]", "got 9"]),
                              (["--device", "tpu"], ["[--device]", "'tpu'"])]:
            with self.subTest(flags=flags):
                self.refused(call("translate", "--model", Shared.model, *flags), 2, *pieces)

    @unittest.skipIf(os.path.exists("/proc/driver/nvidia/version"), "there is a GPU here")
    def test_a_device_that_is_not_there_is_refused_saying_why(self):
        result = call("translate", "--model", Shared.model, "--device", "cuda")
        self.refused(result, 2, "[--device]")
        self.assertRegex(result.stderr.decode(), "do not load: .+|no usable CUDA device")

    def test_int8_is_refused_by_train_with_the_reason(self):
        self.refused(call(*train_flags(self.folder / "m", "--precision", "int8")), 2, "[--precision]", "gradients")

    def test_an_unknown_target_language_is_refused(self):
        self.refused(call("translate", "--model", Shared.model, "--target-language", "xx"), 2,
                     "[--target-language]", "'xx'")

    def test_flags_without_effect_are_refused_by_name(self):
        source, target = Shared.folder / "a.src", Shared.folder / "a.tgt"
        for flag in ("--max-train-length", "--max-length-ratio"):
            self.refused(call("check", "--source", source, "--target", target, flag, "5"), 2, f"[{flag}]", "--model")
        self.refused(call("check", "--source", source, "--target", target, "--corpus-memory", "5"), 2, "[--corpus-memory]")
        for command in ("encode", "decode"):
            self.refused(call("tokenizer", command, "--model", Shared.model / "source.spm", "--side", "target"), 2, "[--side]", "folder")

    def test_missing_flags_are_named(self):
        self.refused(call("train", "--model", self.folder / "m"), 2, "[--train-source]")
        self.refused(call("evaluate", "--hypothesis", "x"), 2, "[--reference]")
        self.refused(call("evaluate", "--reference", Shared.folder / "a.tgt"), 2, "[--hypothesis]")
        self.refused(call(*train_flags(self.folder / "m", "--bpe-dropout", "0.1")), 2, "[--bpe-dropout]", "unigram")
        self.refused(call(*train_flags(self.folder / "m", "--sampled-side", "source")), 2, "[--sampled-side]", "--subword-sampling")
        self.refused(call(*train_flags(self.folder / "m", "--average", "3")), 2, "[--average]", "--valid-every")
        self.assertFalse((self.folder / "m").exists())


class ShippedModel(CommandTest):
    """Without --model: the model next to the program, wherever that is installed."""

    def installed(self):
        program = self.folder / "prefix/bin/dragoman"
        program.parent.mkdir(parents=True)
        shutil.copy(PROGRAM, program)
        return program

    def test_a_program_without_one_asks_for_a_folder(self):
        program = self.installed()
        for arguments in (["translate"], ["inspect"], ["score", "--source", "-", "--target", "x"],
                          ["evaluate", "--source", "-", "--reference", Shared.folder / "a.tgt"]):
            with self.subTest(command=arguments[0]):
                self.refused(call(*arguments, program=program), 2, "[--model]")

    def test_it_stands_in_for_the_model_that_was_not_given(self):
        program, lines = self.installed(), as_bytes([b"ba ke", b"", b"lo"])
        shutil.copytree(Shared.model, self.folder / "prefix/share/dragoman/models/en-de")
        result = call("translate", *BRIEF, stdin=lines, program=program)
        self.assertEqual(self.done(result), self.translated(stdin=lines))
        self.assertIn(b"share/dragoman/models/en-de", result.stderr)
        self.assertIn(b"encoder.layers.0", self.done(call("inspect", program=program)))
        text = self.write("text", lines)
        self.assertIn(b"BLEU", self.done(call("evaluate", "--source", text, "--reference", text, *BRIEF, program=program)))
        self.assertEqual(len(self.done(call("score", "--source", text, "--target", text, program=program)).splitlines()), 3)


class BadInputAndOutput(CommandTest):
    def test_a_missing_input_is_named_with_its_errno(self):
        missing = self.folder / "missing.txt"
        for arguments in (["translate", "--model", Shared.model, "--input", missing, *BRIEF],
                          ["train", "--train-source", missing, "--train-target", missing, "--model", self.folder / "m"],
                          ["evaluate", "--hypothesis", missing, "--reference", Shared.folder / "a.tgt"],
                          ["tokenizer", "train", "--input", missing, "--model", self.folder / "x.spm"]):
            with self.subTest(command=arguments[0]):
                self.refused(call(*arguments), 3, missing, "errno 2")

    def test_unequal_line_counts_are_refused_naming_the_line(self):
        short = self.write("short.tgt", b"ba ke.\n" * 199)
        result = call("train", "--train-source", Shared.folder / "a.src", "--train-target", short, "--model",
                      self.folder / "m", *TINY_MODEL)
        self.refused(result, 3, "200")
        self.assertFalse((self.folder / "m").exists())
        self.refused(call("evaluate", "--hypothesis", Shared.folder / "a.src", "--reference", short), 3, "199")

    def test_an_output_that_cannot_be_written_is_refused_with_path_and_errno(self):
        text = as_bytes([b"ba ke"] * 3)
        self.refused(call("translate", "--model", Shared.model, *BRIEF, "--output", "/dev/full", stdin=text), 3,
                     "cannot write /dev/full: ", "errno 28")
        self.refused(call("translate", "--model", Shared.model, *BRIEF, "--output", self.folder / "no/such",
                          stdin=text), 3, "no/such", "errno 2")
        with open("/dev/full", "wb") as full:
            self.refused(call("translate", "--model", Shared.model, *BRIEF, stdin=text, stdout=full), 3,
                         "cannot write standard output: ", "errno 28")
            self.refused(call("--help", stdout=full), 3, "cannot write standard output: ", "errno 28")

    def test_a_damaged_gz_file_is_refused(self):
        packed = gzip.compress(as_bytes([b"ba ke %d" % i for i in range(2000)]))
        path = self.write("cut.gz", packed[:len(packed) // 2])
        result = call("tokenizer", "encode", "--model", Shared.model, "--input", path)
        self.assertEqual(result.returncode, 3)
        self.assertIn(str(path), result.stderr.decode().splitlines()[-1])


class BadModelFolder(CommandTest):
    def translate(self, folder):
        return call("translate", "--model", folder, *BRIEF, stdin=b"ba ke\n")

    def test_a_missing_folder_is_refused(self):
        self.refused(self.translate(self.folder / "none"), 4, self.folder / "none", "nothing there")
        self.refused(self.translate(self.write("file", b"x")), 4, "a file")
        self.refused(call("inspect", "--model", self.folder / "none"), 4, "nothing there")

    def test_a_folder_without_one_of_its_files_is_refused_naming_it(self):
        for name, manifest in (("model.safetensors", True), ("model.safetensors", False), ("config.json", False),
                               ("source.spm", False), ("vocab.json", False)):
            with self.subTest(name=name, manifest=manifest):
                folder = self.copied_model(manifest)
                (folder / name).unlink()
                self.refused(self.translate(folder), 4, folder / name)

    def test_a_truncated_or_damaged_weights_file_is_refused(self):
        whole = (Shared.model / "model.safetensors").read_bytes()
        flipped = bytearray(whole)
        flipped[-10] ^= 1
        for manifest, content in [(True, whole[:-100]), (False, whole[:-100]), (True, bytes(flipped)),
                                  (False, whole[:4]), (False, b""), (False, b"\xff" * 100)]:
            with self.subTest(manifest=manifest, bytes=len(content)):
                folder = self.copied_model(manifest)
                (folder / "model.safetensors").write_bytes(content)
                self.refused(self.translate(folder), 4, "model.safetensors")

    def test_a_config_that_is_not_json_is_refused(self):
        for manifest in (True, False):
            with self.subTest(manifest=manifest):
                folder = self.copied_model(manifest)
                (folder / "config.json").write_text('{"d_model": 16,')
                self.refused(self.translate(folder), 4, "config.json")

    def test_a_config_that_does_not_fit_the_weights_is_refused(self):
        folder = self.copied_model(manifest=False)
        config = json.loads((folder / "config.json").read_text())
        for key, value in (("encoder_layers", 2), ("d_model", 32), ("d_model", "wide"), ("vocab_size", 3),
                           ("encoder_attention_heads", 3), ("model_type", "bert")):
            with self.subTest(key=key, value=value):
                (folder / "config.json").write_text(json.dumps({**config, key: value}))
                self.refused(self.translate(folder), 4, folder)


class Crash(CommandTest):
    @unittest.skipIf("/asan/" in PROGRAM, "AddressSanitizer reports crashes in its own way")
    def test_never_ends_the_program_without_a_word(self):
        for number in (signal.SIGSEGV, signal.SIGABRT):
            with self.subTest(signal=number), subprocess.Popen(
                    [PROGRAM, "translate", "--model", str(Shared.model), *BRIEF], stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0) as process:
                process.stdin.write(b"ba ke\n")
                process.stdout.readline()  # it has loaded the model and waits
                process.send_signal(number)
                last = process.stderr.read().decode().splitlines()[-1]
                self.assertEqual(process.wait(PATIENCE), -number)
                self.assertRegex(last, rf"^dragoman: error: \[internal\] cannot continue: signal {int(number)} \(")

    def test_a_tokenizer_model_that_leads_outside_of_itself_is_refused(self):
        folder = self.copied_model(manifest=False)
        sound = self.folder / "sound.spm"
        self.done(call("tokenizer", "train", "--input", Shared.folder / "a.src", "--model", sound, "--vocab-size", "60",
                       "--normalization", "nmt_nfkc"))
        model = bytearray(sound.read_bytes())
        charsmap = model.index(b"nmt_nfkc") + 20
        model[charsmap:charsmap + 64] = b"\xff" * 64
        (folder / "source.spm").write_bytes(model)
        result = call("translate", "--model", folder, *BRIEF, stdin=b"ba ke\n")
        self.refused(result, 4, folder / "source.spm", "expected a SentencePiece model")


class Settings(CommandTest):
    def refused_config(self, content, *pieces):
        path = self.write("run.json", content if isinstance(content, bytes) else json.dumps(content).encode())
        self.refused(call(*train_flags(self.folder / "m", "--config", path)), 2, path, *pieces)
        self.assertFalse((self.folder / "m").exists())

    def test_a_bad_settings_file_is_refused_naming_the_key(self):
        self.refused_config({"max_update": 3}, "max_update", "did you mean 'max_updates'?")
        self.refused_config({"max_updates": "3"}, "max_updates", "integer", '"3"')
        self.refused_config({"max_updates": 2.5}, "max_updates", "integer", "2.5")
        self.refused_config({"dropout": 1.5}, "dropout", "1.5")
        self.refused_config({"schedule": "sawtooth"}, "schedule", "inverse-sqrt")
        self.refused_config({"train_source": "a.src"}, "train_source", "list")
        self.refused_config([1, 2], "object")
        self.refused_config({"r_drop": 5.0}, "r_drop", "was removed", "--dropout")
        self.refused_config(b'{"seed": 1')
        self.refused_config(b'{"seed": 1, "seed": 2}', "seed")

    def test_a_missing_settings_file_is_refused(self):
        self.refused(call(*train_flags(self.folder / "m", "--config", self.folder / "none.json")), 2, "none.json")

    def test_the_settings_of_a_run_repeat_it(self):
        again = self.folder / "again"
        self.done(call("train", "--config", Shared.model / "run.json", "--model", again))
        for name in ("model.safetensors", "source.spm", "vocab.json", "config.json"):
            self.assertEqual((again / name).read_bytes(), (Shared.model / name).read_bytes(), name)
        settings = [json.loads((folder / "run.json").read_text()) for folder in (again, Shared.model)]
        for values in settings:
            values.pop("model", None)
        self.assertEqual(settings[0], settings[1])

    def test_a_flag_wins_over_the_settings_file(self):
        other = self.folder / "other"
        self.done(call("train", "--config", Shared.model / "run.json", "--model", other, "--max-updates", "2"))
        self.assertEqual(json.loads((other / "run.json").read_text())["max_updates"], 2)
        self.assertTrue((other / "checkpoints" / "update-2").is_dir())


class Train(CommandTest):
    def test_tells_what_it_does_on_stderr_only(self):
        self.assertEqual(self.done(Shared.training), b"")
        log = Shared.training.stderr.decode()
        self.assertRegex(log.splitlines()[0], r"device CPU .*LibTorch \d.*threads 1, seed 1")
        self.assertRegex(log, r"model: [\d,]+ parameters")
        self.assertIn("reached --max-updates 30", log)

    def test_that_is_finished_says_so(self):
        result = call(*train_flags(Shared.model, "--max-updates", "30"))
        self.done(result)
        self.assertIn(b"already at update 30 of 30", result.stderr)

    def test_with_other_settings_lists_them(self):
        self.refused(call(*train_flags(Shared.model, "--max-updates", "30", "--seed", "7", "--dropout", "0.5")), 2,
                     "--seed 1 -> 7", "--dropout 0.1 -> 0.5")

    def test_saves_on_sigterm_and_goes_on_at_the_next_call(self):
        model = self.folder / "m"
        flags = [str(flag) for flag in train_flags(model, "--log-every", "1")]
        with subprocess.Popen([PROGRAM, *flags, "--max-updates", "1000000"], stderr=subprocess.PIPE) as process:
            for line in process.stderr:
                if b"update 3 " in line:
                    process.send_signal(signal.SIGTERM)
                    break
            rest = process.stderr.read()
            self.assertEqual(process.wait(PATIENCE), 143)
        self.assertIn(b"stopped by a signal, state saved", rest)
        updates = [int(path.name.split("-")[1]) for path in (model / "checkpoints").iterdir()]
        self.assertEqual(len(updates), 1)
        result = call(*flags, "--max-updates", "+2")
        self.done(result)
        self.assertIn(b"resuming from update %d\n" % updates[0], result.stderr)
        self.assertTrue((model / "checkpoints" / f"update-{updates[0] + 2}").is_dir())

    def lines_until(self, process, text):
        """Reads stderr up to the line that holds this text."""
        seen = []
        for line in process.stderr:
            seen.append(line)
            if text in line:
                return seen
        self.fail(f"{text} was never said: {seen}")

    def test_killed_at_any_update_it_ends_with_the_same_bytes(self):
        flags = ["--max-updates", "40", "--save-every", "3", "--log-every", "1", "--keep-checkpoints", "2"]
        whole, killed = self.folder / "whole", self.folder / "killed"
        self.done(call(*train_flags(whole, *flags)))
        for update in (1, 2, 3, 4, 7, 12, 12, 15, 20, 26, 31, 39):
            with subprocess.Popen([PROGRAM, *map(str, train_flags(killed, *flags))],
                                  stderr=subprocess.PIPE) as process:
                for line in process.stderr:
                    if b"update %d " % update in line or b"already at update" in line:
                        break
                process.kill()
        self.done(call(*train_flags(killed, *flags)))
        for name in ("model.safetensors", "checkpoints/update-40/model.safetensors",
                     "checkpoints/update-40/optimizer.safetensors"):
            self.assertEqual((whole / name).read_bytes(), (killed / name).read_bytes(), name)

    def test_a_second_signal_ends_it_at_once_and_harms_nothing(self):
        flags = ["--max-updates", "30", "--save-every", "3", "--log-every", "1"]
        whole, stopped = self.folder / "whole", self.folder / "stopped"
        self.done(call(*train_flags(whole, *flags)))
        for update in (2, 9, 16):
            with subprocess.Popen([PROGRAM, *map(str, train_flags(stopped, *flags))], stderr=subprocess.PIPE) as process:
                self.lines_until(process, b"update %d " % update)
                for _ in range(50):
                    process.send_signal(signal.SIGTERM)
                process.stderr.read()
                self.assertIn(process.wait(PATIENCE), (-signal.SIGTERM, 143))
        self.done(call(*train_flags(stopped, *flags)))
        self.assertEqual((whole / "model.safetensors").read_bytes(), (stopped / "model.safetensors").read_bytes())

    def test_a_second_trainer_is_refused_until_the_first_is_gone(self):
        model = self.folder / "m"
        flags = [str(flag) for flag in train_flags(model, "--log-every", "1", "--max-updates", "1000000")]
        with subprocess.Popen([PROGRAM, *flags], stderr=subprocess.PIPE) as process:
            self.lines_until(process, b"update 1 ")
            self.refused(call(*flags), 2, "[--model]", model, "in use")
            process.kill()
        self.done(call(*train_flags(model, "--max-updates", "1")))

    def test_saves_and_validates_on_request(self):
        model = self.folder / "m"
        flags = [str(flag) for flag in train_flags(model, "--log-every", "1", "--max-updates", "1000000",
                                                   "--save-every", "0", "--valid-every", "1000000")]
        with subprocess.Popen([PROGRAM, *flags], stderr=subprocess.PIPE) as process:
            self.lines_until(process, b"update 1 ")
            process.send_signal(signal.SIGUSR1)
            self.lines_until(process, b"saved on request: update ")
            self.assertEqual(len(list((model / "checkpoints").iterdir())), 1)
            process.send_signal(signal.SIGUSR2)
            self.lines_until(process, b"valid  update ")
            process.send_signal(signal.SIGINT)
            process.stderr.read()
            self.assertEqual(process.wait(PATIENCE), 130)

    def test_trains_in_half_precision_on_the_cpu(self):
        # The second shape is one that the kernels for float32 would take.
        for precision, shape in itertools.product(("bfloat16", "float16"),
                                                  ([], ["--d-model", "64", "--dropout", "0.2", "--recompute"])):
            model = self.folder / f"{precision}-{len(shape)}"
            self.done(call(*train_flags(model, "--max-updates", "3", "--valid-source", Shared.folder / "a.src", "--valid-target",
                                        Shared.folder / "a.tgt"), "--valid-every", "3", "--precision", precision, *shape))
            self.done(call("evaluate", "--model", model, "--source", Shared.folder / "a.src", "--reference",
                           Shared.folder / "a.tgt", "--precision", precision, *BRIEF))

    def test_goes_on_when_a_checkpoint_cannot_be_written(self):
        model = self.folder / "m"
        model.mkdir()
        (model / "checkpoints").symlink_to("nowhere/deep")  # no folder can be made there
        result = call(*train_flags(model, "--max-updates", "6", "--save-every", "2"))
        self.assertEqual(result.returncode, 3, result.stderr)
        self.assertIn(b"training continues", result.stderr)
        self.assertIn(b"errno", result.stderr)

    def test_a_corpus_on_disk_gives_the_same_model_as_one_in_memory(self):
        flags = ["--max-updates", "20", "--save-every", "0"]
        in_memory, on_disk = self.folder / "memory", self.folder / "disk"
        self.done(call(*train_flags(in_memory, *flags)))
        result = call(*train_flags(on_disk, *flags, "--corpus-memory", "0"))
        self.done(result)
        self.assertIn(b"in a temporary file in", result.stderr)
        self.assertEqual((in_memory / "model.safetensors").read_bytes(), (on_disk / "model.safetensors").read_bytes())

    def test_plans_without_touching_the_folder(self):
        model = self.folder / "m"
        out = self.done_plan(call(*train_flags(model, "--max-updates", "40", "--keep-checkpoints", "3", "--plan")))
        self.assertFalse(model.exists())
        for pattern in (r"parameters: [\d,]+", r"peak memory: [\d,]+ MiB", r"speed: [\d,]+ target tokens/s on CPU.*37 updates",
                        r"one epoch: [\d,]+ target tokens, \d+ updates?, ", r"to the end: 40 updates, .* by --max-updates 40",
                        r"disk: [\d.,]+ MiB at most .*4 checkpoints of"):
            self.assertRegex(out, pattern)

    def done_plan(self, result):
        lines = self.done(result).decode()
        self.assertEqual(len(lines.splitlines()), 6, lines)
        return lines

    def test_reads_its_text_from_a_pipe_once(self):
        pairs = as_bytes(line.encode() + b"\t" + line.upper().encode() for line in generated_lines(120))
        model = self.folder / "m"
        self.done(call("train", "--train-pairs", "-", "--model", model, *TINY_MODEL, "--max-updates", "2",
                       "--valid-every", "2", stdin=pairs))
        self.assertTrue((model / "model.safetensors").is_file())

    def test_refuses_a_folder_with_a_model_that_is_not_its_run(self):
        folder = self.copied_model()
        (folder / "run.json").unlink()
        self.refused(call(*train_flags(folder, "--max-updates", "30")), 2, "[--model]", folder)
        self.assertEqual((folder / "model.safetensors").read_bytes(), (Shared.model / "model.safetensors").read_bytes())

    def test_a_new_run_writes_over_no_file_of_a_model_or_a_run(self):
        for name in ("source.spm", "vocab.json", "generation_config.json", "report.html", "train.log.jsonl", "manifest.json",
                     "checkpoints/update-9/state.json", "snapshots/update-9.safetensors", "tensorboard/events"):
            with self.subTest(there=name):
                folder = self.folder / name.replace("/", "-")
                (folder / name).parent.mkdir(parents=True)
                (folder / name).write_bytes(b"mine")
                self.refused(call(*train_flags(folder, "--max-updates", "2")), 2, "[--model]", name.split("/")[0], "run.json")
                self.assertEqual([path for path in folder.rglob("*") if path.is_file()], [folder / name])
                self.assertEqual((folder / name).read_bytes(), b"mine")

    def test_settings_of_the_users_own_are_not_written_over(self):
        model = self.folder / "m"
        model.mkdir()
        for mine in (b'{"learning_rate": 0.01}', b"mine"):
            (model / "run.json").write_bytes(mine)
            self.refused(call(*train_flags(model, "--max-updates", "2")), 2, model / "run.json")
            self.assertEqual((model / "run.json").read_bytes(), mine)

    def test_a_start_that_saved_nothing_is_started_again(self):
        model, copy = self.folder / "m", self.folder / "n"
        self.done(call(*train_flags(model, "--max-updates", "2")))
        copy.mkdir()
        for name in ("run.json", "source.spm"):
            shutil.copy(model / name, copy / name)
        self.done(call(*train_flags(copy, "--max-updates", "3")))

    def test_a_run_is_not_started_over_its_own_snapshots(self):
        model = self.folder / "m"
        flags = train_flags(model, "--max-updates", "4", "--average", "2")
        flags[flags.index("--valid-every") + 1] = "2"
        self.done(call(*flags))
        snapshots = sorted((model / "snapshots").iterdir())
        self.assertEqual(len(snapshots), 2)
        shutil.rmtree(model / "checkpoints")
        (model / "model.safetensors").unlink()
        self.refused(call(*flags), 2, "[--model]", "checkpoints")
        (model / "run.json").unlink()
        self.refused(call(*flags), 2, "[--model]", "run.json")
        self.assertEqual(sorted((model / "snapshots").iterdir()), snapshots)

    def test_a_run_is_not_resumed_under_other_settings(self):
        folder = self.copied_model()
        config = (folder / "config.json").read_text(encoding="utf-8")
        flags = [*train_flags(folder, "--max-updates", "+2")]
        for name, text in {"config.json": config.replace('"relu"', '"gelu"'), "special_tokens_map.json": "{}"}.items():
            with self.subTest(changed=name):
                before = (folder / name).read_text(encoding="utf-8")
                self.assertNotEqual(before, text)
                (folder / name).write_text(text, encoding="utf-8")
                self.refused(call(*flags), 4, folder / name, "--reseal")
                (folder / name).write_text(before, encoding="utf-8")
        (folder / "config.json").write_text(config.replace('"relu"', '"gelu"'), encoding="utf-8")
        self.done(call("inspect", "--model", folder, "--reseal"))
        self.refused(call(*flags), 4, folder / "config.json", "run.json", "activation-function")

    def test_says_what_goes_without_validations(self):
        model = self.folder / "m"
        result = call(*train_flags(model, "--max-updates", "2", "--early-stopping", "5"))
        self.done(result)
        self.assertIn(b"no validation (--valid-every 0): the last model is kept", result.stderr)
        self.refused(call(*train_flags(self.folder / "n", "--average", "3")), 2, "[--average]", "--valid-every")

    def test_reads_pairs_and_gz_files(self):
        lines = generated_lines(50, 2)
        pairs = gzip.compress("".join(f"{a}\t{b}\n" for a, b in zip(lines, reversed(lines))).encode())
        self.done(call("train", "--train-pairs", self.write("pairs.tsv.gz", pairs), "--model", self.folder / "m",
                       *TINY_MODEL, "--max-updates", "2", "--valid-every", "0"))
        self.assertTrue((self.folder / "m" / "model.safetensors").is_file())


class Doctor(CommandTest):
    def test_tells_what_it_finds(self):
        out = self.done(call("doctor", "--model", Shared.model)).decode()
        for pattern in (r"(?m)^LibTorch +\d+\.\d+", r"(?m)^kernels +\w+", r"(?m)^training +fastest", r"(?m)^threads +\d+ hardware threads", r"(?m)^memory +[\d,]+ MiB",
                        r"(?m)^CUDA +\w+", r"(?m)^model .*complete, [\d,]+ parameters"):
            self.assertRegex(out, pattern)
        facts = json.loads(self.done(call("doctor", "--output-format", "json")))
        self.assertIn("processor", facts["facts"])

    def test_a_damaged_folder_is_a_problem_with_a_remedy(self):
        folder = self.copied_model()
        (folder / "config.json").write_bytes(b"{}")
        result = call("doctor", "--model", folder)
        self.assertEqual(result.returncode, 4, result.stderr)
        self.assertRegex(result.stdout.decode(), r"problem: .*config\.json(.|\n)*to do: .*--reseal")


class Shell(CommandTest):
    """What the shells ask for; tests/app/completion_test.py completes in the shells themselves."""

    def offered(self, *words):
        return [line.split("\t")[0] for line in self.done(call("--complete", *words)).decode().splitlines()]

    def test_offers_commands_flags_and_values(self):
        self.assertIn("translate", self.offered(""))
        self.assertEqual(self.offered("tokenizer", ""), ["train", "encode", "decode"])
        self.assertIn("--max-epochs", self.offered("train", "--max-ep"))
        self.assertEqual(self.offered("translate", "--precision", ""), ["float32", "bfloat16", "float16", "int8"])
        self.assertEqual(self.offered("translate", "--precision=in"), ["float32", "bfloat16", "float16", "int8"])
        self.assertEqual(self.offered("translate", "--precision", "=", "in"), ["float32", "bfloat16", "float16", "int8"])
        self.assertIn("bleu,ter", self.offered("evaluate", "--metrics", "bleu,t"))
        self.assertEqual(self.offered("translate", "--split-sentences="), ["true", "false"])
        self.assertEqual(self.offered("import", "opus"), [":files"])
        self.assertEqual(self.offered("evaluate", "ref"), [":files"])
        self.assertNotIn(":files", self.offered("translate", "text"))
        self.assertEqual(self.offered("import", "opus", "--model", ""), [":folders"])
        self.assertEqual(self.offered("nothing", "of", "this"), [])
        self.assertEqual(self.offered("--completion", ""), ["bash", "zsh", "fish"])

    def test_descriptions_are_not_cut_at_a_colon(self):
        lines = self.done(call("--complete", "train", "--")).decode()
        self.assertRegex(lines, r"(?m)^--schedule\tinverse-sqrt: linear ")

    def test_every_flag_whose_value_is_a_path_offers_paths(self):
        placeholders = {"N", "X", "W", "XX-YY", "P", "K", "R", "T", "ALPHA", "DECAY", "NAME", "TYPE", "LIST", "RULE", "CODE", "MIB", "TIME", "WHERE"}
        command, one_of_each = "", {}
        for line in self.done(call("--help-markdown")).decode().splitlines():
            command = line[len("## dragoman "):] if line.startswith("## ") else command
            flag = re.match(r"\| `(?:(-\w), )?(--[a-z0-9-]+) ([^`]+)`.*\| ([^|]*) \|$", line)
            if flag is None or flag[3] in placeholders:
                continue
            self.assertIn(flag[3], {"F", "FILE", "PATH", "DIR"}, line)
            for kind, name in (("letter", flag[1]), ("name", flag[2]), ("alias", flag[4].strip("`").split("`")[0])):
                if name:
                    one_of_each.setdefault((kind, flag[3]), (command, name))
        self.assertGreater(len(one_of_each), 5)
        for (_, placeholder), (command, name) in one_of_each.items():
            wanted = [":folders"] if placeholder == "DIR" else [":files"]
            self.assertEqual(self.offered(*command.split(), name, "my"), wanted, (command, name))

    def test_every_flag_is_offered_and_in_the_man_page(self):
        command, page, count = "", self.done(call("--man")).decode(), 0
        offered = {}
        self.assertTrue(page.startswith(".TH DRAGOMAN 1"))
        for line in self.done(call("--help-markdown")).decode().splitlines():
            command = line[len("## dragoman "):] if line.startswith("## ") else command
            flag = re.match(r"\| `(?:-\w, )?(--[a-z0-9-]+)", line)
            if flag is None:
                continue
            if command not in offered:
                offered[command] = self.offered(*command.split(), "--")
            self.assertIn(flag[1], offered[command], command)
            self.assertIn(flag[1].replace("-", "\\-"), page)
            count += 1
        self.assertGreater(count, 150)
        self.refused(call("--completion", "tcsh"), 2, "bash, zsh or fish")


class Score(CommandTest):
    def scored(self, source, target, *more):
        return self.done(call("score", "--model", Shared.model, "--source", self.write("s", source), "--target",
                              self.write("t", target), *more)).decode().splitlines()

    def test_tells_every_token_and_their_sum(self):
        source = "\n".join(generated_lines(20, 4)).encode() + b"\n"
        rows = [json.loads(row) for row in self.scored(source, source, "--output-format", "json")]
        self.assertEqual(len(rows), 20)
        for row, line, text in zip(rows, self.scored(source, source), source.decode().splitlines()):
            self.assertAlmostEqual(sum(token["log_probability"] for token in row["tokens"]), row["log_probability"], 9)
            self.assertAlmostEqual(float(line), row["log_probability"], 6)
            self.assertEqual(row["tokens"][-1]["piece"], "</s>")
            pieces = "".join(token["piece"] for token in row["tokens"][:-1])
            self.assertEqual(pieces.replace("\u2581", " ").strip(), text)

    def test_scores_every_line_whatever_stands_in_it(self):
        lines = [line for line in NASTY_LINES if line == line.decode(errors="ignore").encode()]
        source = as_bytes(lines)
        plain = self.scored(source, source)
        self.assertEqual(len(plain), len(lines))
        self.assertEqual(self.scored(source, source, "--max-tokens", "64", "--threads", "2"), plain)
        self.assertTrue(all(float(score) < 0 for score in plain))

    def test_refuses_files_of_different_lengths(self):
        few, many = self.write("few", b"ba\n"), self.write("many", b"ba\nke\n")
        self.refused(call("score", "--model", Shared.model, "--source", few, "--target", many), 3, few)
        self.refused(call("score", "--model", Shared.model, "--source", many, "--target", few), 3, few)
        self.refused(call("score", "--model", Shared.model, "--source", many), 2, "--target")

    def test_and_translate_compare_lengths_before_the_model_is_loaded(self):
        few, many = self.write("few", b"ba\n"), self.write("many", b"ba\nke\n")
        for flags in (["score", "--source", many, "--target", few], ["translate", "--input", many, "--target-prefix", few]):
            self.refused(call(*flags, "--model", self.folder / "missing"), 3, "few]", "2 lines", "many", "got 1")
        latin = self.write("latin", b"ba\nk\xe9\n")
        self.refused(call("score", "--source", many, "--target", latin, "--model", self.folder / "missing"), 3, "latin:2")


class Translate(CommandTest):
    def test_gives_a_line_for_each_nasty_line_and_nothing_else_on_stdout(self):
        out = self.translated(stdin=as_bytes(NASTY_LINES))
        self.assertEqual(out.count(b"\n"), len(NASTY_LINES))
        rows = out.split(b"\n")
        self.assertEqual(rows[:3], [b"", b"", b""])
        self.assertNotEqual(rows[3], b"")
        out.decode()  # valid UTF-8

    def test_ends_lines_at_line_feeds_alone_and_drops_a_byte_order_mark(self):
        plain = self.translated(stdin=b"ba ke\nlo mi\n")
        self.assertEqual(self.translated(stdin=b"ba ke\r\nlo mi\r\n"), plain)
        self.assertEqual(self.translated(stdin=b"ba ke\nlo mi"), plain)
        self.assertEqual(self.translated(stdin=b"\xef\xbb\xbfba ke\nlo mi\n"), plain)

    def test_an_empty_file_gives_an_empty_file(self):
        output = self.folder / "out"
        self.assertEqual(self.translated("--input", self.write("empty", b""), "--output", output), b"")
        self.assertEqual(output.read_bytes(), b"")
        self.assertEqual(self.translated(stdin=b"\n"), b"\n")

    def test_reads_and_writes_files_and_gz_and_pipes_alike(self):
        text = "\n".join(generated_lines(30, 3)).encode() + b"\n"
        expected = self.translated(stdin=text)
        output = self.folder / "out"
        self.assertEqual(self.translated("--input", self.write("text", text), "--output", output), b"")
        self.assertEqual(output.read_bytes(), expected)
        self.assertEqual(self.translated("--input", self.write("text.gz", gzip.compress(text))), expected)
        self.assertEqual(self.translated("--input", self.write("packed", gzip.compress(text))), expected)

    def test_counts_what_was_not_simply_translated_in_warnings(self):
        result = call("translate", "--model", Shared.model, *BRIEF, stdin=b"\xff ba\n\nke\n")
        self.done(result)
        self.assertIn(b"warning: 1 line had invalid UTF-8", result.stderr)
        self.assertIn(b"warning: 1 line had no text", result.stderr)

    def test_sampling_depends_on_the_line_and_the_seed_alone(self):
        lines = generated_lines(12, 5)
        text = ("\n".join(lines) + "\n").encode()
        flags = ["--sample", "--n-best", "2", "--max-length", "12"]
        drawn = self.translated(*flags, stdin=text)
        self.assertEqual(drawn.count(b"\n"), 24)
        self.assertEqual(self.translated(*flags, "--max-batch-lines", "1", "--max-tokens", "8", stdin=text), drawn)
        self.assertNotEqual(self.translated(*flags, "--seed", "2", stdin=text), drawn)
        for precision in ("float16", "bfloat16", "int8"):
            self.assertEqual(self.translated(*flags, "--precision", precision, stdin=text).count(b"\n"), 24)
        self.refused(call("translate", "--model", Shared.model, "--top-k", "5", stdin=b""), 2, "--top-k")

    def test_a_prefix_begins_the_translation(self):
        prefixes = self.write("prefix", b"ba ke\n\nlo\n")
        out = self.translated("--target-prefix", prefixes, stdin=b"mi lo\nke\nba\n").decode().splitlines()
        plain = self.translated(stdin=b"mi lo\nke\nba\n").decode().splitlines()
        self.assertTrue(out[0].startswith("ba ke"), out)
        self.assertEqual(out[1], plain[1])
        self.assertTrue(out[2].startswith("lo"), out)
        few, many = self.write("few", b"ba\n"), self.write("many", b"ba\nke\nlo\n")
        self.refused(call("translate", "--model", Shared.model, "--target-prefix", few, stdin=b"mi\nke\n"), 3, few, "fewer")
        result = call("translate", "--model", Shared.model, *BRIEF, "--target-prefix", many, stdin=b"mi\nke\n")
        self.assertEqual((result.returncode, result.stdout.count(b"\n")), (3, 2), result.stderr)

    def test_answers_a_line_before_the_next_is_written(self):
        command = [PROGRAM, "translate", "--model", str(Shared.model), *BRIEF]
        for more in (["--max-batch-lines", "1"], []):
            with self.subTest(flags=more), subprocess.Popen(
                    [*command, *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                    bufsize=0) as process:
                for line in (b"ba ke\n", b"\n", b"lo\n"):
                    process.stdin.write(line)
                    self.assertTrue(select.select([process.stdout], [], [], PATIENCE)[0], "no answer")
                    self.assertTrue(process.stdout.readline().endswith(b"\n"))
                process.stdin.close()
                self.assertEqual(process.wait(PATIENCE), 0)

    def test_ends_quietly_when_its_reader_has_gone(self):
        text = self.write("text", as_bytes([b"ba ke %d" % i for i in range(3000)]))
        with subprocess.Popen([PROGRAM, "translate", "--model", str(Shared.model), "--input", str(text), "--threads",
                               "1", "--max-length", "2", "--max-batch-lines", "50"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            process.stdout.readline()
            process.stdout.close()
            self.assertEqual(process.stderr.read(), b"")
            self.assertEqual(process.wait(PATIENCE), 0)

    def test_n_best_gives_so_many_rows_a_line_best_first(self):
        rows = self.translated("--n-best", "3", stdin=b"ba ke\n\nlo mi\n").decode().splitlines()
        self.assertEqual([row.split(" ||| ")[0] for row in rows], ["0"] * 3 + ["1"] * 3 + ["2"] * 3)
        for line in ("0", "2"):
            scores = [float(row.split(" ||| ")[2]) for row in rows if row.startswith(line + " ")]
            self.assertEqual(scores, sorted(scores, reverse=True))

    def test_json_gives_an_object_a_line(self):
        out = self.translated("--output-format", "json", "--n-best", "2", stdin="ba ke\n\nsch \xe4 \xff\n".encode("latin-1"))
        objects = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([entry["line"] for entry in objects], [0, 1, 2])
        self.assertEqual(objects[0]["source"], "ba ke")
        self.assertEqual(objects[1]["status"], "empty")
        self.assertIn(objects[0]["status"], ("ok", "truncated"))
        for entry in (objects[0], objects[2]):
            self.assertEqual(len(entry["candidates"]), 2)
            self.assertEqual(entry["translation"], entry["candidates"][0]["text"])
            for candidate in entry["candidates"]:
                self.assertEqual(set(candidate), {"text", "score", "log_probability", "tokens"})
                self.assertLess(candidate["log_probability"], 0)
                self.assertLessEqual(candidate["tokens"], 4)

    def test_does_not_depend_on_batches_or_threads(self):
        text = "\n".join(generated_lines(40, 4)).encode() + b"\n"
        expected = self.translated(stdin=text)
        for flags in (["--max-tokens", "1"], ["--max-batch-lines", "7"], ["--threads", "2"]):
            self.assertEqual(self.translated(*flags, stdin=text), expected, flags)


class Ensemble(CommandTest):
    def second_model(self, *more):
        other = self.folder / "other"
        self.done(call(*train_flags(other, "--max-updates", "8", "--seed", "2", "--d-model", "32", *more)))
        return ["--model", Shared.model, "--model", other]

    def test_two_models_translate_alike_in_any_batch_and_a_model_with_itself_as_the_model(self):
        text = "\n".join(generated_lines(30, 4)).encode() + b"\n"
        both = self.second_model()
        expected = self.done(call("translate", *both, *BRIEF, stdin=text))
        for flags in (["--max-tokens", "1"], ["--max-batch-lines", "7"], ["--threads", "2"], ["--workers", "2"]):
            self.assertEqual(self.done(call("translate", *both, *BRIEF, *flags, stdin=text)), expected, flags)
        self.assertEqual(self.done(call("translate", "--model", Shared.model, *both[:2], *BRIEF, stdin=text)),
                         self.translated(stdin=text))
        self.assertEqual(self.done(call("translate", *both, *BRIEF, "--precision", "float16", stdin=text)).count(b"\n"), 30)

    def test_evaluate_and_score_take_it_as_one_system(self):
        both = self.second_model()
        source = self.write("t.src", "\n".join(generated_lines(10, 5)).encode() + b"\n")
        reference = self.write("t.tgt", "\n".join(generated_lines(10, 6)).encode() + b"\n")
        saved = self.folder / "saved"
        out = self.done(call("evaluate", *both, "--source", source, "--reference", reference, *BRIEF,
                             "--save-hypothesis", saved))
        self.assertEqual(saved.read_bytes(), self.done(call("translate", *both, *BRIEF, "--input", source)))
        self.assertEqual(out, self.done(call("evaluate", "--hypothesis", saved, "--reference", reference)))
        rows = self.done(call("evaluate", "--hypothesis", reference, "--reference", reference, *both, "--source", source,
                              *BRIEF, "--paired-bs")).decode()
        self.assertIn(f"{both[1]} + {both[3]}", rows)
        scores = [self.done(call("score", *flags, "--source", source, "--target", reference)).decode().split()
                  for flags in (both, both[:2], both[2:])]
        # A token's probability is the geometric mean, made to sum up to one: never less than that mean.
        for together, first, second in zip(*[[float(score) for score in column] for column in scores]):
            self.assertGreaterEqual(together, (first + second) / 2 - 1e-4)

    def test_other_vocabularies_are_refused(self):
        both = self.second_model("--vocab-size", "50")
        for command in (["translate"], ["evaluate", "--source", Shared.folder / "a.src", "--reference", Shared.folder / "a.tgt"],
                        ["score", "--source", Shared.folder / "a.src", "--target", Shared.folder / "a.tgt"]):
            self.refused(call(*command, *both, stdin=b"ba\n"), 2, "[--model] expected models of one vocabulary", both[3])


class Evaluate(CommandTest):
    def test_scores_text_without_a_model(self):
        target = Shared.folder / "a.tgt"
        out = self.done(call("evaluate", "--hypothesis", target, "--reference", target, "--metrics", "bleu,chrf,ter"))
        names = [line.split("|")[0] for line in out.decode().splitlines()]
        self.assertEqual(names, ["BLEU", "chrF2", "TER"])
        self.assertRegex(out.decode(), r"(?m)^BLEU\|nrefs:1\|.*version:\S+ = 100\.00 ")
        self.assertRegex(out.decode(), r"(?m)^TER\|.* = 0\.00$")

    def test_gives_a_list_as_json(self):
        target = Shared.folder / "a.tgt"
        out = self.done(call("evaluate", "--hypothesis", target, "--reference", target, "--output-format", "json",
                             "--metrics", "chrf"))
        scores = json.loads(out)
        self.assertEqual([score["name"] for score in scores], ["chrF2"])
        self.assertAlmostEqual(scores[0]["score"], 100)

    def test_scores_a_model_as_translate_and_text_do(self):
        source = self.write("t.src", "\n".join(generated_lines(10, 5)).encode() + b"\n")
        reference = self.write("t.tgt", "\n".join(generated_lines(10, 6)).encode() + b"\n")
        saved = self.folder / "saved"
        out = self.done(call("evaluate", "--model", Shared.model, "--source", source, "--reference", reference, *BRIEF,
                             "--save-hypothesis", saved))
        self.assertEqual(saved.read_bytes(), self.translated("--input", source))
        self.assertEqual(out, self.done(call("evaluate", "--hypothesis", saved, "--reference", reference)))

    def test_compares_systems_and_a_model_with_the_first(self):
        source = self.write("t.src", "\n".join(generated_lines(10, 5)).encode() + b"\n")
        lines = generated_lines(10, 6)
        reference = self.write("t.tgt", "\n".join(lines).encode() + b"\n")
        good = self.write("good,1", "\n".join(line.replace("a", "o") for line in lines).encode() + b"\n")
        flags = ["evaluate", "--hypothesis", good, "--reference", reference, "--model", Shared.model, "--source", source,
                 *BRIEF, "--metrics", "chrf"]
        for test in ("--paired-bs", "--paired-ar"):
            systems = json.loads(self.done(call(*flags, test, "--name", "good", "--name", "model", "--output-format", "json")))
            self.assertEqual([system["system"] for system in systems], ["Baseline: good", "model"])
            self.assertIsNone(systems[0]["chrF2"]["p_value"])
            self.assertLess(systems[1]["chrF2"]["p_value"], 0.01)
        rows = self.done(call(*flags, "--paired-bs", "--paired-bs-n", "50")).decode().splitlines()
        self.assertRegex(rows[1], r"^Baseline: .*/good,1 +\d+\.\d\d \(.* ± .*\)$")
        self.assertRegex(rows[2], r"\(p = 0\.0196\)\*$")

    def test_checks_everything_before_the_model_is_loaded(self):
        source, target = Shared.folder / "a.src", Shared.folder / "a.tgt"
        short = self.write("short", b"ba\n")
        model = ["evaluate", "--model", self.folder / "missing"]
        self.refused(call(*model, "--source", source, "--reference", short), 3, "short]", "200 lines", "a.src", "got 1")
        self.refused(call(*model, "--source", short, "--reference", target), 3, "a.tgt]", "1 line,", "short", "got 200")
        good = [*model, "--source", source, "--reference", target]
        self.refused(call(*good, "--hypothesis", short), 3, "a.src]", "short", "got 200")
        for flags, code, piece in [(["--metrics", "meteor"], 2, "--metrics"), (["--tokenize", "13b"], 2, "--tokenize"),
                                   (["--tokenize", "flores200", "--tokenizer-model", "nothing"], 2, "flores200"),
                                   (["--device", "tpu"], 2, "--device"), (["--beam-size", "0"], 2, "--beam-size"),
                                   (["--save-hypothesis", self.folder / "no" / "folder"], 3, "folder"),
                                   (["--reference", self.folder / "nothing"], 3, "nothing"),
                                   (["--hypothesis", target, "--name", "a", "--name", "a"], 2, "--name"),
                                   (["--paired-bs"], 2, "--paired-bs"), ([], 4, "missing")]:
            with self.subTest(flags=flags):
                result = call(*good, *flags)
                self.assertEqual(result.returncode, code, result.stderr)
                self.assertIn(piece, result.stderr.decode().splitlines()[-1])

    def test_a_sample_is_drawn_by_the_seed_as_in_translate(self):
        source = self.write("t.src", "\n".join(generated_lines(10, 5)).encode() + b"\n")
        saved = self.folder / "saved"
        for seed in ("1", "2"):
            flags = ["--model", Shared.model, "--sample", "--seed", seed, *BRIEF]
            self.done(call("evaluate", *flags, "--source", source, "--reference", source, "--save-hypothesis", saved))
            self.assertEqual(saved.read_bytes(), self.done(call("translate", *flags, "--input", source)))

    def test_shows_how_far_it_is_on_a_terminal_alone(self):
        source = self.write("t.src", "\n".join(generated_lines(300, 5)).encode() + b"\n")
        flags = ["evaluate", "--model", Shared.model, "--source", source, "--reference", source, *BRIEF]
        master, terminal = os.openpty()
        process = subprocess.Popen([PROGRAM, *map(str, flags)], stdout=subprocess.DEVNULL, stderr=terminal)
        os.close(terminal)
        self.assertEqual(process.wait(PATIENCE), 0)
        shown = os.read(master, 1 << 16)
        os.close(master)
        self.assertIn(b"256 of 300 lines", shown)
        self.assertIn(b"300 of 300 lines", shown)
        self.assertEqual(call(*flags).stderr, b"")

    def test_validations_split_text_without_spaces_and_count_wrong_lines(self):
        lines = generated_lines(200)
        han = str.maketrans({letter: chr(0x4E00 + 7 * i) for i, letter in enumerate(sorted(set("".join(lines)) - {" ", "."}))} | {" ": "", ".": "。"})
        source = self.write("zh.src", "\n".join(lines).encode() + b"\n")
        target = self.write("zh.tgt", "\n".join(line.translate(han) for line in lines).encode() + b"\n")
        log = call("train", "--train-source", source, "--train-target", target, "--model", self.folder / "zh", *TINY_MODEL, "--max-updates", "4",
                   "--valid-every", "4", "--valid-metric", "ser")
        self.done(log)
        self.assertIn(b"BLEU uses --tokenize zh", log.stderr)
        self.assertRegex(log.stderr.decode(), r"valid .*SER \d+\.\d\d .*best ser so far")
        entries = [json.loads(line) for line in (self.folder / "zh" / "train.log.jsonl").read_text().splitlines()]
        self.assertEqual([entry["ser"] for entry in entries if entry["kind"] == "valid"], [100.0])
        self.assertNotIn(b"--tokenize", Shared.training.stderr)

    def test_compares_only_what_can_be_compared(self):
        target = Shared.folder / "a.tgt"
        one = ["evaluate", "--reference", target, "--hypothesis", target]
        self.refused(call(*one, "--paired-bs"), 2, "[--paired-bs]", "got one")
        self.refused(call(*one, "--hypothesis", target), 2, "a.tgt twice")
        self.refused(call(*one, "--hypothesis", target, "--name", "a"), 2, "[--name]", "got 1")
        self.refused(call(*one, "--hypothesis", Shared.folder / "a.src", "--paired-bs", "--paired-ar"), 2, "one paired test")
        short = self.write("short", b"a\n")
        self.refused(call(*one, "--hypothesis", short), 3, "short]", "got 1")
        result = subprocess.run([PROGRAM, *map(str, one)], env={**os.environ, "SACREBLEU_SEED": "x"}, capture_output=True,
                                check=False)
        self.refused(result, 2, "[SACREBLEU_SEED]")


class Check(CommandTest):
    def test_sound_text_passes_and_odd_places_are_named(self):
        source, target = Shared.folder / "a.src", Shared.folder / "a.tgt"
        plain = self.done(call("check", "--source", source, "--target", target)).decode().splitlines()
        self.assertEqual(plain[0], "200 of 200 pairs kept")
        self.assertEqual(plain[-1], "nothing that train would refuse")
        pairs = self.write("p.tsv.gz", gzip.compress("ba\tke\nlo\tmi\nlo\tmi\nke\tke\n".encode()))
        out = self.done(call("check", "--pairs", pairs, "--test-source", source, "--test-target", target,
                             "--max-examples", "1", "--model", Shared.model)).decode()
        self.assertIn(f"1 pairs that occurred before ({pairs}:3)", out)
        self.assertIn(f"1 pairs whose target is a copy of the source ({pairs}:4)", out)
        self.assertRegex(out, r"test sources that are also in this text: 0 of \d+ ")
        self.assertIn("unknown source tokens: 0 of ", out)

    def test_json_has_the_same_for_programs(self):
        pairs = self.write("p.tsv", b"ba\tke\nlo\xff\tmi\n")
        report = json.loads(self.done(call("check", "--pairs", pairs, "--output-format", "json")))
        self.assertEqual((report["read"], report["kept"], report["trustworthy"], report["complaints"]), (2, 2, True, []))
        self.assertEqual([(finding["name"], finding["count"], finding["examples"]) for finding in report["findings"]],
                         [("invalid_utf8", 1, [f"{pairs}:2"])])

    def test_what_train_refuses_is_reported_with_exit_code_3(self):
        source = self.write("s", b"a\nb\nc\n")
        for target, piece in ((b"a\nb\n", "3 and 2"), (b"a\n\nc\n", "2 of 3"), (b"", "3 and 0")):
            with self.subTest(target=target):
                path = self.write("t", target)
                result = call("check", "--source", source, "--target", path)
                self.assertEqual(result.returncode, 3)
                self.assertIn("cannot be trusted: [", result.stdout.decode())
                last = result.stderr.decode().splitlines()[-1]
                self.assertTrue(last.startswith("dragoman: error: ["), last)
                self.assertIn(piece, last)
                refusal = call("train", "--train-source", source, "--train-target", path, "--model", self.folder / "m",
                               *TINY_MODEL)
                self.assertEqual((refusal.returncode, refusal.stderr.decode().splitlines()[-1]), (3, last))

    def test_train_tells_the_same_at_its_start(self):
        text = as_bytes(line.encode() + b"\t" + line.encode() for line in generated_lines(40, 2))
        pairs, valid = self.write("p.tsv", text + text[:text.index(b"\n") + 1]), self.write("v.tsv", text)
        result = call("train", "--train-pairs", pairs, "--valid-pairs", valid, "--model", self.folder / "m", *TINY_MODEL,
                      "--max-updates", "1")
        self.done(result)
        log = result.stderr.decode()
        self.assertIn(f"training text: 1 pairs that occurred before ({pairs}:41)", log)
        self.assertIn("training text: 41 pairs whose target is a copy of the source", log)
        self.assertIn(f"training text: 41 pairs whose source is also in the validation text ({pairs}:1 = {valid}:1",
                      log)


class TokenizerCommands(CommandTest):
    def test_what_is_encoded_is_decoded_again(self):
        spm = self.folder / "x.spm"
        text = Shared.folder / "a.src"
        result = call("tokenizer", "train", "--input", text, "--model", spm, "--vocab-size", "60")
        self.assertEqual(self.done(result), b"")
        for model, kind in (([spm], "pieces"), ([Shared.model, "--side", "target"], "ids")):
            with self.subTest(model=model, kind=kind):
                encoded = self.done(call("tokenizer", "encode", "--model", *model, "--output-format", kind,
                                         stdin=text.read_bytes()))
                self.assertEqual(encoded.count(b"\n"), 200)
                decoded = self.done(call("tokenizer", "decode", "--model", *model, "--input-format", kind,
                                         stdin=encoded))
                self.assertEqual(decoded, text.read_bytes())

    def test_an_id_that_does_not_exist_is_refused_naming_its_line(self):
        for word in (b"61", b"x", b"99999999999999999999"):
            result = call("tokenizer", "decode", "--model", Shared.model, "--input-format", "ids",
                          stdin=b"3 4\n" + word + b"\n")
            self.assertEqual(result.returncode, 3, word)
            self.assertIn("standard input:2] expected ids below 61", result.stderr.decode().splitlines()[-1])

    def test_a_vocabulary_too_small_for_the_characters_is_refused(self):
        self.refused(call("tokenizer", "train", "--input", Shared.folder / "a.src", "--model", self.folder / "x.spm",
                          "--vocab-size", "5"), 2, "5")


class Average(CommandTest):
    def test_the_mean_of_a_model_with_itself_translates_as_the_model(self):
        out = self.folder / "mean"
        self.done(call("average", "--from", Shared.model, "--from", Shared.model, "--model", out))
        self.assertEqual(self.done(call("translate", "--model", out, *BRIEF, stdin=b"ba ke\n")),
                         self.translated(stdin=b"ba ke\n"))

    def test_damage_is_not_sealed(self):
        for name in ("model.safetensors", "source.spm"):
            with self.subTest(damaged=name):
                folder, out = self.copied_model(), self.folder / "mean"
                data = bytearray((folder / name).read_bytes())
                data[-1] ^= 1
                (folder / name).write_bytes(data)
                for flags in (["--from", folder, "--from", Shared.model], ["--from", Shared.model, "--from", Shared.model, "--settings", folder]):
                    self.refused(call("average", *flags, "--model", out), 4, folder / name, "checksum")
                    self.assertFalse(out.exists())

    def test_a_folder_with_files_of_a_model_is_no_new_folder(self):
        commands = {"export": ["export", "--model", Shared.model, "--output"],
                    "average": ["average", "--from", Shared.model, "--from", Shared.model, "--model"]}
        for command, flags in commands.items():
            for name in ("model.safetensors", "source.spm", "vocab.json", "added_tokens.json", "run.json"):
                with self.subTest(command=command, there=name):
                    out = self.folder / f"{command}-{name}"
                    out.mkdir()
                    (out / name).write_bytes(b"mine")
                    self.refused(call(*flags, out), 2, out, name)
                    self.assertEqual([path.name for path in out.iterdir()], [name])
                    self.refused(call(*flags, out / name), 2, out / name, "file")
            clone = self.folder / f"{command}-clone"
            clone.mkdir()
            (clone / "README.md").write_bytes(b"mine")
            self.done(call(*flags, clone))
            self.assertEqual((clone / "README.md").read_bytes(), b"mine")
            self.done(call("inspect", "--model", clone))

    def test_takes_checkpoints_with_the_settings_of_their_run(self):
        out = self.folder / "mean"
        checkpoint = next((Shared.model / "checkpoints").iterdir())
        self.done(call("average", "--from", checkpoint, "--from", Shared.model, "--settings", Shared.model,
                       "--model", out))
        self.done(call("inspect", "--model", out))

    def test_other_vocabularies_are_refused_though_their_weights_have_one_shape(self):
        other = self.copied_model()
        vocabulary = json.loads((other / "vocab.json").read_text(encoding="utf-8"))
        first, second = list(vocabulary)[-3:-1]
        vocabulary[first], vocabulary[second] = vocabulary[second], vocabulary[first]
        (other / "vocab.json").write_text(json.dumps(vocabulary), encoding="utf-8")
        self.done(call("inspect", "--model", other, "--reseal"))
        checkpoint = next((other / "checkpoints").iterdir())
        for weights in (other, checkpoint, str(checkpoint) + "/", checkpoint / "model.safetensors"):
            result = call("average", "--model", self.folder / "mean", "--from", Shared.model, "--from", weights)
            self.refused(result, 2, "[--from]", "one vocabulary", f"'{first}'", f"'{second}'")
        self.assertFalse((self.folder / "mean").exists())

    def test_other_shapes_one_model_and_a_folder_in_use_are_refused(self):
        other = self.folder / "other"
        self.done(call(*train_flags(other, "--max-updates", "1", "--d-model", "32")))
        mean = ["average", "--model", self.folder / "mean"]
        self.refused(call(*mean, "--from", Shared.model, "--from", other), 4, other)
        self.refused(call(*mean, "--from", Shared.model), 2, "[--from]", "at least two")
        self.refused(call("average", "--model", other, "--from", Shared.model, "--from", Shared.model), 2, "[--model]")
        self.assertFalse((self.folder / "mean").exists())


class FineTuning(CommandTest):
    def flags(self, model, *more, begin=None):
        return ["train", "--train-source", Shared.folder / "a.src", "--train-target", Shared.folder / "a.tgt", "--model", model,
                "--from-model", begin or Shared.model, "--valid-every", "0", "--threads", "1", "--warmup", "5", *more]

    def test_begins_with_the_weights_tokenizers_and_shape_of_the_folder(self):
        tuned = self.folder / "tuned"
        self.done(call(*self.flags(tuned, "--max-updates", "1", "--learning-rate", "1e-30")))
        for name in ("model.safetensors", "source.spm", "vocab.json"):
            self.assertEqual((tuned / name).read_bytes(), (Shared.model / name).read_bytes(), name)
        run = json.loads((tuned / "run.json").read_text(encoding="utf-8"))
        self.assertEqual((run["from_model"], run["d_model"]), (str(Shared.model), 16))

    def test_resumes_exactly_even_when_the_first_folder_is_gone(self):
        flags = ["--max-updates", "12", "--learning-rate", "0.01", "--save-every", "4"]
        begin = self.copied_model()
        whole, stopped = self.folder / "whole", self.folder / "stopped"
        self.done(call(*self.flags(whole, *flags, begin=begin)))
        self.done(call(*self.flags(stopped, *flags[2:], "--max-updates", "4", begin=begin)))
        shutil.rmtree(begin)
        result = call(*self.flags(stopped, *flags, begin=begin))
        self.done(result)
        self.assertIn(b"resuming from update 4", result.stderr)
        self.assertEqual((whole / "model.safetensors").read_bytes(), (stopped / "model.safetensors").read_bytes())

    def test_of_a_run_is_repeated_by_its_settings(self):
        first, again = self.folder / "first", self.folder / "again"
        self.done(call(*self.flags(first, "--max-updates", "3", "--dropout", "0.3")))
        self.done(call("train", "--config", first / "run.json", "--model", again))
        self.assertEqual((first / "model.safetensors").read_bytes(), (again / "model.safetensors").read_bytes())

    def test_refuses_what_the_folder_decides_but_dropout(self):
        new = self.folder / "new"
        self.refused(call(*self.flags(new, "--d-model", "32", "--vocab-size", "70")), 2, "[--from-model]",
                     "--d-model 32 instead of 16", "--vocab-size 70")
        self.refused(call(*self.flags(new, "--preset", "tiny")), 2, "[--preset]")
        self.refused(call(*self.flags(new, begin=self.folder / "none")), 4, "none/config.json")
        self.refused(call(*self.flags(Shared.model, "--max-updates", "40")), 2, "[--model]", "--from-model")
        self.assertFalse(new.exists())
        damaged = self.copied_model()
        (damaged / "vocab.json").write_bytes((damaged / "vocab.json").read_bytes() + b" ")
        self.refused(call(*self.flags(new, begin=damaged)), 4, "vocab.json")
        self.assertFalse((new / "config.json").exists())


class ImportAndExport(CommandTest):
    def test_an_export_translates_as_the_model_and_holds_nothing_else(self):
        for dtype, share in (("float32", 1), ("float16", 0.5), ("bfloat16", 0.5)):
            new = self.folder / dtype
            self.done(call("export", "--model", Shared.model, "--output", new, "--dtype", dtype))
            self.assertEqual(sorted(path.name for path in new.iterdir()),
                             ["config.json", "generation_config.json", "manifest.json", "model.safetensors", "source.spm",
                              "special_tokens_map.json", "target.spm", "tokenizer_config.json", "vocab.json"])
            sizes = [(folder / "model.safetensors").stat().st_size for folder in (new, Shared.model)]
            self.assertLess(abs(sizes[0] - share * sizes[1]), 4000)
            self.assertEqual(json.loads((new / "config.json").read_text(encoding="utf-8"))["torch_dtype"], dtype)
            self.done(call("translate", "--model", new, *BRIEF, stdin=b"ba ke\n"))
        self.assertEqual((self.folder / "float32/model.safetensors").read_bytes(),
                         (Shared.model / "model.safetensors").read_bytes())

    def test_export_refuses_a_folder_in_use_and_what_no_other_program_opens(self):
        self.refused(call("export", "--model", Shared.model, "--output", Shared.model), 2, "[--output]")
        self.refused(call("export", "--model", Shared.model), 2, "[--output]", "got none")
        self.refused(call("export", "--model", Shared.model, "--output", self.folder / "x", "--dtype", "int8"), 2, "--dtype")
        other = self.folder / "pre"
        self.done(call(*train_flags(other, "--max-updates", "1", "--norm", "pre")))
        self.refused(call("export", "--model", other, "--output", self.folder / "x"), 2, "[--model]", "pre-norm")
        self.assertFalse((self.folder / "x").exists())

    def test_import_refuses_what_runs_something_and_leaves_nothing(self):
        folder = self.copied_model(manifest=False)
        (folder / "model.safetensors").unlink()
        ran = self.folder / "ran"
        pickled = b"\x80\x02cos\nsystem\n(X" + len(b"touch " + bytes(ran)).to_bytes(4, "little") + b"touch " + bytes(ran) + b"tR."
        with zipfile.ZipFile(folder / "pytorch_model.bin", "w") as archive:
            archive.writestr("m/data.pkl", pickled)
        self.refused(call("import", folder, "--model", self.folder / "new"), 4, "data.pkl", "got 'os.system'")
        (folder / "pytorch_model.bin").write_bytes(b"no model")
        self.refused(call("import", "--from", folder, "--model", self.folder / "new"), 4, "a file of torch.save")
        self.refused(call("import", Shared.model, "--model", self.folder / "new"), 2, "[PATH]", "opens as it is")
        self.refused(call("import", "--model", self.folder / "new"), 2, "[PATH]", "got none")
        self.assertFalse(ran.exists())
        self.assertEqual([path.name for path in self.folder.iterdir() if path.name.startswith("new")], [])


class Selftest(CommandTest):
    def test_says_that_resume_is_exact(self):
        for threads in ("1", "2"):
            lines = self.done(call("selftest", "--threads", threads)).decode().splitlines()
            self.assertEqual(lines[0].split()[-3:], lines[1].split()[-3:])
            self.assertEqual(lines[2], "resume is bit-exact on this machine")


class Inspect(CommandTest):
    def test_prints_the_blocks_in_the_order_of_the_paper(self):
        rows = self.done(call("inspect", "--model", Shared.model)).decode().splitlines()
        wanted = ["embedding", "encoder.layers.0.self_attention ", "encoder.layers.0.feed_forward ",
                  "decoder.layers.0.self_attention ", "decoder.layers.0.cross_attention ",
                  "decoder.layers.0.feed_forward ", "output_projection"]
        places = [next((i for i, row in enumerate(rows) if row.startswith(name)), None) for name in wanted]
        self.assertNotIn(None, places, rows)
        self.assertEqual(places, sorted(places))

    def test_lists_every_tensor_of_the_file(self):
        out = self.done(call("inspect", "--model", Shared.model, "--tensors")).decode()
        weights = (Shared.model / "model.safetensors").read_bytes()
        header = json.loads(weights[8:8 + int.from_bytes(weights[:8], "little")])
        for name, tensor in header.items():
            if name != "__metadata__":
                shape = "[" + ",".join(map(str, tensor["shape"])) + "]"
                self.assertIn(f"{name}  {shape}  {tensor['dtype']}", out)

    def test_accepts_a_file_changed_on_purpose_after_reseal(self):
        folder = self.copied_model()
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, "dropout": 0.25}))
        self.refused(call("inspect", "--model", folder), 4, "config.json", "--reseal")
        self.done(call("inspect", "--model", folder, "--reseal"))
        self.done(call("inspect", "--model", folder))
        self.assertEqual(self.done(call("translate", "--model", folder, *BRIEF, stdin=b"ba ke\n")),
                         self.translated(stdin=b"ba ke\n"))


class Help(CommandTest):
    COMMANDS = (["train"], ["translate"], ["evaluate"], ["tokenizer", "train"], ["tokenizer", "encode"],
                ["tokenizer", "decode"], ["inspect"], ["check"])

    def test_every_command_explains_itself_on_stdout(self):
        program_help = self.done(call("--help")).decode()
        for command in self.COMMANDS:
            self.assertIn("dragoman " + " ".join(command), program_help)
            result = call(*command, "--help")
            self.assertIn("dragoman " + " ".join(command), self.done(result).decode())
            self.assertIn(b"Examples", result.stdout)
            self.assertEqual(result.stderr, b"")
        self.assertEqual(self.done(call()), program_help.encode())
        self.assertRegex(self.done(call("--version")).decode(), r"^dragoman \d+\.\d+")

    @unittest.skipUnless(OPTIONS_PAGE.is_file(), "docs/options.md is not there")
    def test_the_options_page_is_what_the_program_writes(self):
        self.assertEqual(OPTIONS_PAGE.read_bytes(), self.done(call("--help-markdown")))


if __name__ == "__main__":
    unittest.main()
