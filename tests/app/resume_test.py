#!/usr/bin/env python3
"""Resume = no interruption: 200 updates at once against the same 200 with 20 stops, by signals and by kill -9.

Everything that has a state is on: batches that are accumulated, dropout, subword sampling, the moving average,
averaging of the best validations, patience. The stops fall wherever they fall: inside an epoch, at its end, between the
batches of an update, in a validation, in a save. Uses the helpers of command_test.py; DRAGOMAN_PROGRAM names the program.
"""

import json
import random
import signal
import subprocess
import time
import unittest

import command_test
from command_test import PATIENCE, PROGRAM, CommandTest, Shared, call, train_flags

setUpModule = command_test.setUpModule
tearDownModule = command_test.tearDownModule

UPDATES = 200
STOPS = 20
EXIT = {signal.SIGTERM: 143, signal.SIGINT: 130, signal.SIGKILL: -9}


def all_flags(model):
    return [str(flag) for flag in train_flags(
        model, "--max-updates", UPDATES, "--accumulate", "2", "--max-tokens", "400", "--save-every", "7", "--log-every", "1",
        "--subword-sampling", "0.3", "--moving-average", "0.9", "--average", "3", "--average-of", "best", "--early-stopping", "30",
        "--valid-source", Shared.folder / "a.src", "--valid-target", Shared.folder / "a.tgt", "--valid-every", "9")]


def losses(model):
    """{(kind, update): losses logged for it}; a killed run logs some updates again."""
    found = {}
    for line in (model / "train.log.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] in ("train", "valid"):
            found.setdefault((row["kind"], row["update"]), set()).add((row["loss"], row.get("chrf"), row.get("gradient_norm")))
    return found


class Resume(CommandTest):
    def stop_once(self, flags, number, way, update, delay):
        """Runs until this update is logged, waits, and ends the process."""
        with subprocess.Popen([PROGRAM, *flags], stderr=subprocess.PIPE) as process:
            for line in process.stderr:
                if b"update %d " % update in line:
                    break
            time.sleep(delay)
            process.send_signal(way)
            rest = process.stderr.read()
            self.assertEqual(process.wait(PATIENCE), EXIT[way], (number, rest))

    def test_twenty_stops_change_nothing(self):
        whole, stopped = self.folder / "whole", self.folder / "stopped"
        self.done(call(*all_flags(whole)))
        chance = random.Random(3)
        ways = [signal.SIGTERM, signal.SIGKILL, signal.SIGINT, signal.SIGKILL]
        for number in range(STOPS):
            update = 1 + number * (UPDATES - 15) // STOPS
            self.stop_once(all_flags(stopped), number, ways[number % len(ways)], update, chance.uniform(0, 0.03))
        self.done(call(*all_flags(stopped)))
        checkpoint = f"checkpoints/update-{UPDATES}"
        for name in ("model.safetensors", f"{checkpoint}/model.safetensors", f"{checkpoint}/optimizer.safetensors"):
            self.assertEqual((whole / name).read_bytes(), (stopped / name).read_bytes(), name)
        expected = losses(whole)
        self.assertEqual(losses(stopped), expected)
        self.assertEqual(len([key for key in expected if key[0] == "train"]), UPDATES)
        # At the end the mean of the best validations is measured too.
        self.assertTrue(all(len(values) == 1 for key, values in expected.items() if key != ("valid", UPDATES)))


if __name__ == "__main__":
    unittest.main()
