#!/usr/bin/env python3
"""Every key of generation_config.json, against what transformers translates by it; and that a flag wins over the folder.

The environment variable DRAGOMAN_PROGRAM names the program. tests/reference/make_generation_cases.py wrote the model folder
and the expected translations.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
REFERENCE = pathlib.Path(__file__).resolve().parents[1] / "reference" / "generation"
CASES = json.loads((REFERENCE / "cases.json").read_text(encoding="utf-8"))
LINES = CASES["lines"]

# Flags that say what the defaults say: with them a folder's own settings must not matter.
NEUTRAL = {"num_beams": ["--beam-size", "4"], "length_penalty": ["--length-penalty", "1"],
           "no_repeat_ngram_size": ["--no-repeat-ngram", "0"],
           "encoder_no_repeat_ngram_size": ["--encoder-no-repeat-ngram", "0"],
           "repetition_penalty": ["--repetition-penalty", "1"], "min_length": ["--min-length", "0"],
           "min_new_tokens": ["--min-length", "0"], "max_length": ["--max-length", "23"],
           "max_new_tokens": ["--max-length", "23"], "early_stopping": ["--search-until", "heuristic"]}
# Keys that transformers follows and this program does not, and values at which they do nothing.
UNSUPPORTED = {"num_beam_groups": (2, 1), "diversity_penalty": (0.5, 0.0), "encoder_repetition_penalty": (1.2, 1.0),
               "exponential_decay_length_penalty": ([5, 1.1], None), "sequence_bias": ([[[5], 2.0]], None),
               "constraints": ([1], None), "force_words_ids": ([[5]], None), "penalty_alpha": (0.6, 0.0),
               "guidance_scale": (1.5, 1.0), "watermarking_config": ({"bias": 2}, None),
               "stop_strings": (["ba"], None), "max_time": (0.5, None), "num_return_sequences": (3, 1),
               "token_healing": (True, False)}

# Lines whose beam is cut between hypotheses so close that the rounding of float16, and with it the size of the batch, decides.
FLOAT16_TIES = {"renormalize_logits false, suppress_tokens": {6}}


def call(*arguments, stdin=b""):
    return subprocess.run([PROGRAM, *map(str, arguments)], input=stdin, capture_output=True, timeout=120, check=False)


class GenerationTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.model = pathlib.Path(self.temporary.name) / "model"
        shutil.copytree(REFERENCE / "model", self.model)

    def settings(self, generation, config=None):
        path = self.model / "generation_config.json"
        path.unlink(missing_ok=True)
        if generation is not None:
            path.write_text(json.dumps(generation))
        own = json.loads((REFERENCE / "model" / "config.json").read_text())
        (self.model / "config.json").write_text(json.dumps(own | (config or {})))

    def translated(self, *flags):
        """The lines and the text of stderr."""
        result = call("translate", "--model", self.model, "--threads", "1", "--loop-guard", "off", *flags,
                      stdin="".join(line + "\n" for line in LINES).encode())
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        return result.stdout.decode().split("\n")[:-1], result.stderr.decode()

    def test_each_key_means_what_it_means_in_transformers(self):
        different = {}
        for name, case in CASES["cases"].items():
            self.settings(case["generation_config"], case["config"])
            found, _ = self.translated()
            unequal = sum(a != b for a, b in zip(found, case["expected"], strict=True))
            if unequal:
                different[name] = unequal
        self.assertEqual(different, {}, "lines that differ from transformers")

    def test_the_other_engine_follows_them_too(self):
        for name in ("forced_eos_token_id", "eos_token_id of three, min_length",
                     "renormalize_logits false, suppress_tokens", "encoder_no_repeat_ngram_size 2"):
            with self.subTest(name):
                case = CASES["cases"][name]
                self.settings(case["generation_config"], case["config"])
                found, _ = self.translated("--precision", "float16")
                different = {i for i, (a, b) in enumerate(zip(found, case["expected"], strict=True)) if a != b}
                self.assertLessEqual(different, FLOAT16_TIES.get(name, set()))

    def test_a_flag_wins_over_the_folder(self):
        base = CASES["cases"]["base"]["expected"]
        for name, case in CASES["cases"].items():
            keys = [key for key in case["generation_config"] or {}
                    if case["generation_config"][key] != CASES["cases"]["base"]["generation_config"].get(key)]
            if not keys or not set(keys) <= set(NEUTRAL):
                continue
            with self.subTest(name):
                self.settings(case["generation_config"], case["config"])
                self.assertEqual(self.translated(*sum((NEUTRAL[key] for key in keys), []))[0], base)

    def test_evaluate_takes_the_folders_settings_too(self):
        case = CASES["cases"]["length_penalty 0.2"]
        self.settings(case["generation_config"], case["config"])
        folder = pathlib.Path(self.temporary.name)
        for name, lines in (("source", LINES), ("reference", case["expected"])):
            (folder / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        result = call("evaluate", "--model", self.model, "--source", folder / "source", "--reference", folder / "reference",
                      "--metrics", "chrf", "--threads", "1", "--output-format", "json")
        self.assertEqual(result.returncode, 0, result.stderr.decode())
        self.assertEqual(json.loads(result.stdout)[0]["score"], 100)

    def test_each_unsupported_key_is_named_once_and_only_where_it_would_matter(self):
        base = CASES["cases"]["base"]["generation_config"]
        for key, (value, neutral) in UNSUPPORTED.items():
            with self.subTest(key):
                self.settings(base | {key: value})
                found, said = self.translated()
                self.assertEqual(len(re.findall(rf"\b{key}\b is not supported", said)), 1, said)
                self.assertEqual(found, CASES["cases"]["base"]["expected"])
                self.settings(base | {key: neutral})
                self.assertNotIn("not supported", self.translated()[1])
        self.settings(base | {"typical_p": 0.5, "min_p": 0.1, "top_p": 0.9})  # of sampling
        self.assertNotIn("not supported", self.translated()[1])
        self.assertEqual(self.translated("--sample")[1].count("not supported"), 2)
        self.settings(base | {"do_sample": True, "min_p": 0.1})
        self.assertEqual(self.translated()[1].count("not supported"), 2)  # min_p, and num_beams with do_sample
        self.assertNotIn("not supported", self.translated("--sample=false")[1])

    def test_flags_that_sampling_of_the_folder_leaves_without_effect_are_refused(self):
        self.settings(CASES["cases"]["base"]["generation_config"] | {"do_sample": True})
        for flag in ("--beam-size", "--length-penalty", "--diversity-rate"):
            said = call("translate", "--model", self.model, flag, "2", stdin=b"ba\n").stderr.decode().splitlines()[-1]
            self.assertIn(f"[{flag}] expected beam search (--sample=false), not do_sample of {self.model}/generation_config.json", said)
            self.translated("--sample=false", flag, "2")

    def test_sampling_of_the_folder_draws_and_can_be_turned_off(self):
        base = CASES["cases"]["base"]["generation_config"] | {"num_beams": 1}
        self.settings(base | {"do_sample": True, "temperature": 0.7, "top_p": 0.9})
        first, second = (self.translated("--seed", seed)[0] for seed in "12")
        self.assertNotEqual(first, second)
        greedy = CASES["cases"]["num_beams 1"]["expected"]
        self.assertEqual(self.translated("--sample=false")[0], greedy)
        self.settings(base | {"do_sample": True, "top_k": 1})
        self.assertEqual(self.translated()[0], greedy)

    def test_limits_that_exclude_each_other_are_met_or_refused(self):
        def tokens(*flags):
            result = call("translate", "--model", self.model, "--threads", "1", "--loop-guard", "off", "--output-format",
                          "json", *flags, stdin=b"ba ke.\n")
            self.assertEqual(result.returncode, 0, result.stderr.decode())
            return json.loads(result.stdout)["candidates"][0]["tokens"]

        base = CASES["cases"]["base"]["generation_config"]
        self.settings(base)
        self.assertGreaterEqual(tokens("--min-length", "100"), 100)  # above the usual limit and the folder's
        self.settings(base | {"max_new_tokens": 5})
        self.assertGreaterEqual(tokens("--min-length", "30"), 30)
        self.settings(base | {"min_length": 12})
        self.assertLessEqual(tokens("--max-length", "4"), 4)
        self.settings(base | {"num_beams": 1})
        rows = call("translate", "--model", self.model, "--n-best", "3", "--threads", "1", stdin=b"ba ke.\n").stdout
        self.assertEqual(rows.count(b"\n"), 3)
        result = call("translate", "--model", self.model, "--beam-size", "2", "--n-best", "3", stdin=b"ba ke.\n")
        self.assertEqual(result.returncode, 2)
        self.settings(base | {"min_length": 30})  # max_length is 24
        result = call("translate", "--model", self.model, stdin=b"ba ke.\n")
        self.assertEqual(result.returncode, 4)
        self.assertIn(b"min_length", result.stderr.splitlines()[-1])

    def test_inspect_says_where_each_setting_comes_from(self):
        self.settings(CASES["cases"]["base"]["generation_config"] |
                      {"length_penalty": 0.2, "suppress_tokens": [9], "num_beam_groups": 2})
        shown = call("inspect", "--model", self.model).stdout.decode()
        for line in ("--beam-size 4 +generation_config.json: num_beams 4", "--max-length 23 +generation_config.json: max_length 24",
                     "--length-penalty 0.2 +generation_config.json: length_penalty 0.2", "--min-length 0 +default",
                     r"suppress_tokens \[9\] +generation_config.json", "num_beam_groups 2 +.*not supported"):
            self.assertRegex(shown, line)

    def test_a_bad_value_is_refused_naming_the_file_and_the_key(self):
        for key, value in (("num_beams", 0), ("length_penalty", "high"), ("suppress_tokens", [-1]), ("early_stopping", "now"),
                           ("max_new_tokens", 0), ("suppress_tokens", [5000]), ("forced_bos_token_id", 99)):
            with self.subTest(key=key, value=value):
                self.settings(CASES["cases"]["base"]["generation_config"] | {key: value})
                result = call("translate", "--model", self.model, stdin=b"ba\n")
                self.assertEqual(result.returncode, 4)
                self.assertIn(f"generation_config.json: {key}".encode(), result.stderr.splitlines()[-1])
        for key in ("decoder_start_token_id", "eos_token_id"):
            for name, settings in (("generation_config.json", ({key: 7}, None)), ("config.json", (None, {key: 7}))):
                with self.subTest(key=key, name=name):
                    self.settings(*settings)
                    result = call("translate", "--model", self.model, stdin=b"ba\n")
                    self.assertIn(f"[{self.model / name}: {key}]".encode(), result.stderr.splitlines()[-1])


if __name__ == "__main__":
    if not PROGRAM:
        raise RuntimeError("DRAGOMAN_PROGRAM must name the program under test")
    unittest.main()
