#!/usr/bin/env python3
"""All parity tests: the same text in dragoman and in the programs it promises to agree with. `ctest -L parity` calls this.

usage: run_parity.py --dragoman build/release/dragoman [--logits build/release/parity_logits] [--updates 3000]
                     [--threads N]

Makes the environment of benchmarks/peers.txt (scripts/peers), trains small models with `dragoman train`, and runs
transformers_parity.py on each, folders_parity.py, marian_parity.py, tokenizer_parity.py, evaluation_parity.py, paired_parity.py and
tensorboard_parity.py. The text is data/multi30k/raw of the folder that DRAGOMAN_TEST_DATA names, else that of a made-up
language. Exit code 0: all passed; 1: one failed; 77: skipped, since the Python packages cannot be installed here.
"""
import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PYTHON = ROOT / ".venv-peers/bin/python"
TRANSFORMERS4 = ROOT / ".venv-peers/transformers4"
DATA = os.environ.get("DRAGOMAN_TEST_DATA")
MULTI30K = pathlib.Path(DATA) / "data/multi30k/raw" if DATA else None
SKIPPED = 77

# A model of every way to share embeddings, and of the settings that a mistake would show in. What a model has learned
# does not matter for them: one that is trained for long tells whether translations agree.
SMALL = ["--encoder-layers", "2", "--decoder-layers", "3", "--d-model", "64", "--max-tokens", "1024", "--warmup", "100",
         "--max-updates", "200", "--valid-every", "0"]
SHAPES = {
    "separate vocabularies": ["--share-encoder-decoder-embeddings=false"],
    "separate and untied": ["--share-encoder-decoder-embeddings=false", "--tie-word-embeddings=false"],
    "untied": ["--tie-word-embeddings=false"],
    "unscaled with silu": ["--scale-embedding=false", "--activation-function", "silu", "--decoder-attention-heads", "8"],
}


def made_up_corpus(folder, count=12000):
    """A language of 60 words and any number of names, and its translation: other words, the verb after its object."""
    rng = random.Random(1)
    syllables = [c + v for c in "bdfgklmnprstvz" for v in "aeiou"]

    def word():
        return "".join(rng.choices(syllables, k=rng.randint(1, 3)))

    nouns, verbs, adjectives = ([(word(), word()) for _ in range(20)] for _ in range(3))

    def thing():
        if rng.random() < 0.3:
            name = word().capitalize() + rng.choice(["", "n", "s"])
            return name, name
        (noun, noun2), (adjective, adjective2) = rng.choice(nouns), rng.choice(adjectives)
        return (f"the {adjective} {noun}", f"li {noun2} {adjective2}") if rng.random() < 0.6 else (f"a {noun}", noun2)

    def sentence():
        (subject, subject2), (verb, verb2), (what, what2) = thing(), rng.choice(verbs), thing()
        pair = f"{subject} {verb}s {what}", f"{subject2} {what2} {verb2}as"
        return tuple(part[0].upper() + part[1:] + "." for part in pair)

    paths = {}
    for name, lines in (("train", count), ("val", 300), ("test", 300)):
        pairs = [[sentence() for _ in range(rng.randint(1, 3))] for _ in range(lines)]
        for side, language in enumerate(("source", "target")):
            paths[name, language] = folder / f"{name}.{language}"
            text = "".join(" ".join(pair[side] for pair in line) + "\n" for line in pairs)
            paths[name, language].write_text(text, encoding="utf-8")
    return paths


def corpus(folder):
    """The files by (train|val|test, source|target), and how many pieces a vocabulary of them can have."""
    if MULTI30K and MULTI30K.is_dir():
        names = {"train": "train", "val": "val", "test": "test_2016_flickr"}
        return {(key, side): MULTI30K / f"{name}.{language}.gz" for key, name in names.items()
                for side, language in (("source", "en"), ("target", "de"))}, 4000
    return made_up_corpus(folder), 600


def environment_is_there():
    done = subprocess.run([ROOT / "scripts/peers"], check=False)
    if done.returncode != 0:
        print("SKIPPED: the Python packages of benchmarks/peers.txt cannot be installed here")
    return done.returncode == 0


