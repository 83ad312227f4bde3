"""`python -m tts_viz train all --quick`: the whole pipeline, small; cut short, it goes on as if it had not been."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from tts_viz.cli.main import main
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.training import loop, verifier
from tts_viz.training import policy as policy_training
from tts_viz.training.loop import Machine, Row, batches, fit, schedule
from tts_viz.training.muon import orthogonal
from tts_viz.training.sizes import QUICK, QUICK_SIZES

SMALL = replace(QUICK, tokens=40_000)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_quick_training_makes_models_that_load_and_say_how_they_were_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--quick", "--out", str(tmp_path), "--device", "cpu", "--threads", "1"]
    assert main(["train", "all", *asked]) == 0
    assert load_policy(str(tmp_path / "policy-small")).parameters > 10_000
    assert load_policy(str(tmp_path / "policy-large"))
    assert load_verifier(str(tmp_path / "verifier"))
    made = json.loads((tmp_path / "verifier" / "training.json").read_text())
    assert made["command"] == "python -m tts_viz train verifier --seed 0 --quick --labels hard"
    assert made["training"]["tokens"] >= QUICK.tokens
    assert made["command"] in (tmp_path / "verifier" / "README.md").read_text()
    capsys.readouterr()
    assert main(["train", "measure", *asked, "--problems", "2", "--samples", "2", "--tasks", "word_problems"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == [f"word_problems {level}" for level in range(1, 6)]


def test_a_part_that_lacks_what_it_needs_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "verifier", "--quick", "--out", str(tmp_path)]) == 1
    assert "train all" in capsys.readouterr().err


@pytest.mark.slow
def test_a_sitting_that_is_over_leaves_a_model_and_the_next_one_goes_on(tmp_path: Path) -> None:
    asked = ["train", "policy-small", "--quick", "--tokens", "20000", "--out", str(tmp_path), "--device", "cpu"]

    def seen() -> int:
        assert load_policy(str(tmp_path / "policy-small"))
        return json.loads((tmp_path / "policy-small" / "training.json").read_text())["training"]["tokens"]

    assert main([*asked, "--minutes", "0"]) == 0
    assert seen() == 0
    assert main(asked) == 0
    assert seen() >= 20_000


@pytest.mark.slow
def test_training_that_was_cut_short_ends_with_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(folder: Path, stop_after: int | None) -> dict[str, torch.Tensor]:
        """Trains to the end; with `stop_after`, in a first sitting only for so many steps."""
        drawn = 0

        def draw(rng: random.Random) -> Row:
            return policy_training.draw(rng)

        class OverError(Exception):
            pass

        def loss(model: torch.nn.Module, tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
            nonlocal drawn
            drawn += 1
            if drawn == stop_after:
                raise OverError
            return policy_training.next_token_loss(model, tokens, targets)

        while True:
            model = policy_training.new_policy(SMALL, 0)
            try:
                fit(model, draw, loss, SMALL, folder, "p", 0, Machine(), lambda *_: None, 0)
            except OverError:
                continue
            return model.state_dict()

    monkeypatch.setattr(loop, "CHECKPOINT_SECONDS", 0.0)  # one after every step
    whole, resumed = train(tmp_path / "a", None), train(tmp_path / "b", 8)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_the_large_policy_begins_by_saying_what_the_small_one_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy_training, "NOISE", 0.0)
    wide = replace(
        QUICK, hidden=3 * QUICK.hidden, heads=3 * QUICK.heads, inner=3 * QUICK.inner, layers=QUICK.layers + 2
    )
    small = policy_training.new_policy(QUICK, 0).eval()
    tokens = torch.randint(0, 40, (3, 30))
    large = policy_training.grown_policy(small, wide, 0).eval()
    assert torch.allclose(small(tokens).logits, large(tokens).logits, atol=1e-4)
    with pytest.raises(ValueError, match="multiple"):
        policy_training.grown_policy(small, replace(wide, heads=4), 0)


def test_the_verifier_begins_as_the_policy_with_more_on_top() -> None:
    policy = policy_training.new_policy(QUICK, 0).eval()
    tokens = torch.randint(0, 40, (3, 30))
    for size in (QUICK_SIZES["verifier"], replace(QUICK, hidden=64, heads=4, inner=128, layers=3)):
        model = verifier.new_verifier(size, 0, policy).eval()
        hidden = model.model(input_ids=tokens).last_hidden_state
        words = hidden @ model.model.embed_tokens.weight.T
        assert torch.corrcoef(torch.stack([words.flatten(), policy(tokens).logits.flatten()]))[0, 1] > 0.99


def numbers(rng: random.Random) -> Row:
    n = rng.randint(2, 40)
    return Row([rng.randint(1, 9) for _ in range(n)], [[1.0]] * n)


def test_batches_hold_every_row_once_and_are_the_same_every_time() -> None:
    stream = batches(numbers, 0, 0, 200, 0)
    first = [next(stream) for _ in range(70)]
    again = batches(numbers, 0, 67, 200, 0)
    assert (first[67][0] == next(again)[0]).all()
    for tokens, targets in first:
        assert tokens.shape == targets.shape[:2]
        assert ((tokens == 0) == (targets[:, :, 0] == -100)).all()
        assert tokens.size < 600


def test_batches_are_the_same_however_many_workers_draw_them() -> None:
    alone, helped = batches(numbers, 0, 60, 200, 0), batches(numbers, 0, 60, 200, 0, workers=2)
    for _ in range(100):
        assert all(np.array_equal(a, b) for a, b in zip(next(alone), next(helped)))


def test_a_longer_training_sees_the_same_rates_until_the_shorter_one_ends() -> None:
    assert schedule(0.0) < 0.02
    assert [schedule(s) for s in (0.01, 0.3, 0.79)] == [1.0, 1.0, 1.0]
    assert schedule(0.9) == pytest.approx(0.5)
    assert schedule(1.0) == 0.01


def test_muons_steps_are_nearly_orthogonal() -> None:
    torch.manual_seed(0)
    for shape in ((3, 8, 20), (3, 20, 8)):
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
