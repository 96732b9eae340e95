"""Folders that hold the model of tests/reference/generation in the ways in which other programs write models.

make_folder_cases.py asks transformers what each translates, tests/app/folders_test.py compares. Nothing but the standard
library is needed here.
"""
import json
import pathlib
import struct

MODEL = pathlib.Path(__file__).resolve().parent / "generation" / "model"
V, D = 49, 16  # rows and columns of its embedding
GENERATION = {"bad_words_ids": [[V - 1]], "renormalize_logits": True, "forced_eos_token_id": None, "eos_token_id": 0,
              "pad_token_id": V - 1, "decoder_start_token_id": V - 1, "num_beams": 4, "max_length": 24}


def read_tensors(path):
    """{name: (dtype, shape, bytes)}"""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    header.pop("__metadata__", None)
    data = content[8 + length:]
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])]) for name, entry in header.items()}


def write_tensors(path, tensors):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in tensors.values()))


def numbers(data):
    return list(struct.unpack(f"<{len(data) // 4}f", data))


def pack(values):
    return struct.pack(f"<{len(values)}f", *values)


def change_json(path, **changes):
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    path.write_text(json.dumps(content | changes, ensure_ascii=False), encoding="utf-8")


def change_tensors(folder, change):
    path = folder / "model.safetensors"
    tensors = read_tensors(path)
    change(tensors)
    write_tensors(path, tensors)


def shards(folder):
    tensors = read_tensors(folder / "model.safetensors")
    names = sorted(tensors)
    weight_map = {}
    for i in range(3):
        file = f"model-{i + 1:05}-of-00003.safetensors"
        write_tensors(folder / file, {name: tensors[name] for name in names[i::3]})
        weight_map |= {name: file for name in names[i::3]}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    (folder / "model.safetensors").unlink()


def float16(folder):
    change_tensors(folder, lambda tensors: tensors.update({
        name: ("F16", shape, struct.pack(f"<{len(data) // 4}e", *numbers(data)))
        for name, (_, shape, data) in tensors.items()}))


def aliases(folder):
    """As converted from a pytorch_model.bin: each tied tensor once more."""
    def change(tensors):
        shared = tensors["model.shared.weight"]
        for name in ("model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"):
            tensors[name] = shared
    change_tensors(folder, change)


def more_rows(folder, count, rows):
    """Rows behind the vocabulary: `rows` of the embedding, each number turned by its sign."""
    def change(tensors):
        dtype, shape, data = tensors["model.shared.weight"]
        values = numbers(data)
        more = [-values[row * D + i] for row in rows for i in range(D)]
        tensors["model.shared.weight"] = (dtype, [shape[0] + count, D], pack(values + more))
        dtype, shape, data = tensors["final_logits_bias"]
        tensors["final_logits_bias"] = (dtype, [1, shape[1] + count], data + pack([-1.0] * count))
    change_tensors(folder, change)
    change_json(folder / "config.json", vocab_size=V + count, decoder_vocab_size=V + count)


def rows_without_pieces(folder):
    more_rows(folder, 3, [0, 0, 0])
    # They would be written now and then, and have no text: transformers fails. There nobody asks for them.
    change_json(folder / "generation_config.json", bad_words_ids=[[V - 1], [V], [V + 1], [V + 2]])


def added_tokens(folder):
    more_rows(folder, 2, [5, 9])
    (folder / "added_tokens.json").write_text(json.dumps({"<ent>": V, "</ent>": V + 1}))


def added_tokens_of_tokenizer_config(folder):
    more_rows(folder, 2, [5, 9])
    usual = {"lstrip": False, "rstrip": False, "single_word": False, "normalized": False, "special": True}
    change_json(folder / "tokenizer_config.json", added_tokens_decoder={
        "0": usual | {"content": "</s>"}, "1": usual | {"content": "<unk>"}, str(V - 1): usual | {"content": "<pad>"},
        str(V): usual | {"content": "<ent>", "special": False, "lstrip": True},
        str(V + 1): usual | {"content": "</ent>", "special": True, "rstrip": True}})


def three_embeddings(folder):
    def change(tensors):
        dtype, shape, data = tensors["model.shared.weight"]
        rows = [numbers(data)[i * D:(i + 1) * D] for i in range(V)]
        decoder = [rows[(i * 7) % (V - 1)] for i in range(V - 1)] + [rows[V - 1]]
        head = [rows[(i * 5) % (V - 1)] for i in range(V - 1)] + [rows[V - 1]]
        tensors["model.encoder.embed_tokens.weight"] = (dtype, shape, data)
        tensors["model.decoder.embed_tokens.weight"] = (dtype, shape, pack(sum(decoder, [])))
        tensors["lm_head.weight"] = (dtype, shape, pack(sum(head, [])))
    change_tensors(folder, change)
    change_json(folder / "config.json", tie_word_embeddings=False)


def untied_output(folder):
    def change(tensors):
        dtype, shape, data = tensors["model.shared.weight"]
        rows = [numbers(data)[i * D:(i + 1) * D] for i in range(V)]
        head = [rows[(i * 5) % (V - 1)] for i in range(V - 1)] + [rows[V - 1]]
        tensors["model.encoder.embed_tokens.weight"] = tensors["model.decoder.embed_tokens.weight"] = (dtype, shape, data)
        tensors["lm_head.weight"] = (dtype, shape, pack(sum(head, [])))
    change_tensors(folder, change)
    change_json(folder / "config.json", tie_word_embeddings=False)


def more_pieces_than_rows(folder):
    change_json(folder / "vocab.json", **{"\u2581never": V, "zz": V + 1})


def special_tokens_in_full(folder):
    full = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False}
    (folder / "special_tokens_map.json").write_text(json.dumps({
        "eos_token": full | {"content": "</s>"}, "unk_token": full | {"content": "<unk>"},
        "pad_token": full | {"content": "<pad>"}}))


def unknown_keys(folder):
    change_json(folder / "config.json", id2label={"0": "LABEL_0"}, gradient_checkpointing=False, torch_dtype="float32",
                tokenizer_class="MarianTokenizer", num_hidden_layers=1, classif_dropout=0.0)
    change_json(folder / "generation_config.json", transformers_version="4.30.0", _from_model_config=True)


VARIATIONS = {function.__name__: function for function in (
    shards, float16, aliases, rows_without_pieces, added_tokens, added_tokens_of_tokenizer_config, three_embeddings,
    untied_output, more_pieces_than_rows, special_tokens_in_full, unknown_keys)}


def make(name, folder):
    """`folder` must be there and empty."""
    for path in MODEL.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    (folder / "generation_config.json").write_text(json.dumps(GENERATION))
    VARIATIONS[name](folder)
