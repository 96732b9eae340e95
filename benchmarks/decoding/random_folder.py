"""Writes a model folder with random weights whose tokenizer knows as many made-up words as the vocabulary holds, and
a file of ids to translate.

  random_folder.py FOLDER D LAYERS F HEADS VOCABULARY SOURCE_LENGTH SENTENCES"""

import json
import pathlib
import random
import sys

import numpy
import safetensors.numpy
import sentencepiece


def weights(d, layers, f, vocabulary):
    """Glorot's bounds, and embeddings of N(0, 1/D): what training begins with."""
    draw = numpy.random.default_rng(1)
    tensors = {}

    def linear(name, outputs, inputs):
        bound = (6 / (inputs + outputs)) ** 0.5
        tensors[name + ".weight"] = draw.uniform(-bound, bound, (outputs, inputs)).astype(numpy.float32)
        tensors[name + ".bias"] = numpy.zeros(outputs, numpy.float32)

    def norm(name):
        tensors[name + ".weight"] = numpy.ones(d, numpy.float32)
        tensors[name + ".bias"] = numpy.zeros(d, numpy.float32)

    table = draw.normal(0, d ** -0.5, (vocabulary, d)).astype(numpy.float32)
    table[-1] = 0
    tensors["model.shared.weight"] = table
    tensors["final_logits_bias"] = numpy.zeros((1, vocabulary), numpy.float32)
    for side, attentions in (("encoder", ["self_attn"]), ("decoder", ["self_attn", "encoder_attn"])):
        for layer in (f"model.{side}.layers.{index}" for index in range(layers)):
            for attention in attentions:
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    linear(f"{layer}.{attention}.{part}", d, d)
                norm(f"{layer}.{attention}_layer_norm")
            linear(f"{layer}.fc1", f, d)
            linear(f"{layer}.fc2", d, f)
            norm(f"{layer}.final_layer_norm")
    return tensors


def config(d, layers, f, heads, vocabulary):
    pad = vocabulary - 1
    return {"architectures": ["MarianMTModel"], "model_type": "marian", "vocab_size": vocabulary,
            "decoder_vocab_size": vocabulary, "d_model": d, "encoder_layers": layers, "decoder_layers": layers,
            "num_hidden_layers": layers, "encoder_ffn_dim": f, "decoder_ffn_dim": f, "encoder_attention_heads": heads,
            "decoder_attention_heads": heads, "activation_function": "relu", "dropout": 0.1, "attention_dropout": 0.0,
            "activation_dropout": 0.0, "scale_embedding": True, "static_position_embeddings": True,
            "normalize_before": False, "normalize_embedding": False, "add_bias_logits": False,
            "add_final_layer_norm": False, "share_encoder_decoder_embeddings": True, "tie_word_embeddings": True,
            "max_position_embeddings": 1024, "eos_token_id": 0, "forced_eos_token_id": None, "pad_token_id": pad,
            "bos_token_id": None, "decoder_start_token_id": pad, "is_encoder_decoder": True, "use_cache": True,
            "torch_dtype": "float32", "bad_words_ids": [[pad]], "num_beams": 1, "max_length": 512}


def main():
    folder, (d, layers, f, heads, vocabulary, length, sentences) = pathlib.Path(sys.argv[1]), map(int, sys.argv[2:])
    folder.mkdir(parents=True)
    words = ["w" + numpy.base_repr(index, 26).lower() for index in range(vocabulary)]
    corpus = folder / "corpus"
    corpus.write_text("\n".join(" ".join(words[at:at + 100]) for at in range(0, len(words), 100)), encoding="utf-8")
    sentencepiece.SentencePieceTrainer.train(
        input=str(corpus), model_prefix=str(folder / "source"), model_type="word", vocab_size=vocabulary - 1, eos_id=0,
        unk_id=1, bos_id=-1, pad_id=-1, minloglevel=2)
    corpus.unlink()
    (folder / "source.vocab").unlink()
    (folder / "source.model").rename(folder / "source.spm")
    (folder / "target.spm").write_bytes((folder / "source.spm").read_bytes())
    processor = sentencepiece.SentencePieceProcessor(model_file=str(folder / "source.spm"))
    pieces = {processor.id_to_piece(index): index for index in range(processor.get_piece_size())}
    pieces["<pad>"] = vocabulary - 1
    generation = {"bad_words_ids": [[vocabulary - 1]], "renormalize_logits": True, "forced_eos_token_id": None,
                  "eos_token_id": 0, "pad_token_id": vocabulary - 1, "decoder_start_token_id": vocabulary - 1,
                  "num_beams": 1, "max_length": 512}
    for name, content in (("vocab.json", pieces), ("config.json", config(d, layers, f, heads, vocabulary)),
                          ("generation_config.json", generation),
                          ("tokenizer_config.json", {"tokenizer_class": "MarianTokenizer", "eos_token": "</s>",
                                                     "unk_token": "<unk>", "pad_token": "<pad>",
                                                     "source_lang": None, "target_lang": None,
                                                     "clean_up_tokenization_spaces": False,
                                                     "model_max_length": 512})):
        (folder / name).write_text(json.dumps(content), encoding="utf-8")
    safetensors.numpy.save_file(weights(d, layers, f, vocabulary), folder / "model.safetensors", {"format": "pt"})
    draw = random.Random(2)
    lines = [[draw.randrange(2, vocabulary - 1) for _ in range(length - 1)] + [0] for _ in range(sentences)]
    (folder / "ids").write_text("".join(" ".join(map(str, line)) + "\n" for line in lines), encoding="utf-8")
    (folder / "text").write_text("".join(processor.decode(line[:-1]) + "\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
