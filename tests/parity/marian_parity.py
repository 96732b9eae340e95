#!/usr/bin/env python3
"""`dragoman import` of models that Marian itself trains, against Marian's own scores. Needs pymarian.

usage: marian_parity.py --dragoman PROGRAM [--only NAME]... [--keep FOLDER]

Marian (pymarian on the CPU) trains a model of a few updates for each variation below and scores a test set. `dragoman import`
reads the model with the decoder.yml that Marian wrote, and `dragoman score` must give the same sums of log-probabilities to
1e-3. Variations that a model folder cannot express must be refused with exit code 4, by the name of the setting. Exit code
0: all as expected; 1: not.
"""
import argparse
import dataclasses
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

import sentencepiece
import yaml

TOLERANCE = 1e-3
LINES = {"train": 1500, "test": 40}
# Pieces that YAML must quote, each in its own way, and characters of one to four bytes.
WORDS = ["the", "a", "small", "\u00e4lter", "haus", "\u8b80\u66f8", "\U0001F600", "'", '"', ":", "#", "~", "null", "true", "-", "?", "{x}",
         "[y]", "\\", "&a", "*b", "!c", "%", "@", "`", "|", ">", ",", "12", "0x1f", "1e3", "it's", "a:b", "no", "end."]


@dataclasses.dataclass
class Variation:
    options: list            # of marian-train
    vocabulary: str = "spm"  # one .spm; two; yml, json or text: of SentencePiece's pieces, as OPUS-MT has them
    refused: str = ""        # the setting that import must name
    flavor: str = ""         # TRANSFORMER_FLAVOR, with which Marian builds the same model by other code
    binary: bool = False     # converted by marian-conv
    file: str = "model.npz"  # what is imported
    folder: bool = True      # import is given the folder, else the file


ALL = ["--tied-embeddings-all"]
VARIATIONS = {
    "all tied": Variation(ALL),
    "nothing tied": Variation([]),
    "target tied": Variation(["--tied-embeddings"]),
    "source tied": Variation(["--tied-embeddings-src"]),
    "source and target tied": Variation(["--tied-embeddings-src", "--tied-embeddings"]),
    "two vocabularies": Variation([], "two"),
    "two vocabularies, target tied": Variation(["--tied-embeddings"], "two"),
    "two vocabularies, the target's larger": Variation(["--tied-embeddings"], "two, larger target"),
    "YAML": Variation(ALL, "yml"),
    "JSON": Variation(ALL, "json"),
    "text": Variation(ALL, "text"),
    "two in YAML": Variation(["--tied-embeddings"], "two yml"),
    "a shorter vocabulary": Variation([*ALL, "--dim-vocabs", "50", "50"], "yml"),
    "relu": Variation([*ALL, "--transformer-ffn-activation", "relu"]),
    "gelu": Variation([*ALL, "--transformer-ffn-activation", "gelu"]),
    "unequal sides": Variation([*ALL, "--enc-depth", "3", "--dec-depth", "1", "--transformer-heads", "4",
                                "--transformer-decoder-dim-ffn", "20"]),
    "no output bias": Variation([*ALL, "--output-omit-bias"]),
    "no output bias, two vocabularies": Variation(["--output-omit-bias"], "two"),
    "no projection": Variation([*ALL, "--transformer-no-projection"]),
    "tied layers": Variation([*ALL, "--dec-depth", "3", "--transformer-tied-layers", "1", "1", "2"]),
    "pre-norm": Variation([*ALL, "--transformer-preprocess", "n", "--transformer-postprocess", "da",
                           "--transformer-postprocess-top", "n"]),
    "settings without effect": Variation([*ALL, "--transformer-train-position-embeddings", "--transformer-no-bias",
                                          "--transformer-no-affine", "--skip", "--layer-normalization",
                                          "--transformer-depth-scaling", "--transformer-guided-alignment-layer", "1"]),
    "keep-best": Variation([*ALL, "--keep-best", "--valid-metrics", "cross-entropy", "--valid-freq", "10u"],
                           file="model.npz.best-cross-entropy.npz", folder=False),
    "a file": Variation(ALL, folder=False),
    "binary": Variation(ALL, binary=True, file="model.bin", folder=False),
    "no positions": Variation([*ALL, "--transformer-disable-position-embeddings"],
                              refused="transformer-disable-position-embeddings"),
    "right to left": Variation([*ALL, "--right-left"], refused="right-left"),
    "pooling": Variation([*ALL, "--transformer-pool"], refused="transformer-pool"),
    "recurrent decoder": Variation([*ALL, "--transformer-decoder-autoreg", "rnn", "--dec-cell", "ssru"],
                                   refused="transformer-decoder-autoreg"),
    "averaging decoder": Variation([*ALL, "--transformer-decoder-autoreg", "average-attention"],
                                   refused="transformer-decoder-autoreg"),
    "norm of embeddings": Variation([*ALL, "--transformer-postprocess-emb", "nd"], refused="transformer-postprocess-emb"),
    "norm at the top": Variation([*ALL, "--transformer-postprocess-top", "n"], refused="transformer-postprocess-top"),
    "pre-norm without a norm at the top": Variation([*ALL, "--transformer-preprocess", "n", "--transformer-postprocess", "da"],
                                                    refused="transformer-postprocess-top"),
    "RMS norm": Variation([*ALL, "--transformer-postprocess", "dar"], refused="transformer-postprocess"),
    "highway": Variation([*ALL, "--transformer-postprocess", "dhn"], refused="transformer-postprocess"),
    "three feed-forward layers": Variation([*ALL, "--transformer-ffn-depth", "3"], refused="transformer-ffn-depth"),
    "one in the decoder": Variation([*ALL, "--transformer-decoder-ffn-depth", "1"], refused="transformer-decoder-ffn-depth"),
    "newer layers": Variation(ALL, refused="TransformerBatchDecoder", flavor="experimental"),
    "recurrent": Variation([*ALL, "--type", "s2s", "--dim-rnn", "16"], refused="type"),
}
SHAPE = {"--type": "transformer", "--dim-emb": "16", "--enc-depth": "2", "--dec-depth": "2", "--transformer-heads": "2",
         "--transformer-dim-ffn": "24"}


