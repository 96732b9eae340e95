#!/usr/bin/env python3
"""Writes metric_cases.json: small random corpora and what sacreBLEU says of them. tests/evaluation/metrics_test.cpp compares.

Usage: python3 tests/reference/make_metric_cases.py > tests/reference/metric_cases.json
Needs sacrebleu and eight minutes: it looks for corpora that tell whether each of TER's limits is right.
"""
import json
import random

import sacrebleu
import sacrebleu.metrics.lib_ter as lib_ter
from sacrebleu.metrics import BLEU, CHRF, TER

# Flags of `dragoman evaluate` and the metric that they stand for.
VARIANTS = {
    "": ("bleu", BLEU()),
    "--lowercase true": ("bleu", BLEU(lowercase=True)),
    "--tokenize char": ("bleu", BLEU(tokenize="char")),
    "--tokenize none --smooth-method none": ("bleu", BLEU(tokenize="none", smooth_method="none")),
    "--tokenize intl --smooth-method floor": ("bleu", BLEU(tokenize="intl", smooth_method="floor")),
    "--tokenize zh --smooth-method add-k": ("bleu", BLEU(tokenize="zh", smooth_method="add-k")),
    "--smooth-method add-k --smooth-value 0.5": ("bleu", BLEU(smooth_method="add-k", smooth_value=0.5)),
    " ": ("chrf", CHRF()),
    "--chrf-word-order 2": ("chrf", CHRF(word_order=2)),
    "--chrf-lowercase true --chrf-eps-smoothing true --chrf-char-order 4":
        ("chrf", CHRF(lowercase=True, eps_smoothing=True, char_order=4)),
    "--chrf-whitespace true --chrf-beta 3": ("chrf", CHRF(whitespace=True, beta=3)),
    "  ": ("ter", TER()),
    "--ter-case-sensitive true --ter-normalized true": ("ter", TER(case_sensitive=True, normalized=True)),
    "--ter-no-punct true": ("ter", TER(no_punct=True)),
}

WORDS = """a the of ba bo lu mi nor tem sil vak A The BA Lu Mi NOR x1 1.5 1,000.25 3-4 10- .5 5. 7, ,8 don't it's (so) [x] {y} "q" 'r'
    &quot;z&quot; &amp;amp; &lt;b&gt; &amp;quot; <skipped> well-known e.g., end. stop! why? yes... no; w: -- - . , ; ! ? ( ) / a/b x=y 50% #t @u
    n_m ~ ^ ` | \\ été Ärger ÇA straße İzmir ΟΔΟΣ ΣΑΣ Σ ΑΣ' Привет МИР ДОМ. 你好 世界。 、 「中」 ﹏ ６７ ١٢ ½ Ⅳ ² ①. €5 £ ¿qué? «no» „ja“ … – — ’s
    naïve n\u0303 한국어 ไทย हिन्दी 🙂 👩\u200d🔬 ﬁn ǅ ⓐ ꙮ \ufffd \u200b \ufeffk""".split()
SPACES = [" "] * 40 + ["  ", "\t", "\u00a0", "\u3000", "\u2028", "\u0085", "\x1c", "\x0b"]
NUL = "\x00"


def joined(rng, words):
    text = ""
    for i, word in enumerate(words):
        text += (rng.choice(SPACES) if i else "") + word
    if rng.random() < 0.05:
        text += rng.choice(SPACES)
    if rng.random() < 0.05:
        text = rng.choice(SPACES) + text
    if rng.random() < 0.01:
        text += NUL + "n"
    return text


def changed(rng, words, vocabulary, strength):
    words = list(words)
    for _ in range(rng.randint(0, max(1, int(len(words) * strength)))):
        kind = rng.choice(["drop", "add", "replace", "shift", "shift", "repeat", "case"])
        i = rng.randrange(len(words)) if words else 0
        if kind == "add" or not words:
            words.insert(i, rng.choice(vocabulary))
        elif kind == "drop":
            del words[i]
        elif kind == "replace":
            words[i] = rng.choice(vocabulary)
        elif kind == "repeat":
            words.insert(i, words[i])
        elif kind == "case":
            words[i] = rng.choice([words[i].upper(), words[i].lower(), words[i].title()])
        else:
            run = words[i:i + rng.randint(1, 5)]
            del words[i:i + len(run)]
            to = rng.randint(0, len(words))
            words[to:to] = run
    return words


