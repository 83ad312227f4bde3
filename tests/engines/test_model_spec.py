"""Names with options."""

from __future__ import annotations

import pytest

from tts_viz.engines.model_spec import ModelSpec, parse_model_spec


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("policy-small", ModelSpec("policy-small")),
        (" models/a ", ModelSpec("models/a")),
        ("owner/prm?format=qwen", ModelSpec("owner/prm", {"format": "qwen"})),
        ("a?separator=\\n\\n&bits=8", ModelSpec("a", {"separator": "\n\n", "bits": "8"})),
        ("a?separator=%20%26%3D", ModelSpec("a", {"separator": " &="})),
        ("a?system=1+1=2", ModelSpec("a", {"system": "1+1=2"})),
        ("http://host:1/v1#m?key=v", ModelSpec("http://host:1/v1#m", {"key": "v"})),
    ],
)
def test_a_name_may_carry_options(text: str, reference: ModelSpec) -> None:
    assert parse_model_spec(text) == reference


@pytest.mark.parametrize("text", ["", "?a=b", "m?", "m?a", "m?=b", "m?a=1&a=2"])
def test_what_is_no_name_with_options_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|written|twice"):
        parse_model_spec(text)


def test_an_unknown_option_is_refused_with_those_there_are() -> None:
    with pytest.raises(ValueError, match="no option 'frmat'; there are bits, format"):
        parse_model_spec("m?frmat=qwen").refuse_others({"format", "bits"})