class Runner:
    def __init__(self, arguments, folder):
        self.dragoman, self.folder = arguments.dragoman, folder
        self.logits_flags = ["--logits", arguments.logits] if arguments.logits else []
        self.threads = ["--threads", str(arguments.threads)]
        self.results = {}
        self.files, self.vocabulary = corpus(folder)

    def script(self, what, name, *arguments, packages=""):
        print(f"\n== {what}", flush=True)
        command = [PYTHON, "-B", HERE / name, "--dragoman", self.dragoman, *map(str, arguments)]
        environment = {**os.environ, **({"PYTHONPATH": str(packages)} if packages else {})}
        self.results[what] = subprocess.run(command, check=False, env=environment).returncode == 0

    def train(self, name, *arguments):
        print(f"\n== training: {name}", flush=True)
        model = self.folder / name.replace(" ", "-")
        command = [self.dragoman, "train", "--preset", "tiny", "--vocab-size", str(self.vocabulary), "--model", model,
                   "--learning-rate", "0.003", *self.threads, *arguments]
        for split, prefix in (("train", "train"), ("val", "valid")):
            for side in ("source", "target"):
                command += [f"--{prefix}-{side}", self.files[split, side]]
        subprocess.run(command, check=True)
        return model

    def refused(self, name, *arguments):
        model = self.train(name, *SMALL, *arguments)
        self.script(f"{name}, refused", "transformers_parity.py", "--refused", "--model", model)

    def transformers(self, name, *arguments, lines, trained=False):
        model = self.train(name, *arguments)
        flags = ["--model", model, "--text", self.files["test", "source"], *self.threads, *self.logits_flags]
        self.script(f"transformers, {name}", "transformers_parity.py", *flags, "--lines", lines,
                    *(["--trained"] if trained else []))
        if trained:
            self.script(f"transformers 4, {name}", "transformers_parity.py", *flags, "--lines", lines, packages=TRANSFORMERS4)

    def all(self, updates):
        self.script("tokenizer", "tokenizer_parity.py", "--text", self.files["train", "source"], "--vocab-size",
                    self.vocabulary)
        data = ["--data", MULTI30K, "--lines", 100] if MULTI30K and MULTI30K.is_dir() else []
        self.script("evaluation", "evaluation_parity.py", "--corpora", 100, *data)
        self.script("paired tests", "paired_parity.py", *data)
        self.script("tensorboard", "tensorboard_parity.py", "--source", self.files["val", "source"], "--target",
                    self.files["val", "target"], *self.threads)
        self.script("folders of other programs", "folders_parity.py", "--source", self.files["val", "source"], "--target",
                    self.files["val", "target"], *self.threads, *self.logits_flags)
        self.script("models that Marian trained", "marian_parity.py")
        for name, flags in SHAPES.items():
            self.transformers(name, *SMALL, *flags, lines=40)
        self.refused("pre-norm", "--norm", "pre")
        # Updates, not minutes: what the model has learned must not depend on how busy the machine is.
        self.transformers(f"trained for {updates} updates", "--max-tokens", "2048", "--warmup", "500", "--schedule", "linear",
                          "--valid-every", "500", "--max-updates", str(updates), lines=500, trained=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--logits", help="the program parity_logits; without it, the one next to dragoman")
    parser.add_argument("--updates", type=int, default=3000, help="of the model whose translations count")
    parser.add_argument("--threads", type=int, default=0, help="of all programs; 0: what they choose. On a machine that "
                        "others use too, fewer threads than cores are much faster")
    arguments = parser.parse_args()
    if not environment_is_there():
        return SKIPPED
    os.environ.setdefault("PYTHONUTF8", "1")
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(arguments, pathlib.Path(folder))
        runner.all(arguments.updates)
    print()
    for what, passed in runner.results.items():
        print(f"{'passed' if passed else 'FAILED'}: {what}")
    failed = sum(not passed for passed in runner.results.values())
    print(f"{len(runner.results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
