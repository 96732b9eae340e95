#!/usr/bin/env python3
"""Writes transformer_cases.json: tiny Transformers and what PyTorch computes with them. tests/model/reference_test.cpp compares.

Usage: python3 tests/reference/make_transformer_case.py > tests/reference/transformer_cases.json
Needs torch. The model below is written from the paper (Vaswani et al. 2017) and docs alone: tensors by Hugging Face's
names, plain functions, no module. It computes in double, so that the rounding that the test allows is the program's own.
"""
import json
import math
import sys

import torch
from torch.nn import functional as F

EPSILON = 0.1  # label smoothing
LEARNING_RATE, BETAS, ADAM_EPSILON = 0.01, (0.9, 0.98), 1e-9

# What the four have in common; each case changes some of it.
COMMON = {
    "model_type": "marian", "vocab_size": 11, "decoder_vocab_size": 11, "pad_token_id": 10, "d_model": 8,
    "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 2, "decoder_attention_heads": 2,
    "encoder_ffn_dim": 12, "decoder_ffn_dim": 12, "activation_function": "relu", "normalize_before": False,
    "share_encoder_decoder_embeddings": True, "tie_word_embeddings": True, "scale_embedding": True,
}
CASES = {
    "post-norm, shared and tied, relu": {},
    "pre-norm, silu": {"model_type": "dragoman", "normalize_before": True, "activation_function": "silu",
                       "encoder_layers": 1, "decoder_layers": 2, "encoder_attention_heads": 4},
    "separate vocabularies, untied, gelu, unscaled": {
        "vocab_size": 9, "decoder_vocab_size": 12, "pad_token_id": 11, "activation_function": "gelu",
        "share_encoder_decoder_embeddings": False, "tie_word_embeddings": False, "scale_embedding": False,
        "encoder_layers": 1, "decoder_layers": 1},
    "three encoder layers, one decoder layer, other widths": {
        "encoder_layers": 3, "decoder_layers": 1, "encoder_ffn_dim": 10, "decoder_ffn_dim": 6, "decoder_attention_heads": 4,
        "share_encoder_decoder_embeddings": False, "activation_function": "swish"},
}


# --- The weights: name -> shape ---------------------------------------------------------------------------------------

def shapes(c):
    d = c["d_model"]
    result = {}

    def linear(name, outputs, inputs):
        result[name + ".weight"] = (outputs, inputs)
        result[name + ".bias"] = (outputs,)

    def norm(name):
        result[name + ".weight"] = (d,)
        result[name + ".bias"] = (d,)

    if c["share_encoder_decoder_embeddings"]:
        result["model.shared.weight"] = (c["vocab_size"], d)
    else:
        result["model.encoder.embed_tokens.weight"] = (c["vocab_size"], d)
        result["model.decoder.embed_tokens.weight"] = (c["decoder_vocab_size"], d)
    for side, attentions in (("encoder", ["self_attn"]), ("decoder", ["self_attn", "encoder_attn"])):
        for i in range(c[side + "_layers"]):
            layer = f"model.{side}.layers.{i}."
            for attention in attentions:
                for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                    linear(layer + attention + "." + part, d, d)
                norm(layer + attention + "_layer_norm")
            linear(layer + "fc1", c[side + "_ffn_dim"], d)
            linear(layer + "fc2", d, c[side + "_ffn_dim"])
            norm(layer + "final_layer_norm")
        if c["normalize_before"]:
            norm(f"model.{side}.layer_norm")
    if not c["tie_word_embeddings"]:
        result["lm_head.weight"] = (c["decoder_vocab_size"], d)
    result["final_logits_bias"] = (1, c["decoder_vocab_size"])
    return result


