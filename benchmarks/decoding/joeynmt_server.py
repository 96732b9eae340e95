"""Decodes ids to ids by JoeyNMT as often as it is asked; the protocol is that of decode_server.cpp.

  joeynmt_server.py FOLDER PRECISION THREADS IDS     PRECISION: float32

The model has the shape of FOLDER and random weights of JoeyNMT's own: it cannot read the folder. Its special tokens have other
ids, which the sources avoid."""

import json
import pathlib
import sys
import time
import types

import torch
from joeynmt.batch import Batch
from joeynmt.model import build_model
from joeynmt.search import search
from joeynmt.vocabulary import Vocabulary

SPECIAL = {"unk": 0, "pad": 1, "bos": 2, "eos": 3}


def vocabulary_of(size):
    settings = {f"{name}_token": f"<{name}>" for name in SPECIAL} | {f"{name}_id": number for name, number in SPECIAL.items()}
    return Vocabulary([f"w{number}" for number in range(len(SPECIAL), size)],
                      types.SimpleNamespace(**settings, lang_tags=[], sep_token=None))


def model_of(config):
    def stack(side):
        return {"type": "transformer", "num_layers": config[f"{side}_layers"], "num_heads": config[f"{side}_attention_heads"],
                "embeddings": {"embedding_dim": config["d_model"], "scale": True}, "hidden_size": config["d_model"],
                "ff_size": config[f"{side}_ffn_dim"], "layer_norm": "post"}

    vocabulary = vocabulary_of(config["vocab_size"])
    return build_model({"initializer": "xavier_uniform", "embed_initializer": "normal",
                        "embed_init_weight": config["d_model"] ** -0.5, "tied_embeddings": True, "tied_softmax": True,
                        "encoder": stack("encoder"), "decoder": stack("decoder")}, vocabulary, vocabulary).eval()


def batch_of(sources):
    ids = torch.tensor(sources)
    return Batch(src=ids, src_length=torch.full((len(sources),), ids.shape[1]), src_prompt_mask=None, trg=None,
                 trg_prompt_mask=None, indices=torch.arange(len(sources)), device=torch.device("cpu"),
                 pad_index=SPECIAL["pad"], eos_index=SPECIAL["eos"], is_train=False)


def main():
    folder, precision, threads, ids = sys.argv[1:]
    if precision != "float32":
        sys.exit(f"precision {precision}: float32 only")
    torch.set_num_threads(int(threads))
    torch.manual_seed(1)
    model = model_of(json.loads((pathlib.Path(folder) / "config.json").read_text(encoding="utf-8")))
    sources = [[max(len(SPECIAL), int(number)) for number in line.split()[:-1]] + [SPECIAL["eos"]]
               for line in pathlib.Path(ids).read_text(encoding="utf-8").splitlines()]
    print("ready", flush=True)
    for line in sys.stdin:
        sentences, beam, length = map(int, line.split())
        if length == 0:
            sys.exit("joeynmt: random weights only, not the shape real")
        begin = time.perf_counter()
        result, _, _ = search(model, batch_of([sources[i % len(sources)] for i in range(sentences)]), max_output_length=length,
                              beam_size=beam, beam_alpha=0, min_output_length=length)
        seconds = time.perf_counter() - begin
        if result.shape != (sentences, length):
            sys.exit("wrong length")
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
