"""Without the packages of the extras: what needs them says so, and everything else works."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tts_viz.errors import MissingExtraError
from tts_viz.extras import PACKAGES, installed, needing

BLOCKED = (
    f"import sys\nfor name in {sorted({p for some in PACKAGES.values() for p in some})}: sys.modules[name] = None\n"
)
"""As if none of them were installed."""


def python(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", BLOCKED + code], check=False, capture_output=True, text=True)


@pytest.mark.parametrize(
    ("args", "extra"),
    [
        (["lab", "some.parquet"], "lab"),
        (["sweep", "assets/lab/shipped.toml", "--out", "some.parquet"], "lab"),
        (["run", "--problem", "make 24 from 4 6", "--policy", "http://localhost:1/v1#m"], "server"),
        (["doctor", "--verifier", "http://localhost:1/v1#m"], "server"),
    ],
)
def test_a_command_says_in_one_line_what_to_install(args: list[str], extra: str) -> None:
    done = python(f"from tts_viz.cli.main import main; sys.exit(main({args!r}))")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert f"pip install 'tts-viz[{extra}]'" in done.stderr


def test_the_page_has_all_but_the_laboratory() -> None:
    done = python("""
from tts_viz.search.scheduler import Scheduler
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page
scheduler = Scheduler()
page = build_page(OfferedModels(), scheduler, Library.in_memory())
tabs = [block.label for block in page.blocks.values() if type(block).__name__ == "Tab"]
said = [block.value for block in page.blocks.values() if type(block).__name__ == "Markdown"]
print(tabs, [text for text in said if text and "tts-viz[lab]" in text])
scheduler.close()
""")
    assert done.returncode == 0, done.stderr
    assert all(f"'{tab}'" in done.stdout for tab in ("Search", "Compare", "Runs", "Verifier", "Lab", "Learn"))
    assert done.stdout.count("pip install 'tts-viz[lab]'") == 1


def test_python_says_it_as_an_error() -> None:
    done = python("""
import tts_viz
try:
    tts_viz.load_verifier("http://localhost:1/v1#m")
except ImportError as error:
    print(type(error).__name__, error)
""")
    assert done.stdout.startswith(
        "MissingExtraError A model on a server needs openai, which is not installed: pip install"
    )


def test_what_is_no_extras_is_passed_on() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_package"), needing("This"):
        import no_such_package  # type: ignore[import-not-found]  # noqa: F401
    with pytest.raises(MissingExtraError, match="This needs sklearn, which is not installed"), needing("This"):
        raise ModuleNotFoundError(name="sklearn.isotonic")
    assert installed("lab")
