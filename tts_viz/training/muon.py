"""Muon (Jordan et al. 2024) for hidden weight matrices: each step is the nearest orthogonal matrix to the momentum.

torch has the same optimizer, but orthogonalises in bfloat16, which many CPUs only emulate: a step of the large policy
took 12 s there, 0.4 s here. After 1.5 M tokens the small policy's loss was 1.07 with it and 1.76 with AdamW.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

import torch
from torch import Tensor, nn

QUINTIC = (3.4445, -4.7750, 2.0315)
"""coefficients of the Newton–Schulz iteration, chosen for speed: singular values end near 1, not at it"""


class Muon(torch.optim.Optimizer):
    """For 2-D parameters, those of one shape together.

    The step's size is that of AdamW at the same learning rate (Liu et al. 2025).
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, momentum: float = 0.95, weight_decay: float = 0.01
    ):
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        for group in self.param_groups:
            alike: dict[torch.Size, list[tuple[nn.Parameter, Tensor]]] = defaultdict(list)
            for p in group["params"]:
                slow = self.state[p].setdefault("slow", torch.zeros_like(p))
                slow.lerp_(p.grad, 1 - group["momentum"])
                alike[p.shape].append((p, p.grad.lerp(slow, group["momentum"])))
            for shape, wanted in alike.items():
                directions = orthogonal(torch.stack([momentum for _, momentum in wanted]))
                for (p, _), direction in zip(wanted, directions):
                    p.mul_(1 - group["lr"] * group["weight_decay"])
                    p.add_(direction, alpha=-group["lr"] * 0.2 * math.sqrt(max(shape)))


def orthogonal(matrices: Tensor) -> Tensor:
    """Roughly the nearest orthogonal matrix to each, by five Newton–Schulz iterations; shape [how many, rows, columns].

    In bfloat16 on a GPU, which is precise enough and ten times as fast there.
    """
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    if x.is_cuda:
        x = x.bfloat16()
    a, b, c = QUINTIC
    for _ in range(5):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.mT if tall else x).to(matrices.dtype)
