#!/usr/bin/env python3
"""The commands in README and docs run as printed, on a small text and with a small model. DRAGOMAN_PROGRAM names the
program. DRAGOMAN_DOCS_PAGE names one page, for trials.

A block of commands is a fence that is marked `sh`, or one without a mark that has a line `dragoman ...` or `$ ...`. The blocks of a
page run in order, in one folder that has the files they name. A session (`$ ...`) is run without its output; a command whose
output has an error must fail. `...` at the end of a command stands for more flags.
"""

import gzip
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PROJECT = pathlib.Path(__file__).resolve().parents[2]
MARIAN = PROJECT / "tests/exchange/marian"
DICTIONARY = pathlib.Path("/var/lib/mecab/dic/ipadic-utf8/sys.dic")
# The lines that get something from the network, or need Docker; their blocks are not run.
FETCHES = re.compile(r"^\s*(git clone|docker|pip install|hf download)\b", re.M)
FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^ *```", re.M | re.S)

# Stands for the program. Whatever size and time a command asks for, the model is small and trains for two updates. A flag that
# is given twice counts as it is given last. `train` and `import` start from nothing, unless the same command is given again.
# One folder stands for a download that has Marian's files, and copies of a checkpoint for those of other updates.
WRAPPER = f"""#!{sys.executable}
import os, pathlib, shutil, sys
SMALL = ("--d-model 16 --encoder-layers 1 --decoder-layers 1 --encoder-ffn-dim 32 --decoder-ffn-dim 32 --vocab-size 60 "
         "--encoder-attention-heads 2 --decoder-attention-heads 2 --threads 1").split()
command, *words = sys.argv[1:]
output = pathlib.Path(words[words.index("--model") + 1] if "--model" in words else "en-de")
if command == "train":
    added = ["--threads", "1"] if {{"--config", "--from-model"}} & set(words) else SMALL
    words += added + ["--max-updates", "+1" if "+10000" in words else "2"]
    last = output / "command.txt"
    same = "--config" in words or last.exists() and last.read_text() == " ".join(words)
    if output.exists() and not same and "--plan" not in words:
        shutil.rmtree(output)
elif command == "import":
    shutil.rmtree(output, ignore_errors=True)
    words[0] = "marian" if words[0] == "opus-mt-en-de" else words[0]
elif command == "average":
    for folder in map(pathlib.Path, (words[i + 1] for i, word in enumerate(words) if word == "--from")):
        if not folder.exists():  # a checkpoint after thousands of updates
            shutil.copytree(next(folder.parent.iterdir()), folder)
elif command in ("translate", "score") or command == "evaluate" and "--model" in words:
    words += ["--threads", "1"] + (["--max-length", "5"] if command != "score" else [])
elif command == "tokenizer" and words[0] == "train":
    words += ["--vocab-size", "60"]
code = os.spawnv(os.P_WAIT, "{PROGRAM}", ["{PROGRAM}", command, *words])
if command == "train" and "--plan" not in words and output.exists():
    last.write_text(" ".join(words))
sys.exit(code)
"""


def pages():
    chosen = os.environ.get("DRAGOMAN_DOCS_PAGE")
    return [PROJECT / chosen] if chosen else [PROJECT / "README.md", *sorted((PROJECT / "docs").rglob("*.md"))]


def is_of_commands(mark, text):
    return mark == "sh" or not mark and re.search(r"^\s*(dragoman |\$ |echo .*dragoman)", text, re.M) is not None


def blocks(page):
    """The blocks of commands of a page, without the indentation that they have in a list."""
    found = FENCE.findall(page.read_text(encoding="utf-8"))
    return [re.sub(rf"^ {{{len(indent)}}}", "", text, flags=re.M) for indent, mark, text in found if is_of_commands(mark, text)]


def joined_lines(text):
    """The lines of a block; one that ends with a backslash or a pipe is joined with the next."""
    return re.sub(r"([\\|])\n", lambda end: " " if end[1] == "\\" else "| ", text).splitlines()


def without_comment(line):
    return re.sub(r"\s+#.*", "", line)


def session_commands(text):
    """The commands of a session; one that is shown with an error must fail."""
    commands = []
    for line in joined_lines(text):
        if line.startswith("$ "):
            commands.append(line[2:])
        elif line.startswith("dragoman: error:"):
            commands[-1] = f"if {commands[-1]}; then exit 1; fi"
    return commands


def is_abbreviated(command):
    """`dragoman train --train-source train.en ...`: the rest is further up in the page."""
    return "--model" not in command and command.endswith(" ...")


def commands_of(text):
    lines = session_commands(text) if re.search(r"^\$ ", text, re.M) else [without_comment(line) for line in joined_lines(text)]
    if not DICTIONARY.exists():
        lines = [line for line in lines if "en-ja" not in line]  # Japanese BLEU needs MeCab
    return "\n".join(re.sub(r" \.\.\.$", "", line) for line in lines if not is_abbreviated(line))


def write_text(folder):
    chance = random.Random(1)

    def lines(count):
        return [" ".join(chance.choices(["ba", "ke", "lo", "mi", "nu"], k=5)) for _ in range(count)]

    def write(name, texts):
        (folder / name).write_text("".join(text + "\n" for text in texts), encoding="utf-8")

    for name in ("train.en", "train.de", "train.de.en", "train.de.de", "train.fr.en", "train.fr.fr", "mine.en", "mine.de"):
        write(name, lines(200))
    for name in ("test.en", "test.de", "valid.en", "valid.de", "book.en", "text.en", "out.de", "old.de", "new.de", "a.de", "b.de",
                 "test.a.de", "test.b.de"):
        write(name, lines(5))
    write("both.de", map("\t".join, zip(lines(5), lines(5))))
    for name in ("test.ja", "out.ja"):
        write(name, ["私は学生です。"] * 5)
    write("ids.txt", ["3 4 5"])
    pairs = "".join(f"{source}\t{target}\n" for source, target in zip(lines(200), lines(200)))
    for name, content in (("pairs.tsv.gz", pairs), ("book.en.gz", "ba ke\n")):
        with gzip.open(folder / name, "wt", encoding="utf-8") as file:
            file.write(content)
    # The tutorial's text: 2,000 pairs are for the test.
    with zipfile.ZipFile(folder / "deu-eng.zip", "w") as archive:
        archive.writestr("deu.txt", "".join(f"{s} {i}\t{t} {i}\tCC-BY\n" for i, (s, t) in enumerate(zip(lines(2300), lines(2300)))))


def write_models(folder, dragoman):
    subprocess.run([dragoman, "train", "--train-source", "train.en", "--train-target", "train.de", "--model", "en-de"], cwd=folder,
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    shutil.copytree(folder / "en-de", folder / "opus-mt-en-de")
    shutil.copytree(MARIAN, folder / "marian")
    (folder / "model").mkdir()
    for name in ("model/model.npz.best-chrf.npz", "model.npz"):
        shutil.copy(MARIAN / "model.npz", folder / name)
    for place in (folder, folder / "model"):
        for name in ("vocab.spm", "model.npz.decoder.yml"):
            shutil.copy(MARIAN / name, place)
    shutil.copy(MARIAN / "model.npz.decoder.yml", folder / "model/model.npz.best-chrf.npz.decoder.yml")
    with zipfile.ZipFile(folder / "opus-2020-02-26.zip", "w") as archive:
        for file in MARIAN.iterdir():
            archive.write(file, file.name)


class Blocks(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.place = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.place.cleanup)
        cls.files = pathlib.Path(cls.place.name) / "files"
        for name in ("bin/dragoman", "files/build/release/dragoman"):
            program = pathlib.Path(cls.place.name) / name
            program.parent.mkdir(parents=True)
            program.write_text(WRAPPER, encoding="utf-8")
            program.chmod(0o755)
        write_text(cls.files)
        write_models(cls.files, cls.files / "build/release/dragoman")

    def run_page(self, page):
        """What the blocks of a page print, each after the one before."""
        with tempfile.TemporaryDirectory(dir=self.place.name) as name:
            folder = pathlib.Path(name) / "files"
            shutil.copytree(self.files, folder)
            environment = {**os.environ, "PATH": f"{self.place.name}/bin:{os.environ['PATH']}"}
            printed = ""
            for block in blocks(page):
                if FETCHES.search(block):
                    continue
                script = commands_of(block)
                done = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, capture_output=True,
                                      text=True, timeout=300, check=False)
                self.assertEqual(done.returncode, 0, f"{page.relative_to(PROJECT)}:\n{script}\n{done.stderr[-2000:]}")
                printed += done.stdout
            return printed

    def test_run_in_every_page(self):
        for page in pages():
            with self.subTest(page=str(page.relative_to(PROJECT))):
                printed = self.run_page(page)
                if page.name == "README.md" and page.parent == PROJECT:
                    self.assertIn("BLEU", printed)

    def test_are_found(self):
        counts = {str(page.relative_to(PROJECT)): len(blocks(page)) for page in pages()}
        for page in ("README.md", "docs/tutorial.md", "docs/evaluation.md", "docs/options.md", "docs/howto/evaluate.md"):
            self.assertGreater(counts[page], 1, page)


class Commands(unittest.TestCase):
    def test_of_a_session_are_without_its_output(self):
        self.assertEqual(commands_of("$ head -n 3 a\nx\n$ dragoman check \\\n    --source a\n...\n"), "head -n 3 a\ndragoman check      --source a")

    def test_that_are_shown_with_an_error_must_fail(self):
        self.assertEqual(commands_of("$ dragoman check\ndragoman: error: [a] b\n"), "if dragoman check; then exit 1; fi")

    def test_lose_comments_and_dots(self):
        self.assertEqual(commands_of("dragoman train --model m ...  # hours\n"), "dragoman train --model m")
        self.assertEqual(commands_of("$ dragoman train --train-source a ...\n"), "")


if __name__ == "__main__":
    if not PROGRAM:
        sys.exit("docs_blocks_test: set DRAGOMAN_PROGRAM")
    unittest.main()
