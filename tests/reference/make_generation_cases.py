#!/usr/bin/env python3
"""Writes tests/reference/generation: a tiny model folder, and what transformers translates with it by each key of
generation_config.json. tests/app/generation_test.py compares.

Usage: .venv-peers/bin/python tests/reference/make_generation_cases.py
Needs the environment of scripts/peers. The weights are random; they are drawn so that translations depend on their
source, repeat themselves now and then, and end sooner or later.
"""
import json
import os
import pathlib
import random
import shutil
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import sentencepiece  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent / "generation"
LINES = 20
VOCABULARY = 48
BASE = {"bad_words_ids": [[VOCABULARY]], "renormalize_logits": True, "forced_eos_token_id": None, "eos_token_id": 0,
        "pad_token_id": VOCABULARY, "decoder_start_token_id": VOCABULARY, "num_beams": 4, "max_length": 24}

# What each case changes of BASE. null takes a key out. "config" puts the keys into config.json, without a
# generation_config.json.
CASES = {
    "base": {},
    "num_beams 1": {"num_beams": 1},
    "num_beams 6": {"num_beams": 6},
    "length_penalty 0.2": {"length_penalty": 0.2},
    "length_penalty 0": {"length_penalty": 0.0},
    "length_penalty 3": {"length_penalty": 3},
    "length_penalty -1": {"length_penalty": -1.0},
    "no_repeat_ngram_size 1": {"no_repeat_ngram_size": 1},
    "no_repeat_ngram_size 2": {"no_repeat_ngram_size": 2},
    "no_repeat_ngram_size 2, greedy": {"no_repeat_ngram_size": 2, "num_beams": 1},
    "encoder_no_repeat_ngram_size 1": {"encoder_no_repeat_ngram_size": 1, "max_length": 10},
    "encoder_no_repeat_ngram_size 2": {"encoder_no_repeat_ngram_size": 2},
    "repetition_penalty 1.3": {"repetition_penalty": 1.3},
    "repetition_penalty 0.8": {"repetition_penalty": 0.8},
    "repetition_penalty 1.3, greedy": {"repetition_penalty": 1.3, "num_beams": 1},
    "min_length 9": {"min_length": 9},
    "min_length 9, greedy": {"min_length": 9, "num_beams": 1},
    "min_new_tokens 9": {"min_new_tokens": 9},
    "min_new_tokens over min_length": {"min_length": 3, "min_new_tokens": 7},
    "max_length 6": {"max_length": 6},
    "max_length 2": {"max_length": 2},
    "max_new_tokens 5": {"max_new_tokens": 5},
    "max_new_tokens over max_length": {"max_new_tokens": 9, "max_length": 4},
    "suppress_tokens": {"suppress_tokens": [9, 12, 20, 31]},
    "begin_suppress_tokens": {"begin_suppress_tokens": list(range(2, 24))},
    "begin_suppress_tokens behind forced_bos": {"forced_bos_token_id": 7, "begin_suppress_tokens": list(range(2, 24))},
    "bad_words_ids of one token": {"bad_words_ids": [[VOCABULARY], [5], [17]]},
    "bad_words_ids of several": {"bad_words_ids": [[VOCABULARY], *([a, a] for a in range(2, VOCABULARY))]},
    "bad_words_ids with </s>": {"bad_words_ids": [[VOCABULARY], [0]]},
    "early_stopping true": {"early_stopping": True},
    "early_stopping false": {"early_stopping": False},
    "early_stopping never": {"early_stopping": "never"},
    "early_stopping true, length_penalty 2": {"early_stopping": True, "length_penalty": 2.0},
    "early_stopping never, length_penalty 2": {"early_stopping": "never", "length_penalty": 2.0},
    "forced_bos_token_id": {"forced_bos_token_id": 11},
    "forced_bos_token_id, greedy": {"forced_bos_token_id": 11, "num_beams": 1},
    "forced_eos_token_id": {"forced_eos_token_id": 0, "max_length": 7},
    "forced_eos_token_id, greedy": {"forced_eos_token_id": 0, "max_length": 7, "num_beams": 1},
    "eos_token_id of two": {"eos_token_id": [0, 9]},
    "eos_token_id of two, greedy": {"eos_token_id": [0, 9], "num_beams": 1},
    "eos_token_id of three, min_length": {"eos_token_id": [9, 0, 21], "min_length": 5},
    "renormalize_logits false": {"renormalize_logits": False},
    "renormalize_logits false, suppress_tokens": {"renormalize_logits": False, "suppress_tokens": [9, 12, 20, 31]},
    "several at once": {"num_beams": 3, "length_penalty": 0.6, "no_repeat_ngram_size": 2, "repetition_penalty": 1.1,
                        "min_new_tokens": 3, "max_new_tokens": 15, "early_stopping": True},
    "neutral values": {"do_sample": False, "temperature": 1.0, "top_k": 50, "top_p": 1.0, "num_beam_groups": 1,
                       "diversity_penalty": 0.0, "typical_p": 1.0, "encoder_repetition_penalty": 1.0,
                       "repetition_penalty": 1.0, "length_penalty": 1.0, "no_repeat_ngram_size": 0,
                       "num_return_sequences": 1, "use_cache": True, "output_scores": False, "sequence_bias": None},
    "config.json alone": {"config": {"num_beams": 2, "max_length": 8, "length_penalty": 0.5}},
    "config.json beside generation_config.json": {"config_beside": {"num_beams": 1, "length_penalty": 0.2}},
}


