#!/usr/bin/env python3
"""A model folder that `dragoman train` wrote, in dragoman and in transformers: the same ids, logits and translations?

usage: transformers_parity.py --dragoman build/release/dragoman --model DIR --text FILE [--lines 500] [--trained]
       transformers_parity.py --refused --model DIR

Loads the folder with MarianMTModel and MarianTokenizer as it is, and compares on the first lines of the text (plain or
.gz; blank lines are skipped)
  the ids of the sources               equal
  the logits of forced targets         within 1e-4, of the blocks that train and of the decoder that translates
  greedy translations                  equal on every line but for ties, where the two choices are within 1e-4
  beam 4 translations                  equal on 99 % of the lines
  the scores of equal translations     within 1e-4
Every difference is printed with what transformers thinks of both texts. CTranslate2's translations of the converted
folder are compared as well: with --trained greedy ones must be equal but for ties, and 97 % of those with a beam, where
it stops as soon as four hypotheses are complete; of a model that has learned little it says nothing, and its loader reads
one number of heads for encoder and decoder. --refused: a folder of a model that MarianMT cannot express must be refused
by both. With an older transformers (PYTHONPATH=.venv-peers/transformers4) the same holds of --search-until candidates. Ends with `N passed, N failed`; exits with 1 when a mark is missed.
Needs the environment that scripts/peers makes.
"""
import argparse
import contextlib
import gzip
import json
import logging
import math
import os
import pathlib
import subprocess
import sys
import tempfile
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")  # everything that is needed is in the folder
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "warning")

import ctranslate2  # noqa: E402
import numpy  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

warnings.filterwarnings("ignore", message="Recommended: pip install sacremoses.")  # an option that nothing calls
transformers.logging.disable_progress_bar()

NEW = int(transformers.__version__.split(".")[0]) >= 5
TYPE = "dtype" if NEW else "torch_dtype"  # a parameter's name
SEARCH_UNTIL = "heuristic" if NEW else "candidates"  # when a beam search stops: the two versions differ
CLOSE = 1e-4  # of logits, scores and of what counts as a tie
BATCH = 20

# What normalisation and splitting could treat differently. Not included: the names of special tokens and unknown language
# codes, which dragoman takes for text and transformers does not.
ODD_LINES = [
    "  two  spaces\tand a tab  ",
    "Ｆｕｌｌｗｉｄｔｈ １２３ ﬁne ½ № ™",
    "Zürich — “quotes” … naïve e\u0301 A\u030a",
    "emoji \U0001f600 and 漢字 and ру́сский",
    "a sentence with \u2581 in it, a no-break\u00a0space, an\u3000ideographic one",
    "zero\u200bwidth, soft\u00adhyphen, U+2028 \u2028 and U+0085 \u0085",
    ">>nothing",
]


def read_lines(path, count):
    with (gzip.open if path.suffix == ".gz" else open)(path, "rt", encoding="utf-8", newline="\n") as file:
        lines = [line.rstrip("\r\n") for line in file]
    lines = [line for line in lines if line.strip()][:count]
    if not lines:
        sys.exit(f"{path}: expected lines to translate, got none")
    return lines