def random_corpus(rng, max_lines=4):
    """Hypotheses and a list of references, each a list of lines."""
    vocabulary = rng.sample(WORDS, rng.randint(3, len(WORDS)))
    num_references = rng.choice([1, 1, 1, 2, 3])
    longest = rng.choice([2, 5, 9, 9, 14, 20])
    strength = rng.choice([0.1, 0.3, 0.6, 1.0])
    hypotheses, references = [], [[] for _ in range(num_references)]
    for _ in range(rng.randint(1, max_lines)):
        words = rng.choices(vocabulary, k=rng.randint(0, longest))
        hypotheses.append("" if rng.random() < 0.04 else joined(rng, changed(rng, words, vocabulary, strength)))
        for reference in references:
            reference.append("" if rng.random() < 0.04 else joined(rng, changed(rng, words, vocabulary, strength / 2)))
    return hypotheses, references


def long_line_corpus(rng):
    """One long line of few words: TER's beam and its limits on shifts come into play."""
    vocabulary = rng.sample(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"], rng.randint(2, 12))
    words = rng.choices(vocabulary, k=rng.randint(60, 140))
    other = changed(rng, words, vocabulary, rng.choice([0.1, 0.3]))
    if rng.random() < 0.3:
        other = other[:rng.randint(1, len(other))]
    return [" ".join(other)], [[" ".join(words)]]


def beam_corpus(rng):
    """Equal text behind two beginnings about as long as TER's beam is wide."""
    common = [f"c{rng.randrange(60)}" for _ in range(rng.randint(10, 50))]
    width = rng.randint(23, 28)
    beginning, ending = [f"h{i}" for i in range(width)], [f"r{i}" for i in range(width)]
    if rng.random() < 0.5:
        return [" ".join(beginning + common)], [[" ".join(common + ending)]]
    return [" ".join(common + ending)], [[" ".join(beginning + common)]]


def corpora_where_limits_matter(rng, each=4):
    """Corpora whose TER would be another if one of its limits were."""
    for make, name, others in [(beam_corpus, "_BEAM_WIDTH", [24, 26]),
                               (long_line_corpus, "_MAX_SHIFT_CANDIDATES", [900, 1100])]:
        for other in others:
            found = 0
            while found < each:
                corpus = make(rng)
                expected, limit = TER().corpus_score(*corpus).score, getattr(lib_ter, name)
                setattr(lib_ter, name, other)
                changed_score = TER().corpus_score(*corpus).score
                setattr(lib_ter, name, limit)
                if changed_score != expected:
                    found += 1
                    yield corpus


def signature_without_version(metric):
    return "|".join(part for part in str(metric.get_signature()).split("|") if not part.startswith("version:"))


def judged(hypotheses, references):
    """What sacreBLEU's program would print: it cuts white space at the ends of lines before anything else."""
    hypotheses = [line.rstrip() for line in hypotheses]
    references = [[line.rstrip() for line in lines] for lines in references]
    scores, signatures, verbose = [], [], None
    for flags, (_, metric) in VARIANTS.items():
        result = metric.corpus_score(hypotheses, references)
        scores.append(round(result.score, 6))
        signatures.append(f"{result.name}|{signature_without_version(metric)}")
        if not flags:
            verbose = result._verbose
    return scores, signatures, verbose


def main():
    rng = random.Random(1)
    corpora = [random_corpus(rng) for _ in range(180)] + [long_line_corpus(rng) for _ in range(10)]
    corpora += corpora_where_limits_matter(rng)
    cases, signatures = [], {}
    for hypotheses, references in corpora:
        scores, signatures[str(len(references))], verbose = judged(hypotheses, references)
        cases.append({"hypotheses": hypotheses, "references": references, "scores": scores, "verbose": verbose})
    variants = [{"metric": metric, "flags": flags.split()} for flags, (metric, _) in VARIANTS.items()]
    print('{"written_by": "make_metric_cases.py", "sacrebleu":', json.dumps(sacrebleu.__version__), ",")
    print(' "variants":', json.dumps(variants), ",")
    print(' "signatures":', json.dumps(signatures, indent=1), ",")
    print(' "cases": [')
    print(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
