#!/usr/bin/env python3
"""The event files of `dragoman train`, read by the tensorboard package, against train.log.jsonl.

Usage: tensorboard_parity.py --dragoman PROGRAM --source F --target F [--threads N]
Trains a small model in two calls, so that the second resumes; then every scalar of every logged update must be there
once, with the log's value. Exits with 1 when one differs.
"""
import argparse
import json
import math
import pathlib
import subprocess
import sys
import tempfile

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# Our name in TensorBoard: the log's kind of line and key.
SCALARS = {"train/loss": ("train", "loss"), "train/perplexity": ("train", "perplexity"), "train/lr": ("train", "learning_rate"),
           "train/gradient_norm": ("train", "gradient_norm"), "train/tokens_per_second": ("train", "target_tokens_per_second"),
           "valid/loss": ("valid", "loss"), "valid/perplexity": ("valid", "perplexity"), "valid/bleu": ("valid", "bleu"),
           "valid/chrf": ("valid", "chrf")}


def train(arguments, model, updates, *more):
    command = [arguments.dragoman, "train", "--train-source", arguments.source, "--train-target", arguments.target,
               "--model", model, "--preset", "tiny", "--vocab-size", "400", "--d-model", "32", "--encoder-layers", "1",
               "--decoder-layers", "1", "--max-tokens", "512", "--log-every", "5", "--valid-every", "20", "--valid-lines", "5",
               "--save-every", "20", "--max-updates", str(updates), "--threads", str(arguments.threads), *more]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--source", required=True)
    parser.add_argument("--target", required=True)
    parser.add_argument("--threads", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = pathlib.Path(folder) / "model"
        train(arguments, model, 40)
        train(arguments, model, 60)
        events = EventAccumulator(str(model / "tensorboard"), size_guidance={"scalars": 0})
        events.Reload()
        lines = [json.loads(line) for line in (model / "train.log.jsonl").read_text(encoding="utf-8").splitlines()]
        files = len(list((model / "tensorboard").iterdir()))
        without = pathlib.Path(folder) / "without"
        train(arguments, without, 5, "--tensorboard=false")
        unasked = (without / "tensorboard").exists()
    differences = [] if sorted(events.Tags()["scalars"]) == sorted(SCALARS) else [f"tags {events.Tags()['scalars']}"]
    compared = 0
    for name, (kind, key) in SCALARS.items():
        expected = [(line["update"], line[key]) for line in lines if line["kind"] == kind]
        got = [(event.step, event.value) for event in events.Scalars(name)] if not differences else []
        same = len(expected) == len(got) and all(
            a[0] == b[0] and math.isclose(a[1], b[1], rel_tol=1e-6, abs_tol=1e-30) for a, b in zip(expected, got))
        compared += len(expected)
        if not same:
            differences.append(f"{name}: log {expected}, tensorboard {got}")
    if files != 2:
        differences.append(f"{files} event files of 2 calls")
    if unasked:
        differences.append("--tensorboard=false wrote event files")
    for difference in differences:
        print(difference)
    print(f"{compared} scalars compared, {len(differences)} differences")
    return 1 if differences or compared < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
