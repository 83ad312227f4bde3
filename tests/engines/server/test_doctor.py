"""The doctor visits a verifier on a server: what can be examined from outside is."""

from __future__ import annotations

import pytest

from tests.engines.server.scripted import Reply, Server
from tts_viz.cli.main import main
from tts_viz.engines.load.doctor import examine
from tts_viz.errors import EngineError
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.search.verifier_badge import badge


def test_what_can_be_examined_from_outside_is(server: Server) -> None:
    diagnosis = examine(f"{server.name}?tokenizer=verifier&format=trl")
    assert dict(diagnosis.found)["format"] == "trl, since you said so"
    verdicts = {check.name: check.verdict for check in diagnosis.checks}
    assert verdicts["one score from 0 to 1 for each step"] == "ok"
    assert "read in parts as read whole" not in verdicts
    assert {asked.path for asked in server.asked} == {"/v1/models", "/pooling"}


def test_a_server_that_fails_is_no_verdict_and_is_asked_again_later(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"{server.name}?tokenizer=verifier&tries=1"
    server.answer = lambda asked: Reply(b"<html>")
    with pytest.raises(EngineError, match="makes no sense"):
        examine(name)
    assert main(["doctor", "--verifier", name]) == 1
    assert "makes no sense" in capsys.readouterr().err
    verifier = OfferedModels(verifiers=(name,)).verifier(name)
    with pytest.raises(EngineError):
        badge(verifier)
    server.answer = server.sense
    assert "trl" in badge(verifier)