class Marks:
    """What was required and whether it was met."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def check(self, met, what):
        self.passed, self.failed = self.passed + bool(met), self.failed + (not met)
        print(("passed: " if met else "FAILED: ") + what, flush=True)


class Dragoman:
    def __init__(self, program, logits_program, folder, limit, threads):
        self.program, self.logits_program, self.folder = program, logits_program, folder
        self.limit, self.threads = limit, threads

    def run(self, arguments, text):
        done = subprocess.run([self.program, *arguments], input=text.encode(), capture_output=True, check=False)
        if done.returncode != 0:
            sys.exit(f"{self.program} {' '.join(arguments)}\nexit code {done.returncode}: {done.stderr.decode()}")
        return done.stdout.decode().split("\n")[:-1]

    def source_ids(self, lines):
        arguments = ["tokenizer", "encode", "--model", self.folder, "--output-format", "ids"]
        return [[int(i) for i in row.split()] for row in self.run(arguments, "".join(line + "\n" for line in lines))]

    def translate(self, lines, beams):
        """Pairs (text, score, log-probability)."""
        rule = ["--search-until", SEARCH_UNTIL] if beams > 1 else []
        arguments = ["translate", "--model", self.folder, "--beam-size", str(beams), "--output-format", "json", *rule,
                     "--max-length", str(self.limit), "--device", "cpu", "--threads", str(self.threads)]
        rows = [json.loads(row) for row in self.run(arguments, "".join(line + "\n" for line in lines))]
        best = [row["candidates"][0] for row in rows]
        return [(one["text"], one["score"], one["log_probability"]) for one in best]

    def logits(self, pairs, way):
        """The logits of each pair of source and target ids, [T,V]."""
        with tempfile.TemporaryDirectory() as folder:
            given, written = f"{folder}/pairs", f"{folder}/logits"
            text = "".join("\t".join(" ".join(map(str, ids)) for ids in pair) + "\n" for pair in pairs)
            pathlib.Path(given).write_text(text, encoding="ascii")
            subprocess.run([self.logits_program, self.folder, given, way, written], check=True)
            numbers = numpy.fromfile(written, dtype=numpy.float32)
        rows = numbers.reshape(sum(len(target) for _, target in pairs), -1)
        return numpy.split(rows, numpy.cumsum([len(target) for _, target in pairs])[:-1])


class Warnings(logging.Handler):
    """Keeps what transformers says while it loads."""

    def __init__(self):
        super().__init__(logging.WARNING)
        self.texts = []

    def emit(self, record):
        self.texts.append(record.getMessage())


def allowed(lines, percent):
    """How many of so many lines may differ: one line of a short text always."""
    return max(1, lines * percent // 100)


@contextlib.contextmanager
def default_type(dtype):
    """transformers 4 makes its masks in the default type, into which a float64's smallest number must fit."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


class Transformers:
    """`generation`: what the folder's own files say of the search is overruled by these arguments of generate()."""

    forces_end = False  # whether </s> is forced at the limit

    def __init__(self, folder, limit, **generation):
        self.limit, self.warnings, self.generation = limit, Warnings(), generation
        logging.getLogger("transformers").addHandler(self.warnings)
        self.tokenizer = transformers.MarianTokenizer.from_pretrained(folder)
        self.model, self.loading = transformers.MarianMTModel.from_pretrained(
            folder, output_loading_info=True, **{TYPE: torch.float32})  # a float16 folder would be computed in float16
        logging.getLogger("transformers").removeHandler(self.warnings)
        transformers.logging.set_verbosity_error()  # max_new_tokens is said to win over max_length with each call
        self.model.eval()
        self.exact = None  # the same model in float64, when it is asked for
        self.pad, self.end = self.model.config.pad_token_id, self.model.config.eos_token_id

    def source_ids(self, lines):
        return self.tokenizer(lines)["input_ids"]

    def text(self, ids):
        return self.tokenizer.decode(ids, skip_special_tokens=True)

    def target_ids(self, text):
        return self.tokenizer(text_target=text)["input_ids"]

    def generate(self, model, lines, beams):
        """The generated ids of each line, after the start token, </s> included when it was reached."""
        batch = self.tokenizer(lines, return_tensors="pt", padding=True)
        rows = model.generate(**batch, num_beams=beams, max_new_tokens=self.limit, **self.generation)[:, 1:].tolist()
        return [row[: row.index(self.end) + 1] if self.end in row else [i for i in row if i != self.pad] for row in rows]

    def translate(self, lines, beams):
        result = []
        for begin in range(0, len(lines), BATCH):
            result += self.generate(self.model, lines[begin : begin + BATCH], beams)
        return result

    def translate_exactly(self, line, beams):
        with default_type(torch.float64):
            return self.generate(self.in_float64(), [line], beams)[0]

    def in_float64(self):
        if self.exact is None:
            self.exact = transformers.MarianMTModel.from_pretrained(
                self.tokenizer.name_or_path, **{TYPE: torch.float64}).eval()
        return self.exact

    def logits(self, source, target, exactly=False):
        decoder_input = torch.tensor([[self.model.config.decoder_start_token_id, *target[:-1]]])
        model = self.in_float64() if exactly else self.model
        with torch.no_grad(), default_type(torch.float64 if exactly else torch.float32):
            return model(input_ids=torch.tensor([source]), decoder_input_ids=decoder_input).logits[0]

    def log_probabilities(self, source, target):
        """[T,V] in float64, <pad> masked."""
        logits = self.logits(source, target, exactly=True)
        logits[:, self.pad] = -math.inf
        return logits.log_softmax(-1)

    def score(self, source, target):
        """What beam search compares: the mean log-probability of the tokens, </s> included."""
        chosen = self.log_probabilities(source, target).gather(1, torch.tensor(target).unsqueeze(1))
        return chosen.mean().item()


