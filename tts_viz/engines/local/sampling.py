"""Sampling that does not depend on who else is in the batch: one uniform number per (seed, position), then inverse CDF.

Logits differ in their last bits with the shape of a batch. Log-probabilities are therefore rounded to 1e-4 before
they are used, which makes such differences vanish almost always; the guarantee ends where a value lies within that noise of a
rounding boundary *and* the uniform number within 1e-4 of the edge between two tokens.
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
    # The default dtype may be another one at this moment: that of a model that is being built in another thread.
    warmth = torch.tensor([t or 1.0 for t in temperatures], dtype=logprobs.dtype, device=logits.device)
    # Over a large vocabulary a sum in single precision would lose the unlikely tokens.
    edges = ((logprobs - best[:, None]) / warmth[:, None]).exp().cumsum(-1, dtype=torch.float64)
    draws = [uniform(seed, position) for seed, position in zip(seeds, positions)]
    aims = torch.tensor(draws, dtype=torch.float64, device=logits.device) * edges[:, -1]
    sampled = torch.searchsorted(edges, aims[:, None]).squeeze(-1).clamp(max=logits.shape[-1] - 1)
    cold = torch.tensor([t == 0 for t in temperatures], device=logits.device)
    tokens = torch.where(cold, greedy, sampled)
    return tokens.tolist(), logprobs.gather(1, tokens[:, None]).squeeze(1).tolist()
