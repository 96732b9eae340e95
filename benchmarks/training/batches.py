"""Which pairs go into which batch, as in data/batch_plan.cpp: shuffled, sorted by target and source length, cut so that
rows times the longest row of either side stays within the budget, batches shuffled. Lengths count </s>."""

import random


def plan_epoch(lengths, max_tokens, seed):
    """lengths: [(source, target)] of each pair. Returns lists of indices; every pair is in exactly one."""
    generator = random.Random(seed)
    pairs = list(range(len(lengths)))
    generator.shuffle(pairs)
    plan = plan_sorted(lengths, max_tokens, pairs)
    generator.shuffle(plan)
    return plan


def plan_sorted(lengths, max_tokens, pairs=None):
    """The same, shortest first; pairs of the same lengths keep the order of `pairs`."""
    def key(pair):
        source, target = lengths[pair]
        return target, source if target % 2 == 0 else -source

    plan, longest = [], 0
    for pair in sorted(range(len(lengths)) if pairs is None else pairs, key=key):
        longest = max(longest, *lengths[pair])
        if not plan or longest * (len(plan[-1]) + 1) > max_tokens:
            plan.append([])
            longest = max(lengths[pair])
        plan[-1].append(pair)
    return plan
