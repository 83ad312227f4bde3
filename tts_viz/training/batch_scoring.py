"""The verifier reading many attempts at one problem in one batch, without any cache: for benches and audits."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from transformers import LlamaForTokenClassification

from tts_viz.training.tokenizer import BOS_ID, PAD_ID, encode


@torch.inference_mode()
def read_steps(model: LlamaForTokenClassification, prompt: str, attempts: Sequence[Sequence[str]]) -> list[list[float]]:
    """The score of each step of each attempt: the probability of "true" at the newline after it."""
    rows, ends = [], []
    for steps in attempts:
        row = [BOS_ID, *encode(prompt)]
        at = []
        for step in steps:
            row += encode(step + "\n")
            at.append(len(row) - 1)
        rows.append(row)
        ends.append(at)
    width = max(map(len, rows))
    tokens = torch.tensor([row + [PAD_ID] * (width - len(row)) for row in rows], device=model.device)
    scores = model(input_ids=tokens).logits.float().softmax(-1)[:, :, 1].tolist()
    return [[row[i] for i in at] for row, at in zip(scores, ends)]
