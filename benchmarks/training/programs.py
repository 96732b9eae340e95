"""The programs that are compared: how each is started, and what its log says about each update.

A program is started in a folder of its own, watched through its log, and killed when enough was measured, so that
checkpoints and final validations are in no measurement."""

import dataclasses
import json
import math
import pathlib
import re

import batches

HERE = pathlib.Path(__file__).resolve().parent
LABEL_SMOOTHING, CLIP_NORM, DROPOUT, BETAS = 0.1, 1.0, 0.1, (0.9, 0.98)
NEVER = 1_000_000_000  # updates


@dataclasses.dataclass(frozen=True)
class Settings:
    threads: int
    max_tokens: int  # rows times the longest row of either side
    learning_rate: float = 2e-3
    warmup: int = 1000  # updates
    valid_every: int = 0  # updates; 0: never
    flags: dict = dataclasses.field(default_factory=dict)  # of Dragoman, over what is set here


class Program:
    name = ""

    def command(self, shape, corpus, settings, folder):
        """The command line that trains in `folder`, without end."""
        raise NotImplementedError

    def operator_threads(self, settings):
        """What OMP_NUM_THREADS and MKL_NUM_THREADS say."""
        return settings.threads

    def updates(self, folder):
        """[(seconds of training so far, label tokens of the update)], as far as the program has come."""
        raise NotImplementedError

    def validations(self, folder):
        """[(seconds of training before it, cross-entropy a token, update)]; validations do not count as training."""
        raise NotImplementedError(f"{self.name} is not compared by its validation loss")

    def check(self, corpus, folder):
        """Raises ValueError when the run was not of this corpus, as far as its folder tells."""


def read_lines(path):
    """Of a file that another program is writing: whole lines only."""
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return []
    return text.split("\n")[:-1]


def json_lines(path):
    return [json.loads(line) for line in read_lines(path)]


def dragoman_updates(lines):
    """train.log.jsonl gives the seconds so far and the tokens per second since the line before."""
    updates, before = [], 0.0
    for line in lines:
        if line["kind"] == "train":
            updates.append((line["seconds"], line["target_tokens_per_second"] * (line["seconds"] - before)))
            before = line["seconds"]
    return updates


def dragoman_validations(lines):
    """A validation follows the progress line of its update; that line's seconds contain earlier validations."""
    validations, seconds, paused = [], 0.0, 0.0
    for line in lines:
        if line["kind"] == "train":
            seconds = line["seconds"]
        elif line["kind"] == "valid":
            validations.append((seconds - paused, math.log(line["perplexity"]), line["update"]))
            paused += line["seconds"]
    return validations


class Dragoman(Program):
    def __init__(self, program, precision="float32"):
        self.name, self.program, self.precision = f"dragoman-{precision}", str(program), precision

    def command(self, shape, corpus, settings, folder):
        valid = {"valid-every": settings.valid_every, "valid-metric": "loss", "valid-lines": 1}
        flags = {**corpus.text, "model": folder / "model", "vocab-size": corpus.pieces, "d-model": shape.d_model,
                 "encoder-layers": shape.layers, "decoder-layers": shape.layers, "encoder-ffn-dim": shape.ffn_dim,
                 "decoder-ffn-dim": shape.ffn_dim, "encoder-attention-heads": shape.heads,
                 "decoder-attention-heads": shape.heads, "dropout": DROPOUT, "label-smoothing": LABEL_SMOOTHING,
                 "clip-norm": CLIP_NORM, "adam-beta1": BETAS[0], "adam-beta2": BETAS[1],
                 "learning-rate": settings.learning_rate, "warmup": settings.warmup,
                 "max-tokens": settings.max_tokens, "threads": settings.threads, "device": "cpu",
                 "precision": self.precision, "max-updates": NEVER, "save-every": 0, "early-stopping": 0, "log-every": 1,
                 **(valid if settings.valid_every else {"valid-every": 0}), **settings.flags}
        return [self.program, "train", *(part for name, value in flags.items() for part in (f"--{name}", str(value)))]

    def check(self, corpus, folder):
        if corpus.tokenizer and (folder / "model" / "source.spm").read_bytes() != corpus.tokenizer.read_bytes():
            raise ValueError("dragoman train learned another vocabulary than dragoman tokenizer train did")

    def updates(self, folder):
        return dragoman_updates(json_lines(folder / "model" / "train.log.jsonl"))

    def validations(self, folder):
        return dragoman_validations(json_lines(folder / "model" / "train.log.jsonl"))