def check_loading(marks, theirs):
    config, model = theirs.model.config, theirs.model
    unwanted = {key: value for key, value in theirs.loading.items() if value}
    marks.check(not unwanted, f"every tensor of the file is the model's and the other way round {unwanted or ''}")
    marks.check(not theirs.warnings.texts, f"transformers loads the folder without a warning {theirs.warnings.texts or ''}")
    encoder, decoder, head = (part.weight for part in (
        model.model.encoder.embed_tokens, model.model.decoder.embed_tokens, model.lm_head))
    # By value: with an untied projection transformers 5 holds a shared embedding twice.
    found = torch.equal(encoder, decoder), decoder.data_ptr() == head.data_ptr()
    wanted = config.share_encoder_decoder_embeddings, config.tie_word_embeddings
    marks.check(found == wanted, f"embeddings shared, projection tied: {found}; the config says {wanted}")
    rows = [table[config.pad_token_id].abs().max().item() for table in (encoder, decoder)]
    marks.check(rows == [0, 0], f"the row of <pad> is zero in both embeddings, got {rows}")


def check_sources(marks, ours, theirs, lines):
    """Returns the ids of the lines."""
    given = lines + ODD_LINES
    mine, sources = ours.source_ids(given), theirs.source_ids(given)
    equal = 0
    for line, a, b in zip(given, mine, sources, strict=True):
        # dragoman tokenizer encode prints the text's ids alone.
        equal += a + [theirs.end] == b
        if a + [theirs.end] != b:
            print(f"ids differ: {line!r}\n  dragoman     {a} and </s>\n  transformers {b}")
    marks.check(equal == len(given), f"ids of the sources: {equal} of {len(given)} lines equal")
    return sources[: len(lines)]


def check_logits(marks, ours, theirs, sources, targets):
    generator = numpy.random.default_rng(1)
    vocabulary = theirs.model.config.decoder_vocab_size
    # Hypotheses are what the model finds likely; random ids are what it never saw.
    pairs = list(zip(sources, targets, strict=True))
    pairs += [(source, generator.integers(0, vocabulary - 1, size=12).tolist()) for source in sources[:10]]
    expected = [theirs.logits(*pair).numpy() for pair in pairs]
    for way in ("notes", "cached"):
        largest, scale = 0.0, 0.0
        for a, b in zip(ours.logits(pairs, way), expected, strict=True):
            if way == "cached":
                a, b = numpy.delete(a, theirs.pad, 1), numpy.delete(b, theirs.pad, 1)
            largest, scale = max(largest, float(abs(a - b).max())), max(scale, float(abs(b).max()))
        positions = sum(len(target) for _, target in pairs)
        marks.check(largest <= CLOSE, f"logits ({way}): largest difference {largest:.2e} among {positions} positions of "
                                      f"{vocabulary} (largest logit {scale:.1f})")


def our_ids(theirs, source, text, log_probability):
    """The ids of our text. The program prints none; those of the text are taken when they have the text's score."""
    ids = theirs.target_ids(text)
    for candidate in (ids, ids[:-1]):  # the second: cut at the length limit
        if candidate and abs(theirs.score(source, candidate) * len(candidate) - log_probability) < 1e-2:
            return candidate
    return None


