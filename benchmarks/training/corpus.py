"""Text for the benchmarks: one vocabulary and files of ids for every program, and generated corpora of any size.

Files of ids are what the peers read: a line a sentence, ids in decimal with spaces between, no </s>. As words of plain
text they need no tokeniser, so that no peer's tokeniser is timed."""

import dataclasses
import gzip
import pathlib
import random
import subprocess

END, UNKNOWN = 0, 1  # of Dragoman's vocabularies
MAX_LENGTH, MAX_RATIO = 256, 9.0  # Dragoman's defaults: longer or more lopsided pairs are not trained on


@dataclasses.dataclass
class Corpus:
    folder: pathlib.Path  # train.src, train.tgt, valid.src, valid.tgt: ids
    text: dict  # "train-source" and so on -> path of the text, as Dragoman reads it
    pieces: int  # ids 0 .. pieces-1; <pad> follows them where a program wants one
    tokenizer: pathlib.Path
    lengths: list  # [(source, target)] of the training pairs, </s> counted

    def mean_lengths(self):
        return tuple(sum(length[side] for length in self.lengths) / len(self.lengths) for side in (0, 1))


def find_text(data, split, language):
    for name in (f"{split}.{language}.gz", f"{split}.{language}"):
        if (data / name).is_file():
            return data / name
    raise SystemExit(f"[--data] expected a folder with {split}.{language} or {split}.{language}.gz, got {data}")


def trainable(source, target):
    """Whether Dragoman trains on a pair of these lengths (</s> counted) by default; see data/encoded_corpus.cpp."""
    longest, shortest = max(source, target), min(source, target)
    return longest <= MAX_LENGTH and longest <= MAX_RATIO * max(shortest, 10)


def write_pairs(prefix, source, target):
    """Writes two files of ids without the pairs that Dragoman leaves out; returns the lengths of the rest."""
    lengths = []
    with open(f"{prefix}.src", "w", encoding="ascii") as src, open(f"{prefix}.tgt", "w", encoding="ascii") as tgt:
        for source_line, target_line in zip(source, target, strict=True):
            length = len(source_line.split()) + 1, len(target_line.split()) + 1
            if min(length) > 1 and trainable(*length):
                src.write(source_line + "\n")
                tgt.write(target_line + "\n")
                lengths.append(length)
    return lengths


def prepare(dragoman, data, languages, pieces, folder):
    """Learns the vocabulary as `dragoman train` does and encodes train and val of `data` into `folder`."""
    data, folder = pathlib.Path(data), pathlib.Path(folder)
    text = {f"{name}-{side}": find_text(data, split, language)
            for name, split in (("train", "train"), ("valid", "val"))
            for side, language in zip(("source", "target"), languages)}
    tokenizer = folder / "shared.spm"
    subprocess.run([dragoman, "tokenizer", "train", "--input", f"{text['train-source']},{text['train-target']}",
                    "--model", tokenizer, "--vocab-size", str(pieces)], check=True, stderr=subprocess.DEVNULL)

    def encoded(name):
        lines = subprocess.run([dragoman, "tokenizer", "encode", "--model", tokenizer, "--output-format", "ids",
                                "--input", text[name]], check=True, stdout=subprocess.PIPE, text=True).stdout
        return lines.split("\n")[:-1]

    write_pairs(folder / "valid", encoded("valid-source"), encoded("valid-target"))
    lengths = write_pairs(folder / "train", encoded("train-source"), encoded("train-target"))
    return Corpus(folder, text, pieces, tokenizer, lengths)


def lexicon(words, generator):
    """Distinct words of two to five syllables."""
    consonants, vowels = "bdfghjklmnprstvwz", "aeiou"
    found = set()
    while len(found) < words:
        found.add("".join(generator.choice(consonants) + generator.choice(vowels)
                          for _ in range(generator.randint(2, 5))))
    return sorted(found)


def generate(folder, lines, words=4000, mean_length=15, fixed_length=False, seed=1):
    """Writes train.source.gz and train.target.gz: `lines` sentences of about `mean_length` words out of `words`, rare
    ones rarer by a mild power law; the target has the words of the source backwards. Returns the two paths."""
    generator = random.Random(seed)
    names = lexicon(words, generator)
    # One long stretch of words is drawn once and read from random places: ten million lines take minutes, not hours.
    stretch = generator.choices(names, [1 / (rank + 10) ** 0.7 for rank in range(words)], k=500_000)
    paths = [pathlib.Path(folder) / f"train.{side}.gz" for side in ("source", "target")]
    with (gzip.open(paths[0], "wt", 1, encoding="ascii") as source,
          gzip.open(paths[1], "wt", 1, encoding="ascii") as target):
        for _ in range(lines):
            length = mean_length if fixed_length else generator.randint(mean_length // 2, mean_length * 3 // 2)
            start = generator.randrange(len(stretch) - length)
            words_of_line = stretch[start:start + length]
            source.write(" ".join(words_of_line) + "\n")
            target.write(" ".join(reversed(words_of_line)) + "\n")
    return paths
