"""What the scripts of this folder have in common on the command line."""

import argparse
import contextlib
import json
import os
import pathlib
import signal
import sys
import tempfile

import machine
import shapes


def parser(description, epilog=None):
    made = argparse.ArgumentParser(description=description, epilog=epilog,
                                   formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--dragoman", type=pathlib.Path, default=machine.PROJECT / "build" / "release" / "dragoman",
                      metavar="PROGRAM", help="the program (default: build/release/dragoman)")
    made.add_argument("--threads", type=numbers, default=[1, 2], metavar="LIST", help="default: 1,2")
    made.add_argument("--seconds", type=float, default=60, help="that count of each measurement (default: %(default)g)")
    made.add_argument("--warmup-seconds", type=float, default=10,
                      help="of training that do not, three updates at least (default: %(default)g)")
    made.add_argument("--least-updates", type=int, default=1, metavar="N",
                      help="that count of each measurement, whatever the seconds (default: %(default)s)")
    made.add_argument("--max-tokens", type=int, default=2048,
                      help="padded positions of a batch at most (default: %(default)s)")
    made.add_argument("--limit", type=float, default=1800,
                      help="seconds after which a program that is not done is given up (default: %(default)g)")
    made.add_argument("--pin", action="store_true", help="keep each program on as many cores as it has threads")
    made.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all numbers there too")
    made.add_argument("--work", type=pathlib.Path, metavar="DIR", help="where temporary folders go")
    return made


def add_shapes(made):
    made.add_argument("--shapes", type=names(shapes.SHAPES), default=list(shapes.SHAPES), metavar="LIST",
                      help=f"default: {','.join(shapes.SHAPES)}")


def add_corpus(made):
    root = os.environ.get("DRAGOMAN_TEST_DATA")
    made.add_argument("--data", type=pathlib.Path, metavar="DIR", required=not root,
                      default=pathlib.Path(root) / "data/multi30k/raw" if root else None,
                      help="holds train.LANG and val.LANG, plain or .gz (default: data/multi30k/raw of the folder that "
                           "DRAGOMAN_TEST_DATA names)")
    made.add_argument("--languages", type=lambda text: tuple(text.split(",")), default=("en", "de"), metavar="S,T",
                      help="source and target (default: en,de)")
    made.add_argument("--vocab-size", type=int, default=8000,
                      help="pieces, shared by both sides (default: %(default)s)")


def numbers(text):
    return [int(part) for part in text.split(",")]


def names(known):
    def parse(text):
        unknown = [name for name in text.split(",") if name not in known]
        if unknown:
            raise argparse.ArgumentTypeError(f"expected some of {', '.join(known)}, got '{unknown[0]}'")
        return text.split(",")
    return parse


@contextlib.contextmanager
def ready(made, arguments=None):
    """The parsed options, completed: `dragoman` is there, `work` is a new folder that is deleted at the end, `cpus`
    gives the cores that a program of so many threads may use, or None for all."""
    options = made.parse_args(arguments)
    options.dragoman = options.dragoman.resolve()
    if not options.dragoman.is_file():
        made.error(f"[--dragoman] expected the program, got {options.dragoman}; scripts/build makes it")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that what runs is ended and its folder deleted
    cores = sorted(os.sched_getaffinity(0))
    options.cpus = lambda threads: set(cores[:threads]) if options.pin else None
    with tempfile.TemporaryDirectory(prefix="dragoman-benchmark-", dir=options.work) as folder:
        options.work = pathlib.Path(folder)
        yield options


def say(text):
    """Progress, for people."""
    print(text, file=sys.stderr, flush=True)


def write_json(options, content):
    if options.json:
        options.json.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