def explain_greedy(theirs, source, mine, other):
    place = next((i for i, pair in enumerate(zip(mine, other)) if pair[0] != pair[1]), None)
    if place is None:
        return "UNEXPLAINED: one is the beginning of the other"
    row = theirs.log_probabilities(source, other)[place]
    gap = abs(row[mine[place]] - row[other[place]]).item()
    kind = "tie" if gap <= CLOSE else "UNEXPLAINED"
    return f"{kind}: at token {place} the two choices are {gap:.1e} apart"


def explain_beam(theirs, source, line, beams, mine, other):
    scores = theirs.score(source, mine), theirs.score(source, other)
    said = f"mean log-probability by transformers: ours {scores[0]:.6f}, theirs {scores[1]:.6f}"
    if abs(scores[0] - scores[1]) <= CLOSE:
        return f"tie: {said}"
    exact = theirs.translate_exactly(line, beams)
    if exact == mine:
        return f"rounding of theirs: {said}; transformers in float64 finds ours"
    kind = "UNEXPLAINED" if exact == other else "rounding of both"
    return f"{kind}: {said}; transformers in float64 finds {'theirs' if exact == other else 'a third'}"


def check_texts(marks, ours, theirs, lines, sources, targets, beams):
    """targets: ids by transformers."""
    name, required = ("greedy", len(lines)) if beams == 1 else (f"beam {beams}", len(lines) - allowed(len(lines), 1))
    equal, ties, largest = 0, 0, 0.0
    for line, source, target, (text, score, log_probability) in zip(
            lines, sources, targets, ours.translate(lines, beams), strict=True):
        if text == theirs.text(target):
            equal += 1
            if not (theirs.forces_end and len(target) >= ours.limit):  # a forced </s> costs nothing in both searches
                largest = max(largest, abs(score - theirs.score(source, target)))
            continue
        mine = our_ids(theirs, source, text, log_probability)
        if mine is None:
            why = f"UNEXPLAINED: no ids for our text have its score {score:.6f}"
        elif beams == 1:
            why = explain_greedy(theirs, source, mine, target)
        else:
            why = explain_beam(theirs, source, line, beams, mine, target)
        ties += why.startswith("tie")
        print(f"{name} differs: {line}\n  dragoman     {text}\n  transformers {theirs.text(target)}\n  {why}", flush=True)
    met = equal + (ties if beams == 1 else 0) >= required
    marks.check(met, f"{name} texts: {equal} of {len(lines)} lines equal and {ties} ties, {required} required")
    marks.check(largest <= CLOSE, f"{name} scores of equal texts: largest difference {largest:.2e}")


def convert_to_ctranslate2(model, folder):
    """None, or why it could not be converted."""
    converter = pathlib.Path(sys.executable).parent / "ct2-transformers-converter"
    done = subprocess.run([converter, "--model", model, "--output_dir", folder, "--force"], capture_output=True,
                          check=False)
    return None if done.returncode == 0 else done.stderr.decode().strip().splitlines()[-1]


def check_refused(marks, model):
    try:
        why = type(transformers.AutoModelForSeq2SeqLM.from_pretrained(model)).__name__
        refused = False
    except ValueError as error:
        why, refused = str(error).partition(". ")[0], True
    marks.check(refused, f"transformers refuses the folder: {why}")
    with tempfile.TemporaryDirectory() as folder:
        why = convert_to_ctranslate2(model, folder)
    marks.check(why is not None, f"CTranslate2 refuses the folder: {why}")


def explain_ctranslate2(theirs, source, mine, score, other, beams):
    """`mine`: our ids, or None when the text alone does not tell them; `score`: what dragoman gave."""
    if beams == 1:
        why = "UNEXPLAINED: no ids for our text have its score" if mine is None else explain_greedy(theirs, source, mine, other)
        return why.startswith("tie"), why
    scores = score if mine is None else theirs.score(source, mine), theirs.score(source, other)
    better = "both score the same" if abs(scores[0] - scores[1]) <= CLOSE else (
        f"{'ours' if scores[0] > scores[1] else 'theirs'} scores higher")
    return False, f"mean log-probability by transformers: ours {scores[0]:.6f}, theirs {scores[1]:.6f}: {better}"


