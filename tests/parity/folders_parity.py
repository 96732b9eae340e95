#!/usr/bin/env python3
"""Folders of other programs in dragoman, and dragoman's in other programs.

usage: folders_parity.py --dragoman build/release/dragoman --source FILE --target FILE [--logits FILE] [--only WORD]

Writes random Marian folders with transformers itself, in every variation (marian_folders.py), and compares ids, logits
(within 1e-4), greedy and beam-4 translations; then the same models as pytorch_model.bin in both formats and as Marian's
.npz, through `dragoman import`; then what `dragoman export` writes, in transformers and, by the documented line, in
CTranslate2; fine-tuning from such folders; and last the commands of docs/interoperability.md. --only: the checks whose
name has this word. Ends with `N passed, N failed`; exits with 1 when a mark is missed. Needs the environment that
scripts/peers makes.
"""
import argparse
import dataclasses
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import transformers_parity as parity  # noqa: E402  (sets what transformers reads when it is imported)
import ctranslate2  # noqa: E402
import marian_folders as made  # noqa: E402
import numpy  # noqa: E402
import safetensors.torch  # noqa: E402
import torch  # noqa: E402

LIMIT = 40  # generated tokens
LINES = 40
GUIDE = pathlib.Path(__file__).resolve().parents[2] / "docs/interoperability.md"


class Workshop:
    """The text, the tokenizers, and the folder in which everything is made."""

    def __init__(self, arguments, folder):
        self.folder, self.dragoman = pathlib.Path(folder), arguments.dragoman
        self.logits = arguments.logits or str(pathlib.Path(arguments.dragoman).with_name("parity_logits"))
        self.threads, self.only = arguments.threads, arguments.only
        self.source, self.target = (parity.read_lines(path, 1000) for path in (arguments.source, arguments.target))
        self.spms = [made.train_tokenizer(lines, self.folder / name)
                     for name, lines in (("source", self.source), ("target", self.target))]
        self.marks = parity.Marks()

    def begins(self, title):
        if self.only in title:
            print(f"-- {title}", flush=True)
        return self.only in title

    def path(self, *words):
        return made.folder_path(self.folder, " ".join(words))

    def ours(self, folder):
        return parity.Dragoman(self.dragoman, self.logits, str(folder), LIMIT, self.threads)

    def run(self, *arguments):
        """(exit code, standard output, last line of standard error)"""
        done = subprocess.run([self.dragoman, *map(str, arguments)], capture_output=True, check=False, text=True)
        return done.returncode, done.stdout, (done.stderr.strip().splitlines() or [""])[-1]

    def succeeds(self, what, *arguments):
        code, output, last = self.run(*arguments)
        self.marks.check(code == 0, f"{what}: exit code {code}{'' if code == 0 else ': ' + last}")
        return output if code == 0 else None


