"""Random Marian models, written by transformers itself in every way in which such folders come, and by hand as Marian
writes them. The numbers mean nothing; the vocabularies are real: two SentencePiece models, whose pieces one vocab.json
numbers again, as in OPUS-MT.
"""
import dataclasses
import json
import pathlib
import random
import shutil

import numpy
import safetensors.torch
import sentencepiece
import torch
import transformers
import yaml

CODES = [">>de<<", ">>fr<<"]
PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
POSITIONS = [f"model.{side}.embed_positions.weight" for side in ("encoder", "decoder")]


@dataclasses.dataclass
class Variation:
    dtype: torch.dtype = torch.float32
    positions: bool = False         # the file holds the position tables
    separate: bool = False          # two vocabularies
    tied: bool = True
    shared: bool = True             # one embedding
    codes: bool = False             # a model of several target languages
    end_first: bool = True          # </s> is 0 and <unk> 1
    old_settings: bool = False      # config.json as transformers 4 wrote it, no generation_config.json
    stored_as: str | None = None    # the only name under which the tied embedding is stored
    config: dict = dataclasses.field(default_factory=dict)


VARIATIONS = {
    "float32": Variation(),
    "float16": Variation(dtype=torch.float16),
    "bfloat16": Variation(dtype=torch.bfloat16),
    "positions in float32": Variation(positions=True),
    "positions in float16": Variation(dtype=torch.float16, positions=True),
    "positions in bfloat16": Variation(dtype=torch.bfloat16, positions=True),
    "separate vocabularies": Variation(separate=True, shared=False),
    "separate vocabularies, untied": Variation(separate=True, shared=False, tied=False),
    "one vocabulary, two embeddings": Variation(shared=False),
    "shared and untied": Variation(tied=False),
    "target languages": Variation(codes=True),
    "</s> in the middle": Variation(end_first=False),
    "relu": Variation(config={"activation_function": "relu"}),
    "gelu": Variation(config={"activation_function": "gelu"}),
    "silu, unscaled": Variation(config={"activation_function": "silu", "scale_embedding": False}),
    "unequal sides": Variation(config={"encoder_layers": 1, "decoder_layers": 3, "encoder_attention_heads": 2,
                                       "decoder_attention_heads": 8, "encoder_ffn_dim": 48, "decoder_ffn_dim": 80}),
    "settings of transformers 4": Variation(old_settings=True, dtype=torch.float16, codes=True),
    "stored as lm_head": Variation(stored_as="lm_head.weight"),
    "stored as the decoder's": Variation(stored_as="model.decoder.embed_tokens.weight"),
}


def train_tokenizer(lines, prefix, pieces=300):
    """With SentencePiece's own special ids, which are not the model's."""
    text = prefix.with_suffix(".txt")
    text.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(input=str(text), model_prefix=str(prefix), vocab_size=pieces,
                                             hard_vocab_limit=False, character_coverage=1.0, minloglevel=2)
    return prefix.with_suffix(".model")


def text_pieces(spm):
    processor = sentencepiece.SentencePieceProcessor(model_file=str(spm))
    return [processor.id_to_piece(i) for i in range(processor.get_piece_size())
            if not processor.is_control(i) and not processor.is_unknown(i)]


def numbered(pieces, variation, size, rng):
    """{piece: id} of `size` entries, <pad> the last of them."""
    pieces = sorted(set(pieces))
    rng.shuffle(pieces)
    special = [END, UNKNOWN]
    pieces = special + pieces if variation.end_first else pieces[:5] + special[::-1] + pieces[5:]
    pieces += CODES if variation.codes else []
    pieces += [f"<unused{i}>" for i in range(size - 1 - len(pieces))]
    return {piece: i for i, piece in enumerate([*pieces, PAD])}


def vocabularies(variation, spms, rng):
    source, target = map(text_pieces, spms)
    if not variation.separate:
        size = len(set(source + target)) + 3 + len(CODES)
        one = numbered(source + target, variation, size, rng)
        return one, one
    size = max(len(source), len(target)) + 3 + len(CODES)
    return numbered(source, variation, size, rng), numbered(target, variation, size, rng)


