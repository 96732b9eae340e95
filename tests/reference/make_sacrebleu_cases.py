#!/usr/bin/env python3
"""Writes sacrebleu_cases.json: what sacreBLEU's program prints for command lines as people type them, and how its
tokenizers with dictionaries split lines. tests/app/evaluate_test.py and tests/evaluation compare.

Usage: python3 tests/reference/make_sacrebleu_cases.py > tests/reference/sacrebleu_cases.json
Needs sacrebleu[ja,ko] and sentencepiece. pieces.spm, next to this script, replaces the published models of flores200 and
flores101, which are too large; it is made again when it is missing.
"""
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import sentencepiece

HERE = pathlib.Path(__file__).resolve().parent
PIECES = HERE / "pieces.spm"
MODEL_FILES = ["flores200sacrebleuspm", "sacrebleu_tokenizer_spm.model", "spbleu-1k_tokenizer_spm.model"]

FILES = {
    "hyp.de": ["Das ist ein kleines Haus.", "Er trinkt jeden Morgen eine Tasse Kaffee , sagt man.", "Die Datei konnte nicht geöffnet werden!",
               "", "GUTEN Morgen", "Wir haben 1,000.5 Stück (etwa) – mehr nicht."],
    "hyp2.de": ["Dies ist ein Häuschen.", "Er trinkt Kaffee am Morgen.", "Die Datei wurde nicht geöffnet.", "Leer", "Guten Morgen",
                "Wir haben 1,000.5 Stücke."],
    "ref.de": ["Das ist ein kleines Haus.", "Jeden Morgen trinkt er eine Tasse Kaffee.", "Die Datei konnte nicht geöffnet werden.", "Leer.",
               "Guten Morgen!", "Wir haben etwa 1,000.5 Stück, nicht mehr."],
    "ref2.de": ["Dies ist ein kleines Haus.", "Er trinkt morgens immer Kaffee.", "Es war nicht möglich, die Datei zu öffnen.", "Nichts.",
                "Einen guten Morgen!", "Es sind etwa 1,000.5 Stück."],
    "hyp.ja": ["トムは図書館で本を読みました。", "すもももももももものうち", "PyTorchの モデルです。", "明日は雨が降るでしょう。", "12時に会おう"],
    "ref.ja": ["トムは図書館で本を読んだ。", "すもももももももものうちです", "これはPyTorchのモデルです。", "明日は雨になるでしょう。", "１２時に会いましょう。"],
    "hyp.ko": ["톰은 도서관에서 책을 읽었다.", "아버지가방에들어가신다", "내일은 비가 올 것입니다.", "안녕하세요 PyTorch!"],
    "ref.ko": ["톰은 도서관에서 책을 읽었습니다.", "아버지가 방에 들어가신다.", "내일 비가 올 것 같습니다.", "안녕하세요, PyTorch!"],
    "hyp.zh": ["汤姆在图书馆看书。", "我喜欢喝茶，不喜欢喝咖啡。", "明天 12 点见", "（请）打开文件！"],
    "ref.zh": ["汤姆在图书馆里读书。", "我喜欢茶，不喜欢咖啡。", "明天12点见。", "请打开文件。"],
}
FILES["two.de"] = [f"{a}\t{b}" for a, b in zip(FILES["ref.de"], FILES["ref2.de"])]
FILES["systems.de"] = [f"{a}\t{b}" for a, b in zip(FILES["hyp.de"], FILES["hyp2.de"])]

