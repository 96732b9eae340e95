#!/usr/bin/env python3
"""Writes paired_cases.json: draws of numpy's default_rng, and sacreBLEU's paired tests of small made-up systems.

Usage: make_paired_cases.py [OUTPUT]     needs numpy and sacrebleu (benchmarks/peers.txt)
"""
import json
import os
import pathlib
import random
import sys

import numpy
from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

SEEDS = [0, 1, 12345, 2**32 - 1, 2**32, 2**63 + 12345]


def draws(seed):
    """Whole numbers below small, large and awkward bounds, each array from a generator of its own; and coins."""
    bounds = [2, 3, 7, 1000, 2**31 + 1, 2**32 - 1]
    return {"seed": str(seed),
            "state": [str(word) for word in numpy.random.SeedSequence(seed).generate_state(4, numpy.uint64)],
            "below": {str(bound): numpy.random.default_rng(seed).choice(bound, size=40).tolist() for bound in bounds},
            "coins": numpy.random.default_rng(seed).integers(2, size=100, dtype=bool).astype(int).tolist()}


def corpus(rng, lines, systems, references):
    """Lines of few words, and systems that get more and more of them wrong."""
    words = [f"w{i}" for i in range(12)]
    truth = [rng.choices(words, k=rng.randint(1, 12)) for _ in range(lines)]

    def noised(line, chance):
        return " ".join(word if rng.random() > chance else rng.choice(words) for word in line)

    return {"references": [[noised(line, 0.05) for line in truth] for _ in range(references)],
            "systems": [[noised(line, 0.15 + 0.02 * i) for line in truth] for i in range(systems)]}


def tested(case, kind, trials):
    os.environ["SACREBLEU_SEED"] = str(case["seed"])
    metrics = {"BLEU": BLEU(references=case["references"]), "CHRF": CHRF(references=case["references"]),
               "TER": TER(references=case["references"])}
    systems = [(f"s{i}", lines) for i, lines in enumerate(case["systems"])]
    signatures, scores = PairedTest(systems, metrics, None, test_type=kind, n_samples=trials)()
    return [{"metric": name, "signature": signatures[name].format().rsplit("|", 1)[0],
             "systems": [{key: None if value is None else float(value) for key, value in result.__dict__.items()}
                         for result in results]}
            for name, results in scores.items() if name != "System"]


def main():
    rng = random.Random(5)
    cases = []
    for lines, systems, references, seed in [(1, 2, 1, 12345), (5, 2, 1, 12345), (40, 4, 1, 12345), (60, 2, 3, 7)]:
        case = {"seed": seed, **corpus(rng, lines, systems, references)}
        case["bs"] = tested(case, "bs", 200)
        case["ar"] = tested(case, "ar", 300)
        cases.append(case)
    output = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent / "paired_cases.json")
    text = json.dumps({"draws": [draws(seed) for seed in SEEDS], "cases": cases}, ensure_ascii=False)
    output.write_text(text.replace("}, {", "},\n{") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
