#!/usr/bin/env python3
"""Compares the ids of `dragoman tokenizer encode` with those of Python's sentencepiece, line by line.

usage: tokenizer_parity.py --dragoman build/release/dragoman --text FILE [--lines 10000] [--vocab-size 4000]

Trains a unigram and a byte-pair model with `dragoman tokenizer train` on the text (plain or .gz), encodes the text with
both programs and exits with 1 when ids differ. Needs the Python package sentencepiece.

Up to version 0.2.1 of that package every line is the same. Later versions round the score of a path differently, which
shows in the unigram model where the same pieces in another order have the same score ("oo o" and "o oo"): such a line is
counted as a tie, about one in 5000, and is no difference.
"""
import argparse
import gzip
import pathlib
import subprocess
import sys
import tempfile

import sentencepiece


def read_lines(path, limit):
    """The first lines as dragoman reads them: ended by LF alone, CR before it cut, a byte-order mark dropped."""
    data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    lines = data.split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines[:limit]]


def encode_with_dragoman(dragoman, model, text):
    command = [dragoman, "tokenizer", "encode", "--model", model, "--output-format", "ids"]
    output = subprocess.run(command, input=text.encode(), stdout=subprocess.PIPE, check=True).stdout.decode()
    return [[int(number) for number in line.split()] for line in output.split("\n")[:-1]]


def compare(dragoman, kind, model, lines):
    """Returns how many lines are the same, how many are ties, and a text for each difference."""
    ours = encode_with_dragoman(dragoman, model, "".join(line + "\n" for line in lines))
    if len(ours) != len(lines):
        return 0, 0, [f"expected {len(lines)} lines, got {len(ours)}"]
    theirs = sentencepiece.SentencePieceProcessor(model_file=model).encode(lines)
    same, ties, different = 0, 0, []
    for number, (line, a, b) in enumerate(zip(lines, ours, theirs), 1):
        if a == b:
            same += 1
        elif kind == "unigram" and sorted(a) == sorted(b):
            ties += 1
        else:
            different.append(f"line {number}: {line!r}\n  dragoman      {a}\n  sentencepiece {b}")
    return same, ties, different


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--text", required=True, type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=10000)
    parser.add_argument("--vocab-size", type=int, default=4000)
    arguments = parser.parse_args()

    lines = read_lines(arguments.text, arguments.lines)
    if not lines:
        sys.exit(f"{arguments.text}: expected lines to compare, got none")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for kind in ("unigram", "bpe"):
            model = f"{folder}/{kind}.spm"
            train = [arguments.dragoman, "tokenizer", "train", "--input", str(arguments.text), "--model", model]
            train += ["--vocab-size", str(arguments.vocab_size), "--tokenizer-type", kind]
            subprocess.run(train, check=True)
            same, ties, different = compare(arguments.dragoman, kind, model, lines)
            print(f"{kind}: {same} of {len(lines)} lines have the same ids, {ties} ties, {len(different)} differ")
            print(*different[:5], sep="\n", end="\n" if different else "", file=sys.stderr)
            failed |= bool(different)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
