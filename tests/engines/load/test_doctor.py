"""The doctor: what it says of good checkpoints, and of each kind of broken one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engines.prm import checkpoints as made
from tests.engines.prm.test_formats import orm, qwen, rlhflow
from tts_viz.cli.main import main
from tts_viz.engines.load.doctor import Diagnosis, diagnose, examine
from tts_viz.engines.load.verifier import load_prm
from tts_viz.engines.model_spec import parse_model_spec
from tts_viz.engines.prm.formats import DetectedFormat


def verdicts(diagnosis: Diagnosis) -> dict[str, str]:
    return {check.name: check.verdict for check in diagnosis.checks}


def test_the_embedded_verifier_is_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "trl, since it comes with tts_viz" in said
    assert "'\\n'" in said
    assert said.count("✓") == 5


def test_it_can_be_asked_for_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "ok"


def test_a_verifier_that_is_not_there_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--verifier", "nowhere"]) == 2
    assert main(["doctor", "--verifier", "oracle"]) == 2
    assert "no model" in capsys.readouterr().err


@pytest.mark.parametrize("format", ["qwen", "rlhflow", "orm"])
def test_a_random_model_is_read_rightly_whatever_it_says(format: str, tmp_path: Path) -> None:
    {"qwen": lambda d: qwen(d, 1), "rlhflow": lambda d: rlhflow(d, made.byte_level()), "orm": orm}[format](tmp_path)
    found = verdicts(examine(f"{tmp_path}?format={format}"))
    found.pop("the right solution outscores the wrong one")
    assert set(found.values()) == {"ok"}


def test_a_model_that_prefers_the_false_step_is_bad(tmp_path: Path) -> None:
    orm(tmp_path)
    verifier, found = load_prm(parse_model_spec(str(tmp_path)))
    before = verdicts(diagnose(verifier, found))["the right solution outscores the wrong one"]
    with torch.no_grad():
        verifier.model.score.weight.neg_()  # pyright: ignore
    verifier.reader.forest.roots.clear()
    after = verdicts(diagnose(verifier, found))["the right solution outscores the wrong one"]
    assert {before, after} == {"ok", "bad"}


def test_a_separator_of_many_tokens_is_doubted_and_none_is_bad() -> None:
    for separator, verdict in ((" The end. ", "doubt"), ("", "bad"), ("\n", "ok")):
        verifier, found = load_prm(parse_model_spec("verifier"))
        verifier.format = type(verifier.format)(verifier.format.tokenizer, separator)  # type: ignore
        assert verdicts(diagnose(verifier, found))["the model can see where a step ends"] == verdict


def test_scores_that_are_no_numbers_are_bad() -> None:
    verifier, found = load_prm(parse_model_spec("verifier"))
    with torch.no_grad():
        verifier.model.score.weight[0, 0] = float("nan")  # pyright: ignore
    diagnosis = diagnose(verifier, found)
    assert diagnosis.verdict == "bad"
    assert "no number from 0 to 1" in diagnosis.checks[0].said


def test_reading_in_parts_otherwise_than_whole_is_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, found = load_prm(parse_model_spec("verifier"))
    forward = verifier.reader.forward

    def shifted(tokens: Any, counts: Any, cache: Any) -> Any:
        return forward(tokens, counts, cache) + 0.5 * (cache.trunks is not None)

    monkeypatch.setattr(verifier.reader, "forward", shifted)
    assert verdicts(diagnose(verifier, found))["read in parts as read whole"] == "bad"


def test_what_was_found_is_said(tmp_path: Path) -> None:
    qwen(tmp_path, 1)
    verifier, _ = load_prm(parse_model_spec(str(tmp_path)))
    facts = dict(diagnose(verifier, DetectedFormat("qwen", "of its head")).found)
    assert facts["head"] == "32 × 32 → 32 × 2"
    assert facts["after each step"].startswith("'<extra_0>'")
    assert facts["context"] == "600 tokens"
