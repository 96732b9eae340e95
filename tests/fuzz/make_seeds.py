#!/usr/bin/env python3
"""Writes the seeds of the fuzzers, a few hundred bytes each, into the folder seeds next to this script."""

import gzip
import io
import json
import pathlib
import struct
import zipfile

SEEDS = pathlib.Path(__file__).resolve().parent / "seeds"
TRIE_VALUE = 1 << 31


def write(entry, name, content):
    folder = SEEDS / entry
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())


def safetensors(header, data):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def varint(number):
    out = b""
    while number > 127:
        out += bytes([number & 127 | 128])
        number >>= 7
    return out + bytes([number])


def field(number, value):
    """A protocol buffer field: bytes, a float or an integer."""
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, float):
        return varint(number << 3 | 5) + struct.pack("<f", value)
    return varint(number << 3) + varint(value)


def charsmap():
    """A -> a, as a double array of 256 units: root at 0, 'A' at 0x40, its value at 0x80."""
    units = [0] * 256
    units[0] = 1 << 10
    units[0x40] = 0xC0 << 10 | 1 << 8 | 0x41
    units[0x80] = TRIE_VALUE | 0
    trie = struct.pack("<256I", *units)
    return struct.pack("<I", len(trie)) + trie + b"a\0"


def spm(model_type, normalizer=b"", denormalizer=b"", byte_fallback=False):
    pieces = [("</s>", 0.0, 3), ("<unk>", 0.0, 2), ("\u2581", -2.0, 1), ("a", -2.5, 1), ("\u2581a", -3.0, 1), ("test", -4.0, 1),
              ("\u2581small", -5.0, 4), ("al", -6.0, 5)]
    if byte_fallback:
        pieces += [(f"<0x{byte:02X}>", -9.0, 6) for byte in range(256)]
    out = b"".join(field(1, field(1, text.encode()) + field(2, score) + (field(3, kind) if kind != 1 else b""))
                   for text, score, kind in pieces)
    out += field(2, field(3, model_type) + (field(35, 1) if byte_fallback else b"") + field(40, 1) + field(42, 0))
    out += field(3, field(1, b"seed") + field(2, normalizer) + field(3, 1) + field(4, 1) + field(5, 1))
    return out + (field(5, field(2, denormalizer)) if denormalizer else b"")


def config():
    return {"model_type": "marian", "vocab_size": 30, "pad_token_id": 29, "d_model": 8, "encoder_layers": 1,
            "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 4, "encoder_ffn_dim": 16,
            "decoder_ffn_dim": 16, "activation_function": "swish", "dropout": 0.1, "tie_word_embeddings": False,
            "scale_embedding": True, "num_beams": 4, "max_length": 512, "bad_words_ids": [[29], [3, 4]], "eos_token_id": 0,
            "decoder_start_token_id": 29, "decoder_vocab_size": 30, "forced_eos_token_id": None}


def archive(members, packed=False):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as out:
        for name, content in members.items():
            out.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
    return file.getvalue()


def text_object(text):
    return b"X" + struct.pack("<I", len(text)) + text


def torch_objects():
    """{"a": a tensor of 2 x 2 floats, "b": its second column} as torch.save describes them, protocol 2."""
    def name(module, what):
        return b"c" + module + b"\n" + what + b"\n"

    empty = name(b"collections", b"OrderedDict") + b")R"

    def tensor(offset, shape, strides):
        numbers = b"".join(b"(" + b"".join(b"K" + bytes([n]) for n in numbers) + b"t" for numbers in (shape, strides))
        storage = b"((" + text_object(b"storage") + name(b"torch", b"FloatStorage") + text_object(b"0") + text_object(b"cpu")
        return (name(b"torch._utils", b"_rebuild_tensor_v2") + storage + b"K\x04NtQK" + bytes([offset]) + numbers + b"\x89"
                + empty + b"tR")

    items = text_object(b"a") + tensor(0, [2, 2], [2, 1]) + text_object(b"b") + b"q\x01" + tensor(1, [2], [2])
    return b"\x80\x02" + empty + b"q\x00(" + items + b"u}" + text_object(b"_metadata") + empty + b"sb."


def torch_streams():
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03."
    facts = b"\x80\x02}" + text_object(b"little_endian") + b"\x88s."
    return magic + facts + torch_objects() + b"\x80\x02]" + text_object(b"0") + b"a." + struct.pack("<Q", 4) + b"numbers of a b."