def random_model(variation, source, target, seed):
    torch.manual_seed(seed)
    settings = {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
                "decoder_attention_heads": 4, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "activation_function": "swish",
                "max_position_embeddings": 128, "scale_embedding": True, **variation.config}
    pad = target[PAD]
    config = transformers.MarianConfig(
        vocab_size=len(source), decoder_vocab_size=len(target), pad_token_id=pad, decoder_start_token_id=pad,
        eos_token_id=target[END], bos_token_id=0, forced_eos_token_id=None, tie_word_embeddings=variation.tied,
        share_encoder_decoder_embeddings=variation.shared, **settings)
    model = transformers.MarianMTModel(config).eval()
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "embed_positions" in name:
                continue
            if "layer_norm" in name:
                weight.copy_(torch.randn_like(weight) * 0.2 + float(name.endswith("weight")))
            elif weight.dim() == 1:
                weight.copy_(torch.randn_like(weight) * 0.1)
            elif "embed_tokens" in name or "shared" in name or "lm_head" in name:
                # Logits of some size; unscaled, the positions would drown them.
                weight.copy_(torch.randn_like(weight) * (2 / settings["d_model"] ** 0.5))
                weight[pad] = 0
            else:
                weight.copy_(torch.randn_like(weight) * (1.5 / weight.shape[1] ** 0.5))
        if variation.shared and not variation.tied:  # transformers 5 does not share them by itself
            model.model.decoder.embed_tokens.weight.copy_(model.model.encoder.embed_tokens.weight)
            model.model.shared.weight.copy_(model.model.encoder.embed_tokens.weight)
        bias = torch.randn(1, len(target)) * 0.3
        bias[0, target[END]] = 6.0  # so that sentences end
        bias[0, pad] = 2.0  # a class of its own before the softmax, unless it is masked
        model.final_logits_bias.copy_(bias)
    model.generation_config.update(bad_words_ids=[[pad]], renormalize_logits=True, num_beams=4, max_length=128,
                                   forced_eos_token_id=None)
    return model.to(variation.dtype)


def old_config(model, variation):
    """The keys of a config.json of OPUS-MT, as transformers 4.22 wrote them."""
    c, dtype = model.config, str(variation.dtype).removeprefix("torch.")
    return {
        "_name_or_path": "/tmp/Helsinki-NLP/opus-mt-xx-yy", "_num_labels": 3, "activation_dropout": 0.0,
        "activation_function": c.activation_function, "add_bias_logits": False, "add_final_layer_norm": False,
        "architectures": ["MarianMTModel"], "attention_dropout": 0.0, "bad_words_ids": [[c.pad_token_id]],
        "bos_token_id": 0, "classif_dropout": 0.0, "classifier_dropout": 0.0, "d_model": c.d_model,
        "decoder_attention_heads": c.decoder_attention_heads, "decoder_ffn_dim": c.decoder_ffn_dim,
        "decoder_layerdrop": 0.0, "decoder_layers": c.decoder_layers, "decoder_start_token_id": c.pad_token_id,
        "decoder_vocab_size": c.decoder_vocab_size, "dropout": 0.1, "encoder_attention_heads": c.encoder_attention_heads,
        "encoder_ffn_dim": c.encoder_ffn_dim, "encoder_layerdrop": 0.0, "encoder_layers": c.encoder_layers,
        "eos_token_id": c.eos_token_id, "extra_pos_embeddings": c.pad_token_id, "force_bos_token_to_be_generated": False,
        "forced_eos_token_id": c.eos_token_id, "id2label": {"0": "LABEL_0", "1": "LABEL_1", "2": "LABEL_2"},
        "init_std": 0.02, "is_encoder_decoder": True, "label2id": {"LABEL_0": 0, "LABEL_1": 1, "LABEL_2": 2},
        "max_length": 128, "max_position_embeddings": c.max_position_embeddings, "model_type": "marian",
        "normalize_before": False, "normalize_embedding": False, "num_beams": 6, "num_hidden_layers": c.encoder_layers,
        "pad_token_id": c.pad_token_id, "scale_embedding": c.scale_embedding,
        "share_encoder_decoder_embeddings": c.share_encoder_decoder_embeddings, "static_position_embeddings": True,
        "tie_word_embeddings": c.tie_word_embeddings, "torch_dtype": dtype, "transformers_version": "4.22.0.dev0",
        "use_cache": True, "vocab_size": c.vocab_size}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")


