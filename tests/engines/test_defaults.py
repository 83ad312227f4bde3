"""Which models are used where nobody names one."""

from __future__ import annotations

import pytest

from tts_viz.engines.defaults import default_policies, default_verifiers
from tts_viz.ui.forms.offered import OfferedModels


@pytest.mark.parametrize("said", [None, "", " , "])
def test_without_a_word_from_the_environment_those_that_come_with_the_repository(
    monkeypatch: pytest.MonkeyPatch, said: str | None
) -> None:
    for variable in ("TTS_VIZ_POLICIES", "TTS_VIZ_VERIFIERS"):
        monkeypatch.delenv(variable, raising=False) if said is None else monkeypatch.setenv(variable, said)
    assert default_policies() == ("policy-small", "policy-large")
    assert default_verifiers() == ("verifier", "oracle", "noisy:0.2")


def test_the_environment_names_the_models_that_the_page_offers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTS_VIZ_POLICIES", "Qwen/Qwen2.5-1.5B-Instruct?dtype=float16, http://host:8000/v1#small")
    monkeypatch.setenv("TTS_VIZ_VERIFIERS", "oracle")
    models = OfferedModels()
    assert models.policies == ("Qwen/Qwen2.5-1.5B-Instruct?dtype=float16", "http://host:8000/v1#small")
    assert models.verifiers == ("oracle",)
    with pytest.raises(ValueError, match="There is no verifier 'verifier' here"):
        models.verifier("verifier")