def text(chance, lines):
    words = ["".join(chance.choices("ba ke lo mi nu ra te zo di fu".split(), k=chance.randint(1, 3))) for _ in range(40)]
    return [" ".join(chance.choices(words, k=chance.randint(2, 7))) + "." for _ in range(lines)]


def write_tokenizer(folder):
    corpus = folder / "corpus"
    corpus.write_text("\n".join(text(random.Random(1), 400)) + "\n", encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "source"), vocab_size=VOCABULARY, eos_id=0, unk_id=1, bos_id=-1,
        pad_id=-1, num_threads=1, normalization_rule_name="identity", minloglevel=2)
    (folder / "source.model").rename(folder / "source.spm")
    shutil.copy(folder / "source.spm", folder / "target.spm")
    (folder / "source.vocab").unlink()
    corpus.unlink()
    pieces = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    vocabulary = {pieces.id_to_piece(i): i for i in range(VOCABULARY)} | {"<pad>": VOCABULARY}
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False), encoding="utf-8")
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "MarianTokenizer", "separate_vocabs": False, "source_lang": "en", "target_lang": "de"}))


def write_model(folder):
    torch.manual_seed(11)
    config = transformers.MarianConfig(
        vocab_size=VOCABULARY + 1, decoder_vocab_size=VOCABULARY + 1, pad_token_id=VOCABULARY, eos_token_id=0,
        bos_token_id=0, decoder_start_token_id=VOCABULARY, forced_eos_token_id=None, d_model=16, encoder_layers=1,
        decoder_layers=1, encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=24, decoder_ffn_dim=24,
        activation_function="relu", max_position_embeddings=64, scale_embedding=True)
    model = transformers.MarianMTModel(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed_positions" not in name and "norm" not in name:
                parameter.normal_(0, 0.45 if parameter.dim() > 1 else 0.3)
        model.model.shared.weight[VOCABULARY] = 0
        model.final_logits_bias.normal_(0, 0.4)
        model.final_logits_bias[0, 0] += 1.3
        model.final_logits_bias[0, VOCABULARY] = 0
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink()
    config = json.loads((folder / "config.json").read_text())
    config = {key: value for key, value in config.items() if key != "transformers_version"}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n")


def write_case(folder, changes):
    """The settings of one case in a copy of the model folder."""
    config = json.loads((HERE / "model/config.json").read_text())
    changes = dict(changes)
    alone, beside = changes.pop("config", None), changes.pop("config_beside", {})
    config.update(BASE if alone is not None else {})
    config.update(alone or beside)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "generation_config.json").unlink(missing_ok=True)
    if alone is None:
        settings = {key: value for key, value in (BASE | changes).items()}
        (folder / "generation_config.json").write_text(json.dumps(settings))


def translations(folder, lines):
    tokenizer = transformers.MarianTokenizer.from_pretrained(folder)
    model = transformers.MarianMTModel.from_pretrained(folder).eval()
    result = []
    for line in lines:  # one by one: padding changes the rounding
        rows = model.generate(**tokenizer([line], return_tensors="pt"))
        result.append(tokenizer.decode(rows[0], skip_special_tokens=True))
    return result


def main():
    torch.set_num_threads(1)
    shutil.rmtree(HERE, ignore_errors=True)
    (HERE / "model").mkdir(parents=True)
    write_tokenizer(HERE / "model")
    write_model(HERE / "model")
    lines = text(random.Random(2), LINES)
    cases = {}
    for name, changes in CASES.items():
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary) / "model"
            shutil.copytree(HERE / "model", folder)
            write_case(folder, changes)
            files = {path.name: json.loads(path.read_text()) for path in folder.glob("*config.json")
                     if path.name != "tokenizer_config.json"}
            cases[name] = {"files": files, "expected": translations(folder, lines)}
        print(f"{name}: {len(set(cases[name]['expected']))} different, "
              f"{sum(a != b for a, b in zip(cases[name]['expected'], cases['base']['expected']))} unlike base", flush=True)
    base_config = cases["base"]["files"]["config.json"]
    for case in cases.values():  # config.json is the model's own but for what a case says
        config = case["files"].pop("config.json")
        case["config"] = {key: value for key, value in config.items() if base_config.get(key, 0) != value}
        case["generation_config"] = case.pop("files").get("generation_config.json")
    content = {"transformers": transformers.__version__, "lines": lines, "cases": cases}
    (HERE / "cases.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