def their_model(folder):
    """In transformers, searching as dragoman does: no <pad>, masked before the softmax; </s> is forced at the limit only where
    the folder says so."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    settings = folder / "generation_config.json"
    generation = json.loads(settings.read_text(encoding="utf-8")) if settings.exists() else config
    pad = config["pad_token_id"]
    forced = generation.get("forced_eos_token_id")
    theirs = parity.Transformers(str(folder), LIMIT, bad_words_ids=[[pad]], renormalize_logits=True, length_penalty=1.0,
                                 early_stopping=False, forced_eos_token_id=forced)
    theirs.forces_end = forced is not None
    return theirs


def our_source_ids(ours, theirs, lines):
    """`tokenizer encode` takes all for text; a language code, which `translate` takes for one token, is put before."""
    codes = [line.split(" ")[0] if line.split(" ")[0] in made.CODES else "" for line in lines]
    ids = ours.source_ids([line[len(code):].lstrip() if code else line for line, code in zip(lines, codes, strict=True)])
    return [([theirs.tokenizer.encoder[code]] if code else []) + row for row, code in zip(ids, codes, strict=True)]


def compare(shop, folder, lines):
    """Ids, logits and translations of a folder in both programs."""
    ours, theirs = shop.ours(folder), their_model(folder)
    given = lines + parity.ODD_LINES
    mine, sources = our_source_ids(ours, theirs, given), theirs.source_ids(given)
    equal = sum(a + [theirs.end] == b for a, b in zip(mine, sources, strict=True))
    shop.marks.check(equal == len(given), f"ids of the sources: {equal} of {len(given)} lines equal")
    sources = sources[:len(lines)]
    targets = {beams: theirs.translate(lines, beams) for beams in (1, 4)}
    parity.check_logits(shop.marks, ours, theirs, sources, targets[4])
    for beams, found in targets.items():
        parity.check_texts(shop.marks, ours, theirs, lines, sources, found, beams)
    return ours


def check_evaluate(shop, folder, ours, lines):
    """`evaluate` of the model is `evaluate` of its translations, and `inspect` finds nothing wrong."""
    files = [shop.folder / name for name in ("check.source", "check.reference", "check.hypothesis")]
    texts = [text for text, _, _ in ours.translate(lines, 4)]
    for path, content in zip(files, (lines, shop.target[:len(lines)], texts), strict=True):
        path.write_text("".join(line + "\n" for line in content), encoding="utf-8")
    by_model = shop.succeeds("evaluate", "evaluate", "--model", folder, "--source", files[0], "--reference", files[1],
                             "--beam-size", 4, "--max-length", LIMIT, "--device", "cpu")
    by_text = shop.succeeds("evaluate of the translations", "evaluate", "--hypothesis", files[2], "--reference", files[1])
    shop.marks.check(by_model == by_text, f"the scores are the same: {(by_model or '').split(chr(10))[0]}")
    shop.succeeds("inspect", "inspect", "--model", folder)


def check_variations(shop):
    for name, variation in made.VARIATIONS.items():
        if not shop.begins(f"folder of transformers: {name}"):
            continue
        folder = shop.path("hf", name)
        made.write_folder(folder, variation, shop.spms)
        lines = shop.source[:LINES]
        if variation.codes:
            lines = [f"{made.CODES[i % 2]} {line}" for i, line in enumerate(lines)]
        ours = compare(shop, folder, lines)
        check_evaluate(shop, folder, ours, lines)
        if variation.codes:
            plain = [line.split(" ", 1)[1] for line in lines[1::2]]
            asked = ours.run(["translate", "--model", str(folder), "--target-language", "fr", "--beam-size", "4",
                              "--max-length", str(LIMIT)], "".join(line + "\n" for line in plain))
            written = [text for text, _, _ in ours.translate(lines[1::2], 4)]
            shop.marks.check(asked == written, "--target-language fr is >>fr<< before each line")


def state_of(folder):
    return safetensors.torch.load_file(folder / "model.safetensors")


def check_imports(shop):
    for name, dtype, legacy, everything, positions in (
            ("zip", torch.float32, False, True, True), ("zip float16", torch.float16, False, True, True),
            ("zip bfloat16, little in it", torch.bfloat16, False, False, False),
            ("old format", torch.float32, True, True, True), ("old format, float16", torch.float16, True, False, False)):
        if not shop.begins(f"import of pytorch_model.bin: {name}"):
            continue
        hf, bin_folder, new = (shop.path(kind, name) for kind in ("hf of bin", "bin", "imported bin"))
        variation = made.Variation(dtype=dtype, positions=positions)
        model = made.write_folder(hf, variation, shop.spms)
        if not everything:
            model.final_logits_bias.zero_()
            model.save_pretrained(hf)
        made.write_torch_folder(bin_folder, hf, model, legacy, everything)
        line = shop.succeeds("import", "import", bin_folder, "--model", new)
        if line is None:
            continue
        print(line, end="")
        absent = re.search("absent: (.*); checksum [0-9a-f]{32}$", line).group(1)
        wanted = "none" if everything else ", ".join(["final_logits_bias", *made.POSITIONS])
        shop.marks.check(absent == wanted, f"absent are {wanted}")
        expected, found = model.state_dict(), state_of(new)
        same = all(torch.equal(tensor, expected[key].to(tensor.dtype)) for key, tensor in found.items())
        shop.marks.check(same, f"the {len(found)} tensors are those of the model, bit by bit")
        compare(shop, new, shop.source[:LINES // 2])


def ctranslate2_texts(converted, theirs, lines, adds_end=False):
    """`adds_end`: the converted model appends </s> to each source itself."""
    ids = theirs.tokenizer.encoder
    pieces = {number: piece for piece, number in ids.items()}
    tokens = [[pieces[number] for number in source[:len(source) - adds_end]] for source in theirs.source_ids(lines)]
    results = ctranslate2.Translator(str(converted), compute_type="float32").translate_batch(
        tokens, beam_size=1, max_decoding_length=LIMIT)
    return [theirs.text([ids[piece] for piece in one.hypotheses[0]]) for one in results]


def tool(name):
    return str(pathlib.Path(sys.executable).parent / name)


def check_marian(shop):
    for name, variation, compressed in (
            ("tied", made.Variation(), False), ("compressed", made.Variation(codes=True), True),
            ("separate vocabularies", made.Variation(separate=True, shared=False), False),
            ("separate and untied", made.Variation(separate=True, shared=False, tied=False), False),
            ("</s> in the middle", made.Variation(end_first=False), False)):
        if not shop.begins(f"import of Marian's .npz: {name}"):
            continue
        hf, opus = shop.path("hf of opus", name), shop.path("opus", name)
        model = made.write_folder(hf, dataclasses.replace(variation, config={"activation_function": "relu"}), shop.spms)
        made.write_opus_folder(opus, hf, model, compressed)
        lines = shop.source[:LINES // 2]
        for positions in ("huggingface", "marian"):
            new = shop.path("imported opus", name, positions)
            line = shop.succeeds(f"import, positions of {positions}", "import", opus, "--model", new, "--positions", positions)
            if line is None:
                continue
            print(line, end="")
            ours = compare(shop, new, lines)
            if positions == "huggingface":
                original = [text for text, _, _ in shop.ours(hf).translate(lines, 4)]
                texts = [text for text, _, _ in ours.translate(lines, 4)]
                shop.marks.check(texts == original, "translations are those of the model that was written for Marian")
                if variation.end_first:  # with another id for </s> its own import gives no sentences
                    check_against_ctranslate2(shop, opus, new, ours, lines)
            else:
                check_marian_positions(shop, new)


def check_against_ctranslate2(shop, opus, new, ours, lines):
    """CTranslate2 reads Marian's files by itself (and computes positions as Hugging Face does)."""
    converted = shop.path("ct2", opus.name)
    done = subprocess.run([tool("ct2-opus-mt-converter"), "--model_dir", opus, "--output_dir", converted], check=False,
                          capture_output=True, text=True)
    if done.returncode != 0:
        shop.marks.check(False, f"CTranslate2 converts the .npz: {done.stderr.strip().splitlines()[-1]}")
        return
    if (new / "target_vocab.json").exists():
        return  # pieces of two vocabularies
    theirs = their_model(new)
    found, mine = ctranslate2_texts(converted, theirs, lines, adds_end=True), [text for text, _, _ in ours.translate(lines, 1)]
    equal = sum(a == b for a, b in zip(found, mine, strict=True))
    shop.marks.check(equal >= len(lines) - 1, f"greedy texts of CTranslate2's own import: {equal} of {len(lines)} equal")


