"""Sampling that does not depend on the rest of the batch: one uniform number per (seed, position), then inverse CDF.

The last bits of logits vary with the shape of the batch. Log-probabilities are therefore rounded to 1e-4 first, which
almost always removes the difference. It remains only if a value lies within that noise of a rounding boundary *and* the
uniform number lies within 1e-4 of the edge between two tokens.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

ROUNDED = 1e4
MASK = 2**64 - 1


def uniform(seed: int, position: int) -> float:
    """A number in (0, 1) from a counter: SplitMix64 (Steele et al. 2014) of the seed and the position."""
    z = (seed + (position + 1) * 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    z ^= z >> 31
    return ((z >> 11) + 0.5) / 2**53


def choose(
    logits: Tensor, temperatures: Sequence[float], seeds: Sequence[int], positions: Sequence[int]
) -> tuple[list[int], list[float]]:
    """A token for each row of logits [rows, vocabulary], and its natural log-probability *without* temperature.

    Temperature 0 takes the likeliest token, the lowest id among equals.
    """
    logprobs = (torch.log_softmax(logits.float(), -1) * ROUNDED).round() / ROUNDED
    best, greedy = logprobs.max(-1)
    # Explicit dtype: another thread that is building a model may have changed torch's default.
    divisors = torch.tensor([t or 1.0 for t in temperatures], dtype=logprobs.dtype, device=logits.device)
    # In single precision, a sum over a large vocabulary would lose the unlikely tokens.
    edges = ((logprobs - best[:, None]) / divisors[:, None]).exp().cumsum(-1, dtype=torch.float64)
    draws = [uniform(seed, position) for seed, position in zip(seeds, positions)]
    targets = torch.tensor(draws, dtype=torch.float64, device=logits.device) * edges[:, -1]
    sampled = torch.searchsorted(edges, targets[:, None]).squeeze(-1).clamp(max=logits.shape[-1] - 1)
    is_greedy = torch.tensor([t == 0 for t in temperatures], device=logits.device)
    tokens = torch.where(is_greedy, greedy, sampled)
    return tokens.tolist(), logprobs.gather(1, tokens[:, None]).squeeze(1).tolist()
