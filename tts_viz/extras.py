"""Features that need optional packages; each group of packages is an extra (`pip install 'tts-viz[lab]'`)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

from tts_viz.errors import MissingExtraError

PACKAGES: dict[str, tuple[str, ...]] = {
    "gguf": ("gguf",),
    "lab": ("pyarrow", "sklearn"),
    "math": ("math_verify",),
    "notebook": ("nbformat",),
    "server": ("openai",),
    "train": ("sklearn",),
}
"""Extra → the modules imported from it; pyproject.toml lists the packages that provide them."""


def installed(extra: str) -> bool:
    return all(find_spec(package) for package in PACKAGES[extra])


def advice(extra: str) -> str:
    return f"pip install 'tts-viz[{extra}]'"


@contextmanager
def needing(what: str) -> Iterator[None]:
    """Turn an import error in this block into `MissingExtraError` if the missing package belongs to an extra. `what` is the
    subject of the message's sentence, such as "A model on a server"."""
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        extra = next((extra for extra, its in PACKAGES.items() if package in its), None)
        if extra is None:
            raise
        raise MissingExtraError(f"{what} needs {package}, which is not installed: {advice(extra)}") from missing