def change_file(folder, model, variation):
    """What transformers 5 does not write, but others did."""
    path = folder / "model.safetensors"
    tensors = safetensors.torch.load_file(path)
    if variation.positions:
        for name in POSITIONS:
            tensors[name] = model.state_dict()[name].clone()
    if variation.stored_as:
        tensors[variation.stored_as] = tensors.pop("model.shared.weight")
    safetensors.torch.save_file(tensors, path, metadata={"format": "pt"})


def write_folder(folder, variation, spms, seed=1):
    """Returns the model that the folder holds."""
    rng = random.Random(seed)
    source, target = vocabularies(variation, spms, rng)
    model = random_model(variation, source, target, seed)
    folder.mkdir(parents=True)
    for spm, name in zip(spms, ("source.spm", "target.spm"), strict=True):
        shutil.copy(spm, folder / name)
    write_json(folder / "vocab.json", source)
    files = {"source_spm": folder / "source.spm", "target_spm": folder / "target.spm", "vocab": folder / "vocab.json"}
    if variation.separate:
        write_json(folder / "target_vocab.json", target)
        files["target_vocab_file"] = folder / "target_vocab.json"
    model.save_pretrained(folder)
    if variation.old_settings:
        write_json(folder / "config.json", old_config(model, variation))
        (folder / "generation_config.json").unlink()
        write_json(folder / "tokenizer_config.json", {"source_lang": "eng", "target_lang": "deu", "model_max_length": 512})
    else:
        transformers.MarianTokenizer(separate_vocabs=variation.separate,
                                     **{key: str(path) for key, path in files.items()}).save_pretrained(folder)
    if variation.positions or variation.stored_as:
        change_file(folder, model, variation)
    return model


def marian_names(model):
    """{name in Marian: array}, as an .npz of Marian has them: matrices by columns, vectors as rows, no <pad>."""
    parts = {"self_attn.q_proj": "self_{}q", "self_attn.k_proj": "self_{}k", "self_attn.v_proj": "self_{}v",
             "self_attn.out_proj": "self_{}o", "encoder_attn.q_proj": "context_{}q", "encoder_attn.k_proj": "context_{}k",
             "encoder_attn.v_proj": "context_{}v", "encoder_attn.out_proj": "context_{}o", "fc1": "ffn_{}1", "fc2": "ffn_{}2",
             "self_attn_layer_norm": "self_Wo_ln_{}", "encoder_attn_layer_norm": "context_Wo_ln_{}",
             "final_layer_norm": "ffn_ffn_ln_{}"}
    arrays = {}
    state = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
    for name, array in state.items():
        pieces = name.split(".")
        if len(pieces) < 5 or pieces[2] != "layers":
            continue
        side, part, kind = pieces[1], ".".join(pieces[4:-1]), pieces[-1]
        letter = {"weight": "scale", "bias": "bias"}[kind] if "layer_norm" in part else {"weight": "W", "bias": "b"}[kind]
        arrays[f"{side}_l{int(pieces[3]) + 1}_{parts[part].format(letter)}"] = (
            numpy.ascontiguousarray(array.T) if array.ndim == 2 else array.reshape(1, -1))
    config = model.config
    if config.share_encoder_decoder_embeddings:
        arrays["Wemb"] = state["model.encoder.embed_tokens.weight"][:-1]
    else:
        for side in ("encoder", "decoder"):
            arrays[f"{side}_Wemb"] = state[f"model.{side}.embed_tokens.weight"][:-1]
    if not config.tie_word_embeddings:
        arrays["decoder_ff_logit_out_W"] = numpy.ascontiguousarray(state["lm_head.weight"][:-1].T)
    arrays["decoder_ff_logit_out_b"] = state["final_logits_bias"][:, :-1]
    return arrays