def random_weights(c, generator):
    weights = {}
    for name, shape in shapes(c).items():
        w = 0.4 * torch.randn(shape, generator=generator, dtype=torch.float64)
        if "norm.weight" in name:
            w += 1
        if "embed_tokens" in name or "shared" in name:
            w[pad_of(c, "encoder" if ".encoder." in name else "decoder")] = 0
        # Three decimals keep the file small. Rounded to float32, since that is what the program holds.
        weights[name] = (w * 1000).round().div(1000).float().double()
    return weights


def pad_of(c, side):
    """<pad> is the last id of each vocabulary; pad_token_id is the target's."""
    return c["vocab_size"] - 1 if side == "encoder" else c["pad_token_id"]


# --- The model --------------------------------------------------------------------------------------------------------

def positions(length, d):
    half = d // 2
    angle = [[p / 10000 ** (i / half) for i in range(half)] for p in range(length)]
    return torch.tensor([[math.sin(a) for a in row] + [math.cos(a) for a in row] for row in angle], dtype=torch.float64)


def linear(w, name, x):
    return x @ w[name + ".weight"].T + w[name + ".bias"]


def attention(w, name, heads, query, memory, allowed):
    """allowed[b][t][s]: may position t of the query see position s of the memory?"""
    q, k, v = (linear(w, f"{name}.{part}_proj", x) for part, x in (("q", query), ("k", memory), ("v", memory)))
    width = q.shape[-1] // heads
    outputs = []
    for h in range(heads):
        cut = slice(h * width, (h + 1) * width)
        scores = q[..., cut] @ k[..., cut].transpose(1, 2) / math.sqrt(width)
        scores = scores.masked_fill(~allowed, -math.inf)
        outputs.append(F.softmax(scores, -1) @ v[..., cut])
    return linear(w, name + ".out_proj", torch.cat(outputs, -1))


def embed(c, w, side, ids):
    name = "model.shared.weight" if c["share_encoder_decoder_embeddings"] else f"model.{side}.embed_tokens.weight"
    # padding_idx: the row of <pad> gets no gradient.
    x = F.embedding(ids, w[name], padding_idx=pad_of(c, side))
    if c["scale_embedding"]:
        x = x * math.sqrt(c["d_model"])
    return x + positions(ids.shape[1], c["d_model"])


def stack(c, w, side, x, memory, self_allowed, memory_allowed):
    activation = {"relu": F.relu, "silu": F.silu, "swish": F.silu, "gelu": F.gelu}[c["activation_function"]]
    heads = c[side + "_attention_heads"]

    def norm(name, y):
        return F.layer_norm(y, (c["d_model"],), w[name + ".weight"], w[name + ".bias"], 1e-5)

    def add_and_norm(name, y, sublayer):
        return y + sublayer(norm(name, y)) if c["normalize_before"] else norm(name, y + sublayer(y))

    for i in range(c[side + "_layers"]):
        p = f"model.{side}.layers.{i}."
        x = add_and_norm(p + "self_attn_layer_norm", x, lambda y: attention(w, p + "self_attn", heads, y, y, self_allowed))
        if memory is not None:
            x = add_and_norm(p + "encoder_attn_layer_norm", x,
                             lambda y: attention(w, p + "encoder_attn", heads, y, memory, memory_allowed))
        x = add_and_norm(p + "final_layer_norm", x, lambda y: linear(w, p + "fc2", activation(linear(w, p + "fc1", y))))
    return norm(f"model.{side}.layer_norm", x) if c["normalize_before"] else x


def transformer(c, w, source, decoder_input):
    batch, target_length = decoder_input.shape
    is_text = (source != pad_of(c, "encoder")).unsqueeze(1)  # [B,1,S]
    not_later = torch.tensor([[s <= t for s in range(target_length)] for t in range(target_length)]).unsqueeze(0)
    memory = stack(c, w, "encoder", embed(c, w, "encoder", source), None, is_text, None)
    hidden = stack(c, w, "decoder", embed(c, w, "decoder", decoder_input), memory, not_later, is_text)
    if not c["tie_word_embeddings"]:
        projection = w["lm_head.weight"]
    elif c["share_encoder_decoder_embeddings"]:
        projection = w["model.shared.weight"]
    else:
        projection = w["model.decoder.embed_tokens.weight"]
    return hidden @ projection.T + w["final_logits_bias"]


