"""`python -m tts_viz train all --quick`: the whole pipeline, small; cut short, it goes on as if it had not been."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tts_viz.cli.main import main
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.training import policy as policy_loading
from tts_viz.training import verifier
from tts_viz.training.loop import Row, batches, fit
from tts_viz.training.muon import orthogonal
from tts_viz.training.sizes import QUICK, QUICK_SIZES

SMALL = replace(QUICK, tokens=40_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_quick_training_makes_models_that_load_and_say_how_they_were_made(tmp_path: Path) -> None:
    assert main(["train", "all", "--quick", "--out", str(tmp_path), "--device", "cpu", "--threads", "1"]) == 0
    assert load_policy(str(tmp_path / "policy-small")).parameters > 10_000
    assert load_policy(str(tmp_path / "policy-large"))
    assert load_verifier(str(tmp_path / "verifier"))
    made = json.loads((tmp_path / "verifier" / "training.json").read_text())
    assert made["command"] == "python -m tts_viz train all --seed 0 --quick"
    assert made["training"]["tokens"] >= QUICK.tokens
    assert made["command"] in (tmp_path / "verifier" / "README.md").read_text()


def test_a_part_that_lacks_what_it_needs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "verifier", "--quick", "--out", str(tmp_path)]) == 1
    assert "train all" in capsys.readouterr().err


@pytest.mark.slow
def test_training_that_was_cut_short_ends_with_the_same_weights(tmp_path: Path) -> None:
    def train(folder: Path, *upto: int) -> dict[str, torch.Tensor]:
        model = policy_loading.new_policy(SMALL, 0)
        for tokens in upto:
            model = policy_loading.new_policy(SMALL, 0)
            calm = replace(SMALL, tokens=tokens)
            fit(
                model,
                policy_loading.draw,
                policy_loading.next_token_loss,
                calm,
                folder,
                "p",
                0,
                "cpu",
                lambda *_: None,
                0,
                SMALL.tokens,
            )
        return model.state_dict()

    whole, resumed = train(tmp_path / "a", 40_000), train(tmp_path / "b", 15_000, 40_000)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_large_policy_begins_by_saying_what_the_small_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_loading, "NOISE", 0.0)
    wide = replace(
        QUICK, hidden=3 * QUICK.hidden, heads=3 * QUICK.heads, inner=3 * QUICK.inner, layers=QUICK.layers + 2
    )
    small = policy_loading.new_policy(QUICK, 0).eval()
    tokens = torch.randint(0, 40, (3, 30))
    large = policy_loading.grown_policy(small, wide, 0).eval()
    assert torch.allclose(small(tokens).logits, large(tokens).logits, atol=1e-4)
    with pytest.raises(ValueError, match="multiple"):
        policy_loading.grown_policy(small, replace(wide, heads=4), 0)


def test_the_verifier_first_learns_only_what_the_policy_lacks(tmp_path: Path) -> None:
    policy = policy_loading.new_policy(QUICK, 0)
    model = verifier.new_verifier(QUICK_SIZES["verifier"], 0, policy)
    before = {name: weight.clone() for name, weight in model.state_dict().items()}
    (tmp_path / "attempts.jsonl").touch()
    labels = verifier.Labels(tmp_path / "attempts.jsonl")
    short = replace(QUICK_SIZES["verifier"], tokens=8_000)
    fit(model, labels.draw, verifier.judging_loss, short, tmp_path, "v", 0, "cpu", lambda *_: None, 0)
    learned = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
    assert {"score.weight", "model.layers.2.mlp.up_proj.weight"} <= learned
    assert not any(f"layers.{below}." in name or "embed" in name for name in learned for below in (0, 1))


def test_batches_hold_every_row_once_and_are_the_same_every_time() -> None:
    def draw(rng: random.Random) -> Row:
        n = rng.randint(2, 40)
        return Row([rng.randint(1, 9) for _ in range(n)], [[1.0]] * n)

    stream = batches(draw, 0, 0, 200, 0)
    first = [next(stream) for _ in range(70)]
    again = batches(draw, 0, 67, 200, 0)
    assert torch.equal(first[67][0], next(again)[0])
    for tokens, targets in first:
        assert tokens.shape == targets.shape[:2]
        assert ((tokens == 0) == (targets[:, :, 0] == -100)).all()
        assert tokens.numel() < 600


def test_muons_steps_are_nearly_orthogonal() -> None:
    torch.manual_seed(0)
    for shape in ((8, 20), (20, 8)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
        assert values.min() > 0.4
        assert values.max() < 1.4


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_the_embedded_models_are_in_the_repository_with_their_cards(name: str) -> None:
    folder = EMBEDDED[name]
    assert {"model.safetensors", "config.json", "tokenizer.json", "README.md"} <= {p.name for p in folder.iterdir()}
    made = json.loads((folder / "training.json").read_text())
    assert made["command"].startswith("python -m tts_viz train")
    assert "--quick" not in made["command"]