def marian_settings(model):
    c = model.config
    shared, tied = c.share_encoder_decoder_embeddings, c.tie_word_embeddings
    return {"dim-emb": c.d_model, "dim-vocabs": [c.vocab_size - 1, c.decoder_vocab_size - 1], "enc-depth": c.encoder_layers,
            "dec-depth": c.decoder_layers, "transformer-heads": c.encoder_attention_heads,
            "transformer-dim-ffn": c.encoder_ffn_dim, "transformer-decoder-dim-ffn": 0,
            "transformer-ffn-activation": c.activation_function, "transformer-ffn-depth": 2, "transformer-preprocess": "",
            "transformer-postprocess": "dan", "transformer-postprocess-emb": "d", "transformer-postprocess-top": "",
            "transformer-decoder-autoreg": "self-attention", "transformer-no-projection": False,
            "transformer-train-position-embeddings": False, "transformer-guided-alignment-layer": "last",
            "tied-embeddings-all": shared and tied, "tied-embeddings-src": shared, "tied-embeddings": tied,
            "type": "transformer", "right-left": False, "lemma-dim-emb": 0, "ulr": False, "version": "v1.11.0"}


def marian_vocabulary(vocabulary):
    """As Marian's YAML emitter writes it: double quotes, and the long form of long keys."""
    lines = []
    for piece, number in vocabulary.items():
        if piece == PAD:
            continue
        quoted = json.dumps(piece, ensure_ascii=False) if number % 2 or ":" in piece or piece.startswith(("'", '"')) else piece
        if any(c in piece for c in "#,[]{}&*!|>%@`-? \\") and quoted == piece:
            quoted = json.dumps(piece, ensure_ascii=False)
        lines.append(f"{quoted}: {number}\n" if len(piece) < 128 else f"? {quoted}\n: {number}\n")
    return "".join(lines)


def write_opus_folder(folder, hf_folder, model, compressed=False):
    """The Marian original of a Hugging Face folder: .npz, YAML vocabularies, decoder.yml."""
    folder.mkdir(parents=True)
    for name in ("source.spm", "target.spm"):
        shutil.copy(hf_folder / name, folder / name)
    arrays = marian_names(model)
    text = yaml.safe_dump(marian_settings(model)).encode() + b"\0"
    arrays["special:model.yml"] = numpy.frombuffer(text, dtype=numpy.int8)
    (numpy.savez_compressed if compressed else numpy.savez)(folder / "model.npz", **arrays)
    names = []
    for side, name in (("src", "vocab.json"), ("trg", "target_vocab.json")):
        if (hf_folder / name).exists():
            vocabulary = json.loads((hf_folder / name).read_text(encoding="utf-8"))
            names.append(f"opus.{side}.vocab.yml")
            (folder / names[-1]).write_text(marian_vocabulary(vocabulary), encoding="utf-8")
    decoder = {"relative-paths": True, "models": ["model.npz"], "vocabs": [names[0], names[-1]], "beam-size": 6,
               "normalize": 1, "word-penalty": 0, "allow-unk": True}  # the other programs allow it
    (folder / "decoder.yml").write_text(yaml.safe_dump(decoder), encoding="utf-8")


def write_torch_folder(folder, hf_folder, model, legacy, everything):
    """The folder with pytorch_model.bin instead; `everything`: tied tensors and positions as often as they are used."""
    shutil.copytree(hf_folder, folder, ignore=shutil.ignore_patterns("model.safetensors"))
    state = model.state_dict()
    if not everything:
        state = {name: tensor for name, tensor in state.items() if name not in POSITIONS}
        del state["final_logits_bias"]
    torch.save(state, folder / "pytorch_model.bin", _use_new_zipfile_serialization=not legacy)


def folder_path(base, name):
    return pathlib.Path(base) / "".join(c if c.isalnum() else "-" for c in name)