def npy(kind, shape, numbers):
    header = repr({"descr": kind, "fortran_order": False, "shape": shape}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + numbers


def marian_bin(items):
    """{name: (type, shape, data)} as src/common/binary.cpp of Marian writes them."""
    out = struct.pack("<QQ", 1, len(items))
    out += b"".join(struct.pack("<QQQQ", len(name) + 1, kind, len(shape), len(data)) for name, (kind, shape, data) in items.items())
    out += b"".join(name.encode() + b"\0" for name in items)
    out += b"".join(struct.pack(f"<{len(shape)}i", *shape) for _, shape, _ in items.values())
    return out + struct.pack("<Q", 8) + bytes(8) + b"".join(data for _, _, data in items.values())


def main():
    entry = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    write("safetensors", "one", safetensors({"a": entry}, b"\0" * 24))
    write("safetensors", "two", safetensors({"__metadata__": {"format": "pt"}, "b": {**entry, "dtype": "BF16", "shape": [4],
                                             "data_offsets": [24, 32]}, "a": entry,
                                             "empty": {"dtype": "I64", "shape": [0], "data_offsets": [32, 32]}}, b"\1" * 32))
    write("safetensors", "none", safetensors({}, b""))
    write("config", "marian", config())
    write("config", "dragoman", {**config(), "model_type": "dragoman", "normalize_before": True})
    write("vocabulary", "small", {"</s>": 0, "<unk>": 1, "\u2581a": 2, ">>de<<": 3, "<pad>": 4})
    write("vocabulary", "unordered", {"<pad>": 0, "a": 2, "<unk>": 3, "</s>": 1})
    write("spm", "unigram", spm(1, charsmap()))
    write("spm", "bpe", spm(2))
    write("spm", "word", spm(3, b"", charsmap()))
    write("spm", "bytes", spm(1, b"", b"", True))
    entry = {"bytes": 2, "xxh3_128": "3a1a3ffe0e3ec6cc6d9f1ee7d5c6c0f4"}
    write("manifest", "small", {"files": {"config.json": entry}})
    write("manifest", "missing", {"files": {"../up": entry, "none": entry}})
    text = "one\ttwo\n\n\u00fcber \u4e2d\t\U0001f600\r\n\t \nc\x85\u2028\tc"
    write("corpus", "tabs", b"\1" + text.encode() + b"\n\xff\xfe\tx\n")
    write("corpus", "sides", b"\0one\ntwo\nth\n" + b"uno\ndue\ntr\n")
    write("corpus", "packed", b"\1" + gzip.compress(b"a\tb\nc\td\n" * 9, mtime=0))
    write("corpus", "utf16", b"\1" + "a\tb\n".encode("utf-16"))
    write("command_line", "check", b"\0--source\0a.en,b.en\0--target=x\0--length-ratio\x002.5\0--max-examples\0007")
    write("command_line", "training", b"\3--max-updates\0+10\0--lr=0.1\0--max-time\x0090m\0--precision\0bfloat16")
    write("command_line", "search", b"\4-b\x005\0--n-best=2\0--alpha\x000.6\0--help")
    write("command_line", "wrong", b"\3--max-update\x003\0word\0-x\0--\0-")
    write("settings", "training", {"max_updates": 10, "learning_rate": 0.5, "schedule": "noam", "max_time": 60.0})
    write("settings", "tokenizer", {"vocab_size": 100, "byte_fallback": True, "user_symbols": ["<sep>", "a,b"]})
    state = {"update": 7, "steps": 6, "epoch": 1, "batch": 3, "target_tokens": 900, "seconds": 1.5, "loss_scale": 1.0,
             "scale_age": 0, "has_best": True, "best_score": 0.25, "best_update": 5, "last_validation": 5,
             "validations_without_gain": 1, "snapshots": [{"update": 5, "score": -1e3}], "corpus": "0123abcd"}
    write("state", "whole", state)
    write("state", "wrong", {**state, "update": 1e300, "snapshots": [[]]})
    write("settings", "wrong", {"max_updates": "3", "seed": -1, "x": [[[1.5]]]})
    write("zip", "stored", archive({"a": b"content", "b/c": b""}))
    write("zip", "packed", archive({"a": b"content content content", "b": b""}, packed=True))
    write("torch_file", "archive", archive({"m/data.pkl": torch_objects(), "m/byteorder": b"little", "m/data/0": b"numbers of a b."
                                            + b"."}))
    write("torch_file", "streams", torch_streams() + b".")
    settings = b"type: transformer\ndim-emb: 4\nenc-depth: 1\ndec-depth: 1\ntransformer-heads: 2\ntransformer-dim-ffn: 6\n"
    arrays = {"Wemb.npy": npy("<f4", (2, 2), b"numbers of a b.."), "special:model.yml.npy": npy("|i1", (len(settings) + 1,),
                                                                                             settings + b"\0")}
    write("npz", "stored", archive(arrays))
    write("npz", "packed", archive(arrays, packed=True))
    write("marian_text", "settings", settings + b"dim-vocabs:\n  - 10\n  - 10\nvocabs: [a, 'b']\ntied-embeddings-all: true\n")
    write("marian_text", "vocabulary", "</s>: 0\n<unk>: 1\n\"\\u2581a\": 2\n? 'it''s'\n: 3\n\u2581:: 4\n<pad>: 5\n".encode())
    write("marian_text", "lists", "a:\n  []\nb: [c,\n  'd']\ne:\n  f: ~\n  g:\n    - 1\n".encode())
    write("marian_text", "json", '{"</s>": 0, "<unk>": 1, "\\ud83d\\ude00": 2}'.encode())
    write("marian_text", "lines", "</s>\n<unk>\n\u2581a\n".encode())
    write("marian_bin", "float32", marian_bin({"Wemb": (0x404, (2, 2), b"numbers of a b.."),
                                               "special:model.yml": (0x101, (len(settings) + 1,), settings + b"\0")}))
    write("marian_text", "array", npy("<f2", (2, 1), b"1234"))


if __name__ == "__main__":
    main()