# The arguments, and the file on standard input.
COMMANDS = [
    ("ref.de -m bleu -f text -w 2", "hyp.de"),
    ("ref.de ref2.de -m bleu chrf ter -f text -w 2", "hyp.de"),
    ("ref.de -i hyp.de -m ter chrf -f text -w 4", None),
    ("ref.de -m bleu chrf ter -b -w 2 -f text -i hyp.de", None),
    ("ref.de -i hyp.de -m bleu -b -w 1", None),
    ("ref.de -i hyp.de -m bleu -bw 3", None),
    ("ref.de -i hyp.de -m bleu chrf -b -w2 -ftext", None),
    ("ref.de --input hyp.de --metrics bleu --score-only --width 0 --format text", None),
    ("ref.de -i hyp.de -m bleu -lc -tok intl -f text -w 2", None),
    ("ref.de -i hyp.de -m bleu -tok none -s floor -sv 0.2 -f text -w 2", None),
    ("ref.de -i hyp.de -m bleu --smooth-method add-k --smooth-value 2 --tokenize char -f text -w 2", None),
    ("ref.de -i hyp.de -m chrf -cw 2 -cc 4 --chrf-beta 1 -f text -w 2", None),
    ("ref.de -i hyp.de -m ter --ter-normalized --ter-case-sensitive --ter-no-punct -f text -w 2", None),
    ("two.de -nr 2 -m bleu chrf ter -f text -w 2", "hyp.de"),
    ("two.de --num-refs 2 -i hyp.de -m bleu -sl -w 2", None),
    ("ref.de -i hyp.de -m bleu -sl -w 2", None),
    ("ref.de ref2.de -i hyp.de -m bleu --sentence-level -b -w 3", None),
    ("ref.de -i hyp.de -m bleu -sl -s none -w 2", None),
    ("ref.de -i hyp.de -m bleu -sl -s add-k -w 2", None),
    ("ref.de -i hyp.de -m bleu -sl -s floor -w 2 -sh", None),
    ("ref.de -i hyp.de -m chrf -sl -w 2", None),
    ("ref.de ref2.de -i hyp.de -m ter -sl -w 2", None),
    ("ref.de -i hyp.de -m bleu chrf ter -sh -f text -w 2", None),
    ("ref.de -i hyp.de -m bleu chrf ter -f json -w 4", None),
    ("ref.de -i hyp.de -m chrf -ci -cin 50 -f text -w 2", None),
    ("ref.de -i hyp.de -m bleu ter --confidence --confidence-n 20 -f json -w 3", None),
    ("ref.de -i hyp.de hyp2.de -m bleu -pbs -pbsn 50 -f json", None),
    ("ref.de -m bleu -par --paired-ar-n 50 -f json", "systems.de"),
    ("ref.zh -l en-zh -m bleu -f text -w 2", "hyp.zh"),
    ("ref.zh -i hyp.zh -m bleu -f text -w 2 -q -nc", None),
    ("ref.ja -l en-ja -m bleu -f text -w 2", "hyp.ja"),
    ("ref.ja -i hyp.ja -m bleu -tok ja-mecab -sl -w 2", None),
    ("ref.ja -i hyp.ja -m ter --ter-asian-support --ter-normalized -f text -w 2", None),
    ("ref.ja -i hyp.ja -m ter --ter-asian-support --ter-no-punct -f text -w 2", None),
    ("ref.zh -i hyp.zh -m ter --ter-asian-support --ter-no-punct --ter-normalized -f text -w 2", None),
    ("ref.ko -l en-ko -m bleu -f text -w 2", "hyp.ko"),
    ("ref.ko -i hyp.ko -m bleu --tokenize ko-mecab -lc -f json -w 2", None),
    ("ref.ja -i hyp.ja -m bleu -tok flores200 -f text -w 2", None),
    ("ref.zh -i hyp.zh -m bleu -tok flores101 -f text -w 2", None),
    ("ref.zh -i hyp.zh -m bleu -tok spm -f text -w 2", None),
    ("ref.ko -i hyp.ko -m bleu -tok spBLEU-1K -f text -w 2", None),
]

# Lines for the tokenizers themselves.
LINES = {
    "ja-mecab": FILES["hyp.ja"] + FILES["ref.ja"] + ["", "  ", " a  b　c ", "東京都に住む。3.5%", "ｱｲｳ ﾃﾞｽ", "😀です", "おはよう🙂ございます"],
    "ko-mecab": FILES["hyp.ko"] + FILES["ref.ko"] + ["", " 한국어 a  b ", "3.5% 이다", "😀입니다"],
    # Without "1,000": versions of SentencePiece break the tie between "0 00" and "00 0" in two ways.
    "flores200": FILES["hyp.de"][:5] + FILES["hyp.ja"] + FILES["hyp.zh"] + ["", "  a  b", "ab ﬁ ½"],
}


def train_pieces():
    model = io.BytesIO()
    lines = [line for lines in FILES.values() for line in lines]
    sentencepiece.SentencePieceTrainer.train(sentence_iterator=iter(lines), model_writer=model, vocab_size=260, model_type="unigram",
                                             normalization_rule_name="identity", hard_vocab_limit=False, minloglevel=2)
    PIECES.write_bytes(model.getvalue())


def main():
    if not PIECES.exists():
        train_pieces()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "models").mkdir()
        for file in MODEL_FILES:
            shutil.copy(PIECES, folder / "models" / file)
        os.environ["SACREBLEU"] = str(folder)
        for file, lines in FILES.items():
            (folder / file).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        commands = []
        for arguments, stdin in COMMANDS:
            done = subprocess.run([sys.executable, "-m", "sacrebleu", *arguments.split()], cwd=folder, check=True, capture_output=True,
                                  stdin=open(folder / stdin, "rb") if stdin else subprocess.DEVNULL, env={**os.environ, "NO_COLOR": "1"})
            commands.append({"arguments": arguments, "stdin": stdin, "stdout": done.stdout.decode()})
        code = ("import json, sys; from sacrebleu.metrics import BLEU; lines = json.load(sys.stdin); "
                "print(json.dumps({t: [BLEU(tokenize=t).tokenizer(line.rstrip()) for line in lines[t]] for t in lines}))")
        split = subprocess.run([sys.executable, "-c", code], input=json.dumps(LINES), capture_output=True, text=True, check=True)
    words = {name: [[line, found] for line, found in zip(LINES[name], of_name)] for name, of_name in json.loads(split.stdout).items()}
    json.dump({"files": FILES, "commands": commands, "words": words}, sys.stdout, ensure_ascii=False, indent=1)
    print()


if __name__ == "__main__":
    main()
