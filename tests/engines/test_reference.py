"""Model names with options: what is read, and what is refused."""

from __future__ import annotations

import pytest

from tts_viz.engines.reference import Reference, parse


@pytest.mark.parametrize(
    ("text", "name", "options"),
    [
        ("verifier", "verifier", {}),
        ("  owner/name ", "owner/name", {}),
        (r"models/my-prm?format=rlhflow&separator=\n\n", "models/my-prm", {"format": "rlhflow", "separator": "\n\n"}),
        ("http://host:8000/v1#m?format=qwen", "http://host:8000/v1#m", {"format": "qwen"}),
        (r"a?system=Give \boxed{1\&2}, 100% a=b?", "a", {"system": r"Give \boxed{1&2}, 100% a=b?"}),
        (r"a?x=\\n&y=\t", "a", {"x": r"\n", "y": "\t"}),
        ("a?x=1\\\\&y=", "a", {"x": "1\\", "y": ""}),
        ("a?x=ки\\n", "a", {"x": "ки\n"}),
    ],
)
def test_a_reference_is_read(text: str, name: str, options: dict[str, str]) -> None:
    assert parse(text) == Reference(name, options)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no model"),
        ("?format=qwen", "names no model"),
        ("a?", "ends before its options"),
        ("a?format", "no option"),
        ("a?=qwen", "no option"),
        ("a?format=qwen&format=trl", "twice"),
    ],
)
def test_what_is_no_reference_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_an_option_that_is_not_known_is_refused_with_those_that_are() -> None:
    given = parse("a?formt=qwen")
    with pytest.raises(ValueError, match=r"no option 'formt': choose from format, separator"):
        given.allow("format", "separator")
    with pytest.raises(ValueError, match="takes none"):
        given.allow()
    parse("a?format=qwen").allow("format")