def check_marian_positions(shop, folder):
    """The file's tables are Marian's formula, which is written here once more."""
    tensors = state_of(folder)
    for name in made.POSITIONS:
        table = tensors[name].double().numpy()
        half = table.shape[1] // 2
        angles = numpy.arange(table.shape[0])[:, None] * numpy.exp(-numpy.arange(half) * numpy.log(10000) / (half - 1))
        gap = abs(table - numpy.concatenate([numpy.sin(angles), numpy.cos(angles)], 1)).max()
        shop.marks.check(gap < 1e-6, f"{name} is Marian's table within {gap:.1e}")


def check_exports(shop):
    source = shop.path("hf of export")
    made.write_folder(source, made.Variation(), shop.spms)
    for dtype in ("float32", "float16", "bfloat16"):
        if not shop.begins(f"export: {dtype}"):
            continue
        new = shop.path("exported", dtype)
        if shop.succeeds("export", "export", "--model", source, "--output", new, "--dtype", dtype) is None:
            continue
        before, after = state_of(source), state_of(new)
        same = all(torch.equal(tensor, before[key].to(getattr(torch, dtype))) for key, tensor in after.items())
        shop.marks.check(same and set(after) == set(before), f"the {len(after)} tensors are rounded to {dtype}, and all there")
        files = {path.name for path in new.iterdir()}
        shop.marks.check({"manifest.json", "config.json", "generation_config.json", "vocab.json"} <= files, f"files: {sorted(files)}")
        lines = shop.source[:LINES // 2]
        ours = compare(shop, new, lines)
        converted = shop.path("ct2 of export", dtype)
        done = subprocess.run([tool("ct2-transformers-converter"), "--model", new, "--output_dir", converted], check=False,
                              capture_output=True, text=True)
        shop.marks.check(done.returncode == 0, f"ct2-transformers-converter --model {new.name} --output_dir DIR")
        if done.returncode == 0:
            found = ctranslate2_texts(converted, their_model(new), lines)
            equal = sum(a == b[0] for a, b in zip(found, ours.translate(lines, 1), strict=True))
            shop.marks.check(equal >= len(lines) - 1, f"greedy texts of CTranslate2: {equal} of {len(lines)} equal")


def check_fine_tuning(shop):
    for name in ("settings of transformers 4", "separate vocabularies, untied", "positions in bfloat16"):
        if not shop.begins(f"fine-tuning: {name}"):
            continue
        source, tuned = shop.path("hf to tune", name), shop.path("tuned", name)
        variation = made.VARIATIONS[name]
        made.write_folder(source, variation, shop.spms)
        files = [shop.folder / f"tune.{side}" for side in ("source", "target")]
        prefix = ">>de<< " if variation.codes else ""
        files[0].write_text("".join(f"{prefix}{line}\n" for line in shop.source[:200]), encoding="utf-8")
        files[1].write_text("".join(f"{line}\n" for line in shop.target[:200]), encoding="utf-8")
        flags = ["train", "--train-source", files[0], "--train-target", files[1], "--from-model", source, "--max-tokens", 512,
                 "--warmup", 10, "--valid-every", 0, "--threads", 1]
        shop.succeeds("an update of nothing", *flags, "--model", tuned, "--max-updates", 1, "--learning-rate", 1e-30)
        before, after = ([text for text, _, _ in shop.ours(folder).translate(shop.source[:10], 4)] for folder in (source, tuned))
        shop.marks.check(before == after, "with next to no learning rate the translations stay")
        tuned = shop.path("tuned more", name)
        shop.succeeds("thirty updates", *flags, "--model", tuned, "--max-updates", 30, "--learning-rate", 0.001)
        lines = [prefix + line for line in shop.source[:10]]
        compare(shop, tuned, lines)


def documented_commands():
    """The commands in the rows of the guide's table, in their order."""
    rows = [line for line in GUIDE.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    return [command for row in rows for command in re.findall("`((?:dragoman|ct2-[a-z0-9-]+|python3?) [^`]*)`", row)]


def check_guide(shop):
    """Runs what the guide says, in a folder that has what it speaks of."""
    if not shop.begins("docs/interoperability.md"):
        return
    home, programs = shop.folder / "guide", shop.folder / "programs"
    home.mkdir()
    programs.mkdir()
    (programs / "dragoman").symlink_to(pathlib.Path(shop.dragoman).resolve())
    model = made.write_folder(home / "opus-mt-en-de", made.Variation(dtype=torch.float16, codes=False), shop.spms)
    made.write_torch_folder(home / "opus-mt-old", home / "opus-mt-en-de", model, legacy=False, everything=True)
    made.write_opus_folder(home / "opus-2020-02-26", home / "opus-mt-en-de", model)
    for name, lines in (("train.en", shop.source[:200]), ("train.de", shop.target[:200]), ("test.en", shop.source[:5]),
                        ("test.de", shop.target[:5])):
        (home / name).write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    path = os.pathsep.join([str(programs), str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    for command in documented_commands():
        done = subprocess.run(command, shell=True, cwd=home, env={**os.environ, "PATH": path}, check=False,
                              capture_output=True, text=True)
        last = (done.stderr.strip().splitlines() or [""])[-1]
        shop.marks.check(done.returncode == 0, f"{command}{'' if done.returncode == 0 else ': ' + last}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dragoman", required=True)
    parser.add_argument("--logits", help="the program parity_logits; without it, the one next to dragoman")
    parser.add_argument("--source", type=pathlib.Path, required=True, help="text, plain or .gz")
    parser.add_argument("--target", type=pathlib.Path, required=True)
    parser.add_argument("--threads", type=int, default=0, help="of all programs; 0: what they choose")
    parser.add_argument("--only", default="", help="the checks whose title holds this")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    with tempfile.TemporaryDirectory() as folder:
        shop = Workshop(arguments, folder)
        for check in (check_variations, check_imports, check_marian, check_exports, check_fine_tuning, check_guide):
            check(shop)
    print(f"{shop.marks.passed} passed, {shop.marks.failed} failed")
    return 1 if shop.marks.failed else 0


if __name__ == "__main__":
    sys.exit(main())
