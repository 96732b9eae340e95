"""The shapes that are measured, and how many floating-point operations one update of them takes."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Shape:
    """D, layers (of the encoder, and as many of the decoder), F, H."""
    name: str
    d_model: int
    layers: int
    ffn_dim: int
    heads: int


SHAPES = {shape.name: shape for shape in (Shape("tiny", 128, 4, 256, 4), Shape("small", 256, 6, 1024, 4),
                                          Shape("base", 512, 6, 2048, 8))}

FORMULA = """One product of an [m,k] by a [k,n] matrix is 2mkn operations; backward takes two such products for each one
forward, so an update is 3 x forward. Multiplications forward for a sentence pair of S source and T target tokens, </s>
counted:
  encoder, each layer   S (4 D^2 + 2 D F) + 2 S^2 D
  decoder, each layer   T (6 D^2 + 2 D F) + 2 S D^2 + 2 T^2 D + 2 T S D
  output                T D V
Per target token: 3 x 2 x (sum over the corpus) / (target tokens of the corpus). Padding counts for nothing."""


def multiplications(shape, vocabulary, source, target):
    """Of one pair's forward pass; see FORMULA."""
    d, f = shape.d_model, shape.ffn_dim
    encoder = source * (4 * d * d + 2 * d * f) + 2 * source * source * d
    decoder = (target * (6 * d * d + 2 * d * f) + 2 * source * d * d + 2 * target * target * d +
               2 * target * source * d)
    return shape.layers * (encoder + decoder) + target * d * vocabulary


def operations_per_target_token(shape, vocabulary, lengths):
    """lengths: [(source, target)] of each pair of the corpus, </s> counted."""
    total = sum(multiplications(shape, vocabulary, source, target) for source, target in lengths)
    return 6 * total / sum(target for _, target in lengths)
