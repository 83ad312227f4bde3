"""The embedded models in a shape that vLLM takes, and otherwise the same: `python -m tests.engines.server.converted DIR`.

Their attention heads are 20 numbers wide, and vLLM's kernels know only certain widths, 32 the least. Here each head is widened by
zeros. Rotary embeddings turn number i of a head together with number i + half, by an angle that depends on i and the head's
width; so the zeros go to the end of each half, and the base is raised until the angles are those of the narrower head.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM, AutoModelForTokenClassification, LlamaConfig

from tts_viz.engines.embedded import EMBEDDED, VERIFIER

WIDTH = 32


def convert(name: str, into: Path) -> Path:
    """Writes the embedded model of this name into the folder `into`/name, with its tokenizer. Returns that folder."""
    kind: Any = AutoModelForTokenClassification if name == VERIFIER else AutoModelForCausalLM
    narrow = kind.from_pretrained(EMBEDDED[name])
    config: LlamaConfig = narrow.config
    old = config.head_dim
    wide = LlamaConfig.from_dict(
        config.to_dict()
        | {
            "head_dim": WIDTH,
            "rope_parameters": {
                "rope_type": "default",
                "rope_theta": config.rope_parameters["rope_theta"] ** (WIDTH / old),
            },
        }
    )
    state = dict(narrow.state_dict())
    for key, weight in narrow.state_dict().items():
        if key.endswith(("q_proj.weight", "k_proj.weight", "v_proj.weight")):
            # Scores are divided by the root of the head's width.
            scale = (WIDTH / old) ** 0.5 if "q_proj" in key else 1.0
            state[key] = _widened(weight, old) * scale
        elif key.endswith("o_proj.weight"):
            state[key] = _widened(weight.T, old).T.contiguous()
    model = kind.from_config(wide)
    model.load_state_dict(state)
    folder = into / name
    model.save_pretrained(folder)
    for file in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(EMBEDDED[name] / file, folder)
    return folder


def _widened(weight: torch.Tensor, old: int) -> torch.Tensor:
    """[heads · old, size] to [heads · WIDTH, size]."""
    halves = weight.view(-1, 2, old // 2, weight.shape[1])
    made = halves.new_zeros(halves.shape[0], 2, WIDTH // 2, weight.shape[1])
    made[:, :, : old // 2] = halves
    return made.view(-1, weight.shape[1])


if __name__ == "__main__":
    for model in EMBEDDED:
        print(convert(model, Path(sys.argv[1])))
