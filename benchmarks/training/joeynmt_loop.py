"""JoeyNMT's own training, with a line of JSON an update to a file: its log is too coarse to time a short window.

    joeynmt_loop.py CONFIG RECORDS      CONFIG: JoeyNMT's settings as JSON

Nothing of JoeyNMT is replaced; the time and the label tokens of each step are noted as it begins."""

import json
import pathlib
import sys
import time

import torch
from joeynmt.training import TrainManager, train


def note_steps(records):
    plain_step = TrainManager._train_step
    start, last_tokens = None, 0

    def noted_step(self, batch):
        # What is between the starts of two steps (optimiser, next batch) belongs to the first.
        nonlocal start, last_tokens
        now = time.perf_counter()
        if start is None:
            start = now
        else:
            records.write(json.dumps({"kind": "train", "seconds": now - start, "tokens": last_tokens}) + "\n")
        last_tokens = int(batch.ntokens)
        return plain_step(self, batch)

    TrainManager._train_step = noted_step


def main():
    config = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    torch.set_num_threads(config["threads"])
    pathlib.Path(config["model_dir"]).mkdir(parents=True)
    with open(sys.argv[2], "w", buffering=1, encoding="ascii") as records:
        note_steps(records)
        train(rank=0, world_size=None, cfg=config, skip_test=True)


if __name__ == "__main__":
    main()
