"""Matrix products of float32 as fast as PyTorch's CPU library does them, in 10^9 operations a second, as JSON.

    gemm_peak.py THREADS SECONDS MxKxN...

Best of many repetitions within the seconds, with operands in place and no memory allocated."""

import json
import sys
import time

import torch


def peak(rows, inner, columns, seconds):
    a, b, out = torch.randn(rows, inner), torch.randn(inner, columns), torch.empty(rows, columns)
    torch.mm(a, b, out=out)
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        begin = time.perf_counter()
        torch.mm(a, b, out=out)
        best = min(best, time.perf_counter() - begin)
    return 2 * rows * inner * columns / best / 1e9


torch.set_num_threads(int(sys.argv[1]))
print(json.dumps({size: peak(*map(int, size.split("x")), float(sys.argv[2])) for size in sys.argv[3:]}))
