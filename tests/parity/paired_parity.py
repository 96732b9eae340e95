#!/usr/bin/env python3
"""`dragoman evaluate --paired-bs` and `--paired-ar` against sacreBLEU's paired tests. Needs sacrebleu.

Usage: paired_parity.py --dragoman PROGRAM [--corpora 20] [--seed N] [--data FOLDER] [--lines 500]
Compares BLEU, chrF and TER, their p-values and confidence intervals, of made-up systems on made-up text and, with --data,
on real test sets. Both programs draw the same numbers; what may differ is that sacreBLEU sums samples in 32 bits, so a
p-value may differ by a trial or two. Exits with 1 when one differs by more, or a score or an interval by 0.005.

One, two or four references: the mean length of three, in TER, is no binary fraction, and whether a trial that ties with the
real difference counts is then decided in sacreBLEU by rounding (here it never counts), which shows in corpora of few lines.
"""
import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from sacrebleu.metrics import BLEU, CHRF, TER
from sacrebleu.significance import PairedTest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from evaluation_parity import read_lines, write_lines  # noqa: E402

TRIALS = {"bs": 1000, "ar": 2000}
SPARE_TRIALS = 2
PUBLISHED_DIGITS = 0.005


def noised(rng, line, chance):
    """Each word may be dropped, doubled or swapped with its neighbour."""
    words = line.split(" ")
    result = []
    for word in words:
        if rng.random() > chance:
            result.append(word)
        elif rng.random() < 0.5 and result:
            result.insert(-1, word)
        elif rng.random() < 0.5:
            result += [word, word]
    return " ".join(result)


def made_up_lines(rng):
    words = ["w" + "".join(rng.choices("abcdefgh", k=rng.randint(1, 5))) for _ in range(50)]
    return [" ".join(rng.choices(words, k=rng.randint(1, 20))) + "." for _ in range(rng.choice([1, 2, 10, 100, 300]))]


def corpora(arguments, rng):
    for number in range(arguments.corpora):
        yield f"made up {number}", made_up_lines(rng)
    if arguments.data:
        for path in sorted(pathlib.Path(arguments.data).rglob("*test*.gz")):
            yield path.name, read_lines(path)[:arguments.lines]


class Comparison:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.count, self.exact, self.differences = 0, 0, 0

    def ours(self, systems, references, kind, seed):
        command = [self.program, "evaluate", f"--paired-{kind}", f"--paired-{kind}-n", str(TRIALS[kind]), "--metrics",
                   "bleu,chrf,ter", "--output-format", "json"]
        for i, lines in enumerate(systems):
            command += ["--hypothesis", write_lines(self.folder / f"system{i}", lines), "--name", f"s{i}"]
        for i, lines in enumerate(references):
            command += ["--reference", write_lines(self.folder / f"reference{i}", lines)]
        done = subprocess.run(command, capture_output=True, check=False, env={**os.environ, "SACREBLEU_SEED": seed})
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}\nexit code {done.returncode}: {done.stderr.decode()}")
        return json.loads(done.stdout)

    @staticmethod
    def theirs(systems, references, kind, seed):
        os.environ["SACREBLEU_SEED"] = seed
        metrics = {"BLEU": BLEU(references=references), "CHRF": CHRF(references=references), "TER": TER(references=references)}
        named = [(f"s{i}", lines) for i, lines in enumerate(systems)]
        return PairedTest(named, metrics, None, test_type=kind, n_samples=TRIALS[kind])()

    def compare(self, what, systems, references, kind, seed):
        ours, (signatures, scores) = self.ours(systems, references, kind, seed), self.theirs(systems, references, kind, seed)
        for metric, results in scores.items():
            for i, expected in enumerate(results if metric != "System" else []):
                entry = ours[i][metric]
                same_signature = entry["signature"].rsplit("|", 1)[0] == signatures[metric].format().rsplit("|", 1)[0]
                self.judge(f"{what} {kind} seed {seed}, {metric} of system {i}", entry, expected, kind, same_signature)

    def judge(self, what, entry, expected, kind, same_signature):
        self.count += 1
        self.exact += entry["p_value"] == expected.p_value

        def near(key, tolerance):
            mine, other = entry[key], getattr(expected, key)
            return mine is other is None or (mine is not None and other is not None and abs(mine - other) <= tolerance)

        if (near("p_value", SPARE_TRIALS / (TRIALS[kind] + 1)) and same_signature
                and all(near(key, PUBLISHED_DIGITS) for key in ("score", "mean", "ci"))):
            return
        self.differences += 1
        print(f"DIFFERS: {what}\n  ours   {entry}\n  theirs {expected}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--corpora", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--data")
    parser.add_argument("--lines", type=int, default=500, help="of each real test set")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.dragoman, folder)
        for what, lines in corpora(arguments, rng):
            references = [[noised(rng, line, 0.05) for line in lines] for _ in range(rng.choice([1, 1, 2, 4]))]
            chances = [0.2, 0.2, 0.21, 0.25, 0.2 + 0.2 * rng.random()][:rng.randint(2, 5)]
            systems = [[noised(rng, line, chance) for line in lines] for chance in chances]
            systems.append(list(systems[0]))
            seed = rng.choice(["12345", "12345", "1", str(rng.randrange(1, 2**32))])
            for kind in TRIALS:
                comparison.compare(what, systems, references, kind, seed)
    print(f"{comparison.count} results compared; p-values equal to the last digit: {comparison.exact}; "
          f"beyond {SPARE_TRIALS} trials or {PUBLISHED_DIGITS}: {comparison.differences}")
    return 1 if comparison.differences or not comparison.count else 0


if __name__ == "__main__":
    sys.exit(main())