def check_ctranslate2(marks, ours, theirs, lines, sources, targets_of_beams, trained):
    with tempfile.TemporaryDirectory() as folder:
        why = convert_to_ctranslate2(ours.folder, folder)
        if why is not None:
            print(f"CTranslate2 does not convert the folder: {why}")
            if trained:
                marks.check(False, "CTranslate2 converts the folder")
            return
        translator = ctranslate2.Translator(folder, compute_type="float32")
        # It gives both sides the source's pieces: a piece is the name of an id, whatever the target calls that id.
        ids = theirs.tokenizer.encoder
        pieces = {number: piece for piece, number in ids.items()}
        tokens = [[pieces[number] for number in source] for source in sources]
        for beams, targets in targets_of_beams.items():
            results = translator.translate_batch(tokens, beam_size=beams, length_penalty=1,
                                                 max_decoding_length=ours.limit)
            found = [[ids[piece] for piece in one.hypotheses[0]] for one in results]
            equal, ties = 0, 0
            for line, source, other, (text, score, log_probability) in zip(lines, sources, found, ours.translate(lines, beams),
                                                                       strict=True):
                if theirs.text(other) == text:
                    equal += 1
                elif trained:
                    other = other if len(other) >= ours.limit else [*other, theirs.end]
                    tie, why = explain_ctranslate2(theirs, source, our_ids(theirs, source, text, log_probability), score,
                                                   other, beams)
                    ties += tie
                    print(f"beam {beams} differs: {line}\n  dragoman     {text}\n  CTranslate2  {theirs.text(other)}\n  {why}",
                          flush=True)
            count = sum(theirs.text(a) == theirs.text(b) for a, b in zip(found, targets, strict=True))
            said = (f"CTranslate2, beam {beams}: {equal} of {len(lines)} texts equal dragoman's, {ties} are ties; "
                    f"{count} equal transformers'")
            if trained:
                # Where transformers, which equals dragoman, differs from CTranslate2 as often, the difference is CTranslate2's.
                required = min(count, len(lines) - (allowed(len(lines), 3) if beams > 1 else 0))
                marks.check(equal + ties >= required, f"{said}; {required} required")
            else:
                print(said)


def compare(marks, arguments):
    lines = read_lines(arguments.text, arguments.lines)
    logits = arguments.logits or str(pathlib.Path(arguments.dragoman).with_name("parity_logits"))
    ours = Dragoman(arguments.dragoman, logits, arguments.model, arguments.max_length, arguments.threads)
    theirs = Transformers(arguments.model, arguments.max_length)
    check_loading(marks, theirs)
    sources = check_sources(marks, ours, theirs, lines)
    targets = {beams: theirs.translate(lines, beams) for beams in (1, 4)}
    check_logits(marks, ours, theirs, sources, targets[4])
    for beams, found in targets.items():
        check_texts(marks, ours, theirs, lines, sources, found, beams)
    check_ctranslate2(marks, ours, theirs, lines, sources, targets, arguments.trained)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--refused", action="store_true", help="the folder must not open; nothing else is compared")
    parser.add_argument("--trained", action="store_true", help="the model has learned to translate: CTranslate2 counts")
    parser.add_argument("--dragoman")
    parser.add_argument("--logits", help="the program parity_logits; without it, the one next to dragoman")
    parser.add_argument("--model", required=True)
    parser.add_argument("--text", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=100)
    parser.add_argument("--max-length", type=int, default=60, help="generated tokens at most, of all programs")
    parser.add_argument("--threads", type=int, default=0, help="of all programs; 0: what they choose")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    marks = Marks()
    if arguments.refused:
        check_refused(marks, arguments.model)
    elif arguments.dragoman and arguments.text:
        compare(marks, arguments)
    else:
        parser.error("expected --dragoman and --text, or --refused")
    print(f"transformers {transformers.__version__}: {marks.passed} passed, {marks.failed} failed")
    return 1 if marks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
