"""The mark: a plain PyTorch eager loop that trains the same model on the same batches as `dragoman train`.

Written as by a user who knows PyTorch and wants speed without writing kernels: joined projections,
F.scaled_dot_product_attention with masks that keep it on the fused CPU path, F.cross_entropy with its label smoothing,
Adam(fused=True). One line of JSON an update goes to --records, for the caller to watch.

One difference is left: F.cross_entropy smooths over all V entries, Dragoman over the V-1 that are not <pad>.
"""

import argparse
import json
import math
import time

import torch
import torch.nn.functional as F
from torch import nn

import batches


class Attention(nn.Module):
    def __init__(self, width, heads, own_memory):
        super().__init__()
        self.heads = heads
        self.own_memory = own_memory  # queries, keys and values come from one sequence: one product
        self.query = nn.Linear(width, 3 * width if own_memory else width)
        self.memory = None if own_memory else nn.Linear(width, 2 * width)
        self.output = nn.Linear(width, width)

    def forward(self, x, memory, mask, causal):
        rows, length, width = x.shape
        query, key, value = (self.query(x).chunk(3, -1) if self.own_memory else
                             (self.query(x), *self.memory(memory).chunk(2, -1)))
        split = [part.view(rows, -1, self.heads, width // self.heads).transpose(1, 2) for part in (query, key, value)]
        attended = F.scaled_dot_product_attention(*split, attn_mask=mask, is_causal=causal)  # [B,H,T,K]
        return self.output(attended.transpose(1, 2).reshape(rows, length, width))


class FeedForward(nn.Module):
    def __init__(self, width, inner):
        super().__init__()
        self.inner, self.outer = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        return self.outer(F.relu(self.inner(x)))


class Layer(nn.Module):
    """Post-norm: x -> norm(x + dropout(sublayer(x))) for each sublayer; `decoder` adds attention to the memory."""

    def __init__(self, shape, decoder):
        super().__init__()
        self.attention = Attention(shape.d_model, shape.heads, own_memory=True)
        self.cross = Attention(shape.d_model, shape.heads, own_memory=False) if decoder else None
        self.feed_forward = FeedForward(shape.d_model, shape.ffn_dim)
        self.norms = nn.ModuleList(nn.LayerNorm(shape.d_model) for _ in range(3 if decoder else 2))
        self.dropout = nn.Dropout(shape.dropout)

    def forward(self, x, source_mask, memory=None):
        decoder = self.cross is not None
        norms = iter(self.norms)
        x = next(norms)(x + self.dropout(self.attention(x, x, None if decoder else source_mask, causal=decoder)))
        if decoder:
            x = next(norms)(x + self.dropout(self.cross(x, memory, source_mask, causal=False)))
        return next(norms)(x + self.dropout(self.feed_forward(x)))


def position_table(length, width):
    exponent = torch.arange(width // 2, dtype=torch.float64) / (width // 2)
    angle = torch.arange(length, dtype=torch.float64).unsqueeze(1) / 10000.0 ** exponent
    return torch.cat([angle.sin(), angle.cos()], 1).float()


class Transformer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        self.pad, self.scale = shape.vocabulary - 1, math.sqrt(shape.d_model)
        self.embedding = nn.Embedding(shape.vocabulary, shape.d_model, padding_idx=self.pad)
        self.register_buffer("positions", position_table(1024, shape.d_model))
        self.dropout = nn.Dropout(shape.dropout)
        self.encoder = nn.ModuleList(Layer(shape, decoder=False) for _ in range(shape.layers))
        self.decoder = nn.ModuleList(Layer(shape, decoder=True) for _ in range(shape.layers))
        for module in self.modules():
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        for name, parameter in self.named_parameters():
            if name.endswith("weight") and parameter.dim() == 2 and "embedding" not in name:
                # Joined projections are initialised as if they were separate.
                for part in [parameter] if "feed_forward" in name else parameter.split(shape.d_model):
                    nn.init.xavier_uniform_(part)
        nn.init.normal_(self.embedding.weight, 0, shape.d_model ** -0.5)
        with torch.no_grad():
            self.embedding.weight[self.pad].zero_()

    def embed(self, ids):
        return self.dropout(self.embedding(ids) * self.scale + self.positions[:ids.size(1)])

    def forward(self, source, decoder_input):
        mask = (source != self.pad)[:, None, None, :]  # [B,1,1,S]
        memory = self.embed(source)
        for layer in self.encoder:
            memory = layer(memory, mask)
        x = self.embed(decoder_input)
        for layer in self.decoder:
            x = layer(x, mask, memory)
        return F.linear(x, self.embedding.weight)  # [B,T,V], tied


def read_ids(path):
    """One tensor a line, </s> (id 0) at its end."""
    with open(path, encoding="ascii") as lines:
        return [torch.tensor([*map(int, line.split()), 0]) for line in lines]


class Corpus:
    def __init__(self, prefix, pad):
        self.source, self.target, self.pad = read_ids(prefix + ".src"), read_ids(prefix + ".tgt"), pad
        self.lengths = [(len(source), len(target)) for source, target in zip(self.source, self.target)]

    def batch(self, pairs):
        """source [B,S], decoder_input [B,T] (shifted right after <pad>), labels [B,T], number of label tokens"""
        def padded(side):
            return nn.utils.rnn.pad_sequence([side[pair] for pair in pairs], True, self.pad)

        source, labels = padded(self.source), padded(self.target)
        # The </s> that shifting brings into shorter rows is read by no position that has a label.
        decoder_input = F.pad(labels[:, :-1], (1, 0), value=self.pad)
        return source, decoder_input, labels, sum(self.lengths[pair][1] for pair in pairs)


def sum_of_losses(model, source, decoder_input, labels, smoothing):
    logits = model(source, decoder_input)
    return F.cross_entropy(logits.view(-1, logits.size(-1)), labels.reshape(-1), ignore_index=model.pad,
                           label_smoothing=smoothing, reduction="sum")


@torch.no_grad()
def validation_cross_entropy(model, corpus, max_tokens):
    model.eval()
    loss = tokens = 0
    for pairs in batches.plan_sorted(corpus.lengths, max_tokens):
        source, decoder_input, labels, count = corpus.batch(pairs)
        loss += sum_of_losses(model, source, decoder_input, labels, smoothing=0.0).item()
        tokens += count
    model.train()
    return loss / tokens


def endless_batches(corpus, max_tokens, seed):
    for epoch in range(1_000_000):
        for pairs in batches.plan_epoch(corpus.lengths, max_tokens, f"{seed} {epoch}"):
            yield corpus.batch(pairs)


def train(options):
    """--precision bfloat16: products by LibTorch's autocast, as its documentation has it: without the backward pass."""
    precision = getattr(torch, options.precision)
    torch.manual_seed(options.seed)
    model = Transformer(options).train()
    corpus = Corpus(options.train, model.pad)
    valid = Corpus(options.valid, model.pad) if options.valid_every else None
    optimiser = torch.optim.Adam(model.parameters(), betas=(0.9, 0.98), eps=1e-9, fused=True)
    with open(options.records, "w", buffering=1, encoding="ascii") as records:
        start, paused = time.perf_counter(), 0.0
        stream = endless_batches(corpus, options.max_tokens, options.seed)
        for update, (source, decoder_input, labels, tokens) in enumerate(stream, 1):
            optimiser.param_groups[0]["lr"] = options.learning_rate * min(update / options.warmup,
                                                                          (options.warmup / update) ** 0.5)
            with torch.autocast("cpu", precision, enabled=precision is not torch.float32):
                loss = sum_of_losses(model, source, decoder_input, labels, options.label_smoothing) / tokens
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), options.clip_norm)
            optimiser.step()
            value = loss.item()
            seconds = time.perf_counter() - start - paused
            records.write(json.dumps({"kind": "train", "update": update, "seconds": seconds, "tokens": tokens,
                                      "loss": value}) + "\n")
            if valid and update % options.valid_every == 0:
                before = time.perf_counter()
                cross_entropy = validation_cross_entropy(model, valid, options.max_tokens)
                paused += time.perf_counter() - before
                records.write(json.dumps({"kind": "valid", "update": update, "seconds": seconds,
                                          "cross_entropy": cross_entropy}) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--train", required=True, help="files of ids, without .src and .tgt")
    parser.add_argument("--valid", help="the same for validation")
    parser.add_argument("--records", required=True, help="file to write a line of JSON an update to")
    for name in ("layers", "d-model", "ffn-dim", "heads", "vocabulary", "max-tokens", "threads"):
        parser.add_argument("--" + name, type=int, required=True)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--label-smoothing", type=float, default=0.1)
    parser.add_argument("--clip-norm", type=float, default=1.0)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--warmup", type=int, default=4000, help="updates")
    parser.add_argument("--valid-every", type=int, default=0, help="updates; 0: never")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    train(options)


if __name__ == "__main__":
    main()