def marian(*arguments, flavor="", stdout=subprocess.DEVNULL):
    environment = dict(os.environ, TRANSFORMER_FLAVOR=flavor) if flavor else None
    code = "import sys, _pymarian; sys.exit(_pymarian.main(sys.argv[1:]))"
    return subprocess.run([sys.executable, "-c", code, *map(str, arguments)], stdout=stdout, stderr=subprocess.PIPE, text=True,
                          encoding="utf-8", env=environment, check=False)


class Text:
    """Made-up sentences and their translations, word by word and in reverse, as text and as SentencePiece's pieces."""

    def __init__(self, folder):
        self.folder = folder
        rng = random.Random(1)
        target = {word: "".join(rng.choices("aeioust", k=3)) if word.isalpha() else word for word in WORDS}
        for name, count in LINES.items():
            lines = [rng.choices(WORDS, k=rng.randint(1, 12)) for _ in range(count)]
            self.write(f"{name}.source", [" ".join(line) for line in lines])
            self.write(f"{name}.target", [" ".join(target[word] for word in line[::-1]) for line in lines])
        for side, size, name in (("source", 70, "source"), ("target", 55, "target"), ("both", 90, "both")):
            files = [str(self.path(f"train.{s}")) for s in (["source", "target"] if side == "both" else [side])]
            sentencepiece.SentencePieceTrainer.train(
                input=files, model_prefix=str(self.path(name)), vocab_size=size, hard_vocab_limit=False, bos_id=-1, eos_id=0,
                unk_id=1, character_coverage=1.0, normalization_rule_name="identity", minloglevel=2)
            self.path(f"{name}.model").rename(self.path(f"{name}.spm"))
        for spm, prefix in (("both", "pieces"), ("own", "own-pieces")):
            for side in ("source", "target"):
                processor = sentencepiece.SentencePieceProcessor(model_file=str(self.path(f"{side if spm == 'own' else spm}.spm")))
                for name in LINES:
                    lines = self.path(f"{name}.{side}").read_text(encoding="utf-8").split("\n")[:-1]
                    self.write(f"{name}.{prefix}.{side}", [" ".join(processor.encode(line, out_type=str)) for line in lines])

    def path(self, name):
        return self.folder / name

    def write(self, name, lines):
        self.path(name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")


class Model:
    """A model of one variation in a folder of its own, trained and scored by Marian."""

    def __init__(self, name, variation, text, folder):
        self.name, self.variation, self.text, self.folder = name, variation, text, folder
        folder.mkdir()
        kind = variation.vocabulary
        self.prefix = ".own-pieces" if kind == "two yml" else ".pieces" if kind in ("yml", "json", "text") else ""
        self.vocabularies = self.make_vocabularies(kind)

    def pieces_of(self, side):
        return self.text.path(f"{{}}{self.prefix}.{side}")

    def make_vocabularies(self, kind):
        def copy(name, new_name=None):
            return shutil.copy(self.text.path(name), self.folder / (new_name or name))

        if kind == "spm":
            return [copy("both.spm", "vocab.spm")] * 2
        if kind == "two":
            return [copy("source.spm"), copy("target.spm")]
        if kind == "two, larger target":
            return [copy("target.spm", "a.spm"), copy("both.spm", "b.spm")]
        for side in ("source", "target"):
            copy(f"{side}.spm" if kind == "two yml" else "both.spm", f"{side}.spm")
        if kind == "two yml":
            return [self.folder / "source.yml", self.folder / "target.yml"]  # Marian makes them
        yml = self.folder / "vocab.yml"
        if kind != "yml":
            both = "".join(pathlib.Path(str(self.pieces_of(side)).format("train")).read_text(encoding="utf-8")
                           for side in ("source", "target"))
            pieces = ["</s>", "<unk>", *sorted(set(both.split()))]
            if kind == "json":
                yml = self.folder / "vocab.json"
                yml.write_text(json.dumps({piece: i for i, piece in enumerate(pieces)}, ensure_ascii=False), encoding="utf-8")
            else:
                yml = self.folder / "opus.vocab"
                yml.write_text("".join(piece + "\n" for piece in pieces), encoding="utf-8")
        elif not yml.exists():
            done = subprocess.run([sys.executable, "-c", "import sys, _pymarian; sys.exit(_pymarian.main(sys.argv[1:]))", "vocab"],
                                  input="".join(pathlib.Path(str(self.pieces_of(side)).format("train")).read_text(encoding="utf-8")
                                                for side in ("source", "target")),
                                  stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8", check=True)
            yml.write_text(done.stdout, encoding="utf-8")
        return [yml, yml]

    def files(self, name):
        return [pathlib.Path(str(self.pieces_of(side)).format(name)) for side in ("source", "target")]

    def train(self):
        given = self.variation.options
        shape = [part for pair in SHAPE.items() if pair[0] not in given for part in pair]
        done = marian("train", "--model", self.folder / "model.npz", "--train-sets", *self.files("train"), "--vocabs",
                      *self.vocabularies, *shape, *given, "--valid-sets", *self.files("test"), "--after", "20u", "--seed", "1",
                      "--mini-batch", "32", "--learn-rate", "0.02", "--cpu-threads", "1", "--relative-paths", "--overwrite",
                      "--beam-size", "6", "--normalize", "1", flavor=self.variation.flavor)
        if done.returncode == 0 and self.variation.binary:
            done = marian("convert", "-f", self.folder / "model.npz", "-t", self.folder / "model.bin")
        if done.returncode != 0:
            raise RuntimeError(f"Marian could not train '{self.name}': {done.stderr[-2000:]}")

    def scores(self):
        done = marian("score", "--model", self.folder / self.variation.file, "--vocabs", *self.vocabularies, "--train-sets",
                      *self.files("test"), "--cpu-threads", "1", "--quiet", flavor=self.variation.flavor, stdout=subprocess.PIPE)
        if done.returncode != 0:
            raise RuntimeError(f"Marian could not score '{self.name}': {done.stderr[-2000:]}")
        return [float(line) for line in done.stdout.split()]

    def imported(self):
        return self.folder if self.variation.folder else self.folder / self.variation.file


def run(*arguments):
    return subprocess.run(list(map(str, arguments)), capture_output=True, text=True, encoding="utf-8", check=False)


def difference(program, model, new):
    """What is wrong, or ''; and the largest difference of a score."""
    done = run(program, "import", model.imported(), "--model", new)
    refused = model.variation.refused
    if refused:
        named = done.returncode == 4 and f": {refused}] expected" in done.stderr
        return ("" if named else f"expected a refusal that names {refused}, got exit code {done.returncode}: {done.stderr}"), 0
    if done.returncode != 0:
        return f"not imported: {done.stderr}", 0
    scored = run(program, "score", "--model", new, "--source", model.text.path("test.source"), "--target",
                 model.text.path("test.target"), "--threads", "1")
    if scored.returncode != 0:
        return f"not scored: {scored.stderr}", 0
    ours, theirs = [float(line) for line in scored.stdout.split()], model.scores()
    if len(ours) != len(theirs):
        return f"{len(ours)} scores where Marian has {len(theirs)}", 0
    largest = max(abs(a - b) for a, b in zip(ours, theirs, strict=True))
    settings = json.loads((new / "generation_config.json").read_text(encoding="utf-8"))
    if settings["num_beams"] != 6:
        return f"beam of {settings['num_beams']} where decoder.yml has 6", largest
    return ("" if largest <= TOLERANCE else "scores differ"), largest


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--keep", type=pathlib.Path)
    arguments = parser.parse_args()
    failed = []
    with tempfile.TemporaryDirectory() as temporary:
        base = arguments.keep or pathlib.Path(temporary)
        base.mkdir(exist_ok=True)
        text = Text(base)
        for name, variation in VARIATIONS.items():
            if arguments.only and name not in arguments.only:
                continue
            folder = base / "".join(c if c.isalnum() else "-" for c in name)
            model = Model(name, variation, text, folder)
            model.train()
            wrong, largest = difference(arguments.dragoman, model, folder.with_name(folder.name + ".imported"))
            shown = f"refused by {variation.refused}" if variation.refused else f"scores differ by at most {largest:.1e}"
            print(f"{'FAILED' if wrong else 'ok    '} {name}: {wrong or shown}", flush=True)
            failed += [name] if wrong else []
        if not arguments.only:
            settings = yaml.safe_load((base / "all-tied" / "model.npz.decoder.yml").read_text(encoding="utf-8"))
            assert settings["relative-paths"] is True, settings
    print(f"marian_parity: {len(failed)} failed" if failed else "marian_parity: all as expected")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