def losses(c, logits, labels):
    """The sums over the labels that are text: label-smoothed, and plain cross-entropy."""
    pad = c["pad_token_id"]
    smoothed = plain = 0
    for row, answers in zip(logits, labels):
        for x, y in zip(row, answers):
            if y == pad:
                continue
            log_p = F.log_softmax(x[:pad], -1)  # <pad> is no class
            smoothed = smoothed - (1 - EPSILON) * log_p[y] - EPSILON * log_p.mean()
            plain = plain - log_p[y]
    return smoothed, plain


# --- The batch, and one update ----------------------------------------------------------------------------------------

def random_batch(c, generator):
    def rows(lengths, vocabulary, pad):
        filled = torch.full((len(lengths), max(lengths)), pad)
        for row, length in zip(filled, lengths):
            row[: length - 1] = torch.randint(1, vocabulary - 1, (length - 1,), generator=generator)
            row[length - 1] = 0  # </s>
        return filled

    source = rows([3, 6, 1], c["vocab_size"], pad_of(c, "encoder"))
    labels = rows([5, 2, 4], c["decoder_vocab_size"], c["pad_token_id"])
    decoder_input = labels.roll(1, 1)
    decoder_input[:, 0] = c["pad_token_id"]
    # What follows </s> in the input is padding, as in a batch whose rows were shifted one by one.
    decoder_input[decoder_input == 0] = c["pad_token_id"]
    return source, decoder_input, labels


def numbers(tensor, digits=8):
    return [float(f"{x:.{digits}g}") for x in tensor.detach().flatten().tolist()]


def make_case(name, changes, seed):
    c = {**COMMON, **changes}
    generator = torch.Generator().manual_seed(seed)
    stored = random_weights(c, generator)
    source, decoder_input, labels = random_batch(c, generator)
    trained = {key: w.clone().requires_grad_() for key, w in stored.items() if key != "final_logits_bias"}
    logits = transformer(c, {**stored, **trained}, source, decoder_input)
    smoothed, plain = losses(c, logits, labels)
    smoothed.backward()
    case = {
        "name": name, "config": c, "source": source.tolist(), "decoder_input": decoder_input.tolist(), "labels": labels.tolist(),
        "shapes": {key: list(w.shape) for key, w in stored.items()},
        "weights": {key: numbers(w, 6) for key, w in stored.items()},
        "logits": numbers(logits), "smoothed": smoothed.item(), "cross_entropy": plain.item(),
        "gradients": {key: numbers(w.grad) for key, w in trained.items()},
    }
    if not changes:
        case["after_adam"] = after_adam(stored, case["gradients"])
    return case


def after_adam(weights, gradients):
    """The weights after one update with these gradients, by PyTorch's optimiser."""
    trained = {name: weights[name].clone().requires_grad_() for name in gradients}
    for name, w in trained.items():
        w.grad = torch.tensor(gradients[name], dtype=torch.float64).reshape(w.shape)
    torch.optim.Adam(trained.values(), lr=LEARNING_RATE, betas=BETAS, eps=ADAM_EPSILON).step()
    return {name: numbers(w) for name, w in trained.items()}


def main():
    cases = [make_case(name, changes, seed) for seed, (name, changes) in enumerate(CASES.items(), start=1)]
    head = {"made_by": "tests/reference/make_transformer_case.py", "torch": torch.__version__.split("+")[0], "epsilon": EPSILON,
            "adam": {"learning_rate": LEARNING_RATE, "beta1": BETAS[0], "beta2": BETAS[1], "epsilon": ADAM_EPSILON}}
    # One case a line: a change of one shows as one.
    text = json.dumps(head)[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
    sys.stdout.write(text + "\n]}\n")


if __name__ == "__main__":
    main()
