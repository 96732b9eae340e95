#!/usr/bin/env python3
"""`dragoman train` with no flag but text, model and time: what --preset auto chooses, that it says so, that a run is
repeated by its run.json, and what it says of text from which nothing can be learnt.

The environment variable DRAGOMAN_PROGRAM names the program. The text is generated.
"""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import tempfile
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PATIENCE = 120
SHAPE = ["--d-model", "32", "--encoder-layers", "1", "--decoder-layers", "1"]


def call(*arguments):
    return subprocess.run([PROGRAM, *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=PATIENCE, check=False)


def pairs(count, seed=1):
    """Words and their reversal: "bake lomi" is "ekab imol"."""
    chance = random.Random(seed)
    words = ["".join(chance.choices("ba ke lo mi nu wa ze".split(), k=chance.randint(1, 3))) for _ in range(60)]
    lines = [" ".join(chance.choices(words, k=chance.randint(2, 8))) for _ in range(count)]
    return [line + "\t" + " ".join(word[::-1] for word in line.split()) for line in lines]


class Auto(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.folder = pathlib.Path(scratch.name)

    def write(self, name, lines):
        path = self.folder / name
        path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        return path

    def train(self, lines, *more, model="m", code=0):
        result = call("train", "--train-pairs", self.write("text.tsv", lines), "--model", self.folder / model, *more)
        self.assertEqual(result.returncode, code, result.stderr[-2000:])
        return result.stderr

    def settings(self, model="m"):
        return json.loads((self.folder / model / "run.json").read_text(encoding="utf-8"))

    def weights(self, model):
        return hashlib.sha256((self.folder / model / "model.safetensors").read_bytes()).hexdigest()

    def test_a_time_limit_is_enough(self):
        log = self.train(pairs(1500), "--max-time", "8s")
        chosen = self.settings()
        self.assertEqual(chosen["preset"], "auto")
        self.assertEqual(chosen["schedule"], "linear")
        self.assertLess(chosen["max_updates"], 100_000)
        self.assertLessEqual(chosen["warmup"], chosen["max_updates"] / 5)
        for said in ("auto: text: 1,4", "auto: model: ", f"{chosen['max_updates']:,} updates", "learning rate", "auto: validation"):
            self.assertIn(said, log)

    def test_a_run_is_repeated_by_its_settings_and_not_by_the_clock(self):
        self.train(pairs(300), "--max-time", "6s", *SHAPE, "--threads", "1")
        first = self.settings()
        again = call("train", "--config", self.folder / "m" / "run.json", "--model", self.folder / "again")
        self.assertEqual(again.returncode, 0, again.stderr)
        self.assertNotIn("auto:", again.stderr)
        second = self.settings("again")
        self.assertEqual(second["max_time"], 0)
        for run in (first, second):
            del run["max_time"], run["model"]
        self.assertEqual(first, second)
        states = [json.loads(next((self.folder / name / "checkpoints").glob("*/state.json")).read_text()) for name in ("m", "again")]
        self.assertEqual(states[1]["update"], first["max_updates"])
        if states[0]["update"] == states[1]["update"]:  # the machine was as fast as it was measured to be
            self.assertEqual(self.weights("m"), self.weights("again"))

    def test_a_resumed_run_keeps_what_was_chosen(self):
        self.train(pairs(300), "--max-updates", "20", *SHAPE, "--threads", "1")
        first = self.settings()
        log = self.train(pairs(300), "--max-updates", "+10", "--threads", "1")
        self.assertIn("resuming from update 20", log)
        second = self.settings()
        self.assertEqual(first, second)

    def test_another_value_of_a_setting_is_refused_in_a_resumed_run(self):
        self.train(pairs(300), "--max-updates", "5", *SHAPE)
        log = self.train(pairs(300), "--max-updates", "+5", "--dropout", "0.33", code=2)
        self.assertIn("--dropout", log)

    def test_a_flag_stays_and_the_rest_adapts(self):
        self.train(pairs(300), "--max-updates", "40", *SHAPE, "--dropout", "0.33", "--valid-every", "0", "--vocab-size", "77")
        chosen = self.settings()
        self.assertEqual((chosen["max_updates"], chosen["d_model"], chosen["dropout"], chosen["vocab_size"]), (40, 32, 0.33, 77))
        self.assertEqual((chosen["valid_every"], chosen["average"]), (0, 0))
        self.assertLessEqual(chosen["warmup"], 8)

    def test_a_preset_by_name_has_fixed_settings(self):
        self.train(pairs(300), "--preset", "tiny", "--max-updates", "1", "--valid-every", "0")
        chosen = self.settings()
        self.assertEqual((chosen["warmup"], chosen["learning_rate"], chosen["vocab_size"]), (4000, 5e-4, 8000))

    def test_a_plan_shows_the_choice(self):
        result = call("train", "--train-pairs", self.write("text.tsv", pairs(300)), "--max-time", "20s", "--plan", *SHAPE)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertIn("model: 1+1 layers, width 32", result.stdout)
        self.assertIn("updates: batches of", result.stdout)
        self.assertIn("to the end: ", result.stdout)

    def test_text_of_three_lines_is_refused(self):
        log = self.train(pairs(3), "--max-time", "5s", code=3)
        self.assertIn("expected at least 10 different pairs, got 3", log)
        self.assertFalse((self.folder / "m").exists())

    def test_one_line_repeated_is_refused(self):
        log = self.train(pairs(1) * 500, "--max-time", "5s", "--valid-every", "0", code=3)
        self.assertIn("different pairs, got 1", log)

    def test_settings_that_are_no_settings_are_refused(self):
        text = self.write("text.tsv", pairs(50))
        for content, where in (('{"preset": 3}', "preset"), ("[1]", "settings.json"), ('{"preset": "huge"}', "preset")):
            self.write("settings.json", [content])
            result = call("train", "--train-pairs", text, "--model", self.folder / "m", "--config", self.folder / "settings.json")
            self.assertEqual(result.returncode, 2, result.stderr)
            self.assertIn(where, result.stderr)

    def test_a_damaged_run_json_is_named(self):
        self.train(pairs(300), "--max-updates", "2", *SHAPE)
        self.write("m/run.json", ["[1]"])
        log = self.train(pairs(300), "--max-updates", "4", code=2)
        self.assertIn("run.json", log)

    def test_a_run_that_its_time_ended_continues_with_more(self):
        self.train(pairs(300), "--max-updates", "40", *SHAPE, "--threads", "1", "--save-every", "10")
        chosen = self.settings()
        chosen.update(model=str(self.folder / "slow"), max_updates=4_000_000, valid_every=0, average=0)
        log = self.train(pairs(300), "--config", self.write("slow.json", [json.dumps(chosen)]), "--max-time", "6s", model="slow")
        self.assertIn("reached --max-time 0:06", log)
        log = self.train(pairs(300), "--max-time", "8s", "--threads", "1", model="slow")
        self.assertIn("resuming from update", log)
        self.assertIn("reached --max-time 0:08", log)

    def test_few_pairs_are_a_warning(self):
        log = self.train(pairs(60), "--max-updates", "2", *SHAPE)
        self.assertIn("60 different pairs", log)

    def test_letters_are_seen(self):
        letters = [" ".join(line.split("\t")[0].replace(" ", "")) + "\t" + " ".join(line.split("\t")[1].replace(" ", ""))
                   for line in pairs(400)]
        log = self.train(letters, "--max-updates", "2", *SHAPE)
        self.assertIn("letters or other symbols", log)
        self.assertEqual(self.settings()["valid_metric"], "ser")
        self.assertLess(self.settings()["vocab_size"], 100)

    def test_a_limit_below_what_reading_takes_is_refused(self):
        log = self.train(pairs(20000), "--max-time", "0.01s", code=2)
        self.assertIn("[--max-time] expected more than", log)
        self.assertFalse((self.folder / "m").exists())

    def test_fine_tuning_chooses_too(self):
        self.train(pairs(300), "--max-updates", "5", *SHAPE)
        log = self.train(pairs(300, seed=2), "--from-model", self.folder / "m", "--max-time", "6s", model="tuned")
        self.assertIn("that of --from-model", log)
        self.assertEqual(self.settings("tuned")["d_model"], 32)


if __name__ == "__main__":
    unittest.main()