class EagerLoop(Program):
    def __init__(self, python, precision="float32"):
        self.name, self.python, self.precision = f"eager-{precision}", str(python), precision

    def command(self, shape, corpus, settings, folder):
        flags = {"train": corpus.folder / "train", "valid": corpus.folder / "valid", "records": folder / "records",
                 "layers": shape.layers, "d-model": shape.d_model, "ffn-dim": shape.ffn_dim, "heads": shape.heads,
                 "vocabulary": corpus.pieces + 1, "max-tokens": settings.max_tokens, "threads": settings.threads,
                 "dropout": DROPOUT, "label-smoothing": LABEL_SMOOTHING, "clip-norm": CLIP_NORM,
                 "learning-rate": settings.learning_rate, "warmup": settings.warmup,
                 "valid-every": settings.valid_every, "precision": self.precision}
        return [self.python, "-B", str(HERE / "eager_loop.py"),
                *(part for name, value in flags.items() for part in (f"--{name}", str(value)))]

    def updates(self, folder):
        return [(line["seconds"], line["tokens"]) for line in json_lines(folder / "records")
                if line["kind"] == "train"]

    def validations(self, folder):
        return [(line["seconds"], line["cross_entropy"], line["update"]) for line in json_lines(folder / "records")
                if line["kind"] == "valid"]


class JoeyNmt(Program):
    name = "joeynmt"

    def __init__(self, python):
        self.python = str(python)

    def command(self, shape, corpus, settings, folder):
        # As JSON: YAML would take its 1e-09 for text.
        (folder / "config.json").write_text(json.dumps(self.config(shape, corpus, settings, folder)))
        return [self.python, "-B", str(HERE / "joeynmt_loop.py"), str(folder / "config.json"), str(folder / "records")]

    @staticmethod
    def config(shape, corpus, settings, folder):
        vocabulary = folder / "vocabulary.txt"  # <unk>, <pad>, <s> and </s> come before it
        vocabulary.write_text("".join(f"{piece}\n" for piece in range(2, corpus.pieces)))

        def side(name):
            return {"lang": name, "level": "word", "max_length": 1024, "voc_file": str(vocabulary)}

        def stack(embeddings):
            return {"type": "transformer", "num_layers": shape.layers, "num_heads": shape.heads,
                    "embeddings": {"embedding_dim": shape.d_model, "scale": True, "dropout": DROPOUT, **embeddings},
                    "hidden_size": shape.d_model, "ff_size": shape.ffn_dim, "dropout": DROPOUT, "layer_norm": "post"}

        return {
            "name": "benchmark", "joeynmt_version": "2.3.0", "model_dir": str(folder / "model"), "use_cuda": False,
            "fp16": False, "random_seed": 1, "threads": settings.threads,
            "data": {"train": str(corpus.folder / "train"), "dev": str(corpus.folder / "valid"),
                     "dataset_type": "plain", "src": side("src"), "trg": side("tgt")},
            "testing": {"batch_size": settings.max_tokens, "batch_type": "token"},
            "training": {
                "optimizer": "adam", "adam_betas": list(BETAS), "learning_rate": settings.learning_rate,
                "scheduling": "warmupinversesquareroot", "learning_rate_warmup": settings.warmup,
                "learning_rate_min": 1e-9, "clip_grad_norm": CLIP_NORM, "normalization": "tokens",
                "loss": "crossentropy", "label_smoothing": LABEL_SMOOTHING, "batch_size": settings.max_tokens,
                "batch_type": "token", "epochs": 1_000_000, "validation_freq": NEVER, "logging_freq": NEVER,
                "early_stopping_metric": "loss", "shuffle": True},
            "model": {"initializer": "xavier_uniform", "embed_initializer": "normal",
                      "embed_init_weight": shape.d_model ** -0.5, "tied_embeddings": True, "tied_softmax": True,
                      "encoder": stack({}), "decoder": stack({})}}

    updates = EagerLoop.updates


MARIAN_UPDATE = re.compile(r"Cost [-\d.a-z]+ \* ([\d,]+) .*: Time ([\d.]+)s")


def marian_updates(lines):
    """Lines such as "Ep. 1 : Up. 3 : Sen. 130 : Cost 9.1 * 1,805 @ 1,805 after 5,415 : Time 0.71s : 2542.25 words/s":
    label tokens and seconds since the line before."""
    updates, seconds = [], 0.0
    for match in filter(None, map(MARIAN_UPDATE.search, lines)):
        seconds += float(match[2])
        updates.append((seconds, int(match[1].replace(",", ""))))
    return updates


class Marian(Program):
    name = "marian"

    def __init__(self, python):
        self.python = str(python)

    def command(self, shape, corpus, settings, folder):
        config = folder / "config.yml"
        config.write_text(json.dumps(self.config(shape, corpus, settings, folder)))
        return [self.python, "-B", "-c", "import sys, pymarian; pymarian.Trainer(sys.argv[1]).train()",
                f"--config {config}"]

    @staticmethod
    def config(shape, corpus, settings, folder):
        vocabulary = folder / "vocabulary.yml"
        names = ["</s>", "<unk>", *map(str, range(2, corpus.pieces))]
        vocabulary.write_text("".join(f'"{name}": {index}\n' for index, name in enumerate(names)))
        return {
            "model": str(folder / "model.npz"), "type": "transformer", "log": str(folder / "log"), "quiet": True,
            "train-sets": [str(corpus.folder / "train.src"), str(corpus.folder / "train.tgt")],
            "vocabs": [str(vocabulary)] * 2, "dim-vocabs": [corpus.pieces] * 2, "cpu-threads": settings.threads,
            "sync-sgd": True, "mini-batch": 1000, "maxi-batch": 1000, "maxi-batch-sort": "trg",
            "mini-batch-words": marian_words(corpus, settings), "max-length": 1024, "dim-emb": shape.d_model,
            "enc-depth": shape.layers, "dec-depth": shape.layers, "transformer-dim-ffn": shape.ffn_dim,
            "transformer-heads": shape.heads, "transformer-ffn-activation": "relu", "transformer-preprocess": "",
            "transformer-postprocess": "dan", "transformer-postprocess-emb": "d", "transformer-dropout": DROPOUT,
            "tied-embeddings-all": True,
            "label-smoothing": LABEL_SMOOTHING, "clip-norm": CLIP_NORM, "optimizer-params": [*BETAS, 1e-9],
            "learn-rate": settings.learning_rate, "lr-warmup": str(settings.warmup),
            "lr-decay-inv-sqrt": [str(settings.warmup)], "cost-type": "ce-sum", "disp-label-counts": True,
            "disp-freq": "1u", "save-freq": f"{NEVER}u", "seed": 1, "workspace": 1024}

    def operator_threads(self, settings):
        return 1  # its threads are workers, each with a part of the batch

    def updates(self, folder):
        return marian_updates(read_lines(folder / "log"))


def marian_words(corpus, settings):
    """Marian counts the source tokens of a batch, without padding: what gives its updates as many tokens as the budget
    of padded positions gives the others', on average."""
    plan = batches.plan_sorted(corpus.lengths, settings.max_tokens)
    return max(1, round(sum(source for source, _ in corpus.lengths) / len(plan)))
