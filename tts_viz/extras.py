"""What this package can do only with more packages, each group of which is an extra of its own (`pip install 'tts-viz[lab]'`)."""

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
    "train": ("rapidfuzz", "sklearn"),
}
"""extra: what is imported of it; pyproject.toml says which packages these are."""


def installed(extra: str) -> bool:
    return all(find_spec(package) for package in PACKAGES[extra])


def advice(extra: str) -> str:
    return f"pip install 'tts-viz[{extra}]'"


@contextmanager
def needing(what: str) -> Iterator[None]:
    """Raises `MissingExtraError` where what is done in here lacks a package of an extra. `what`: the beginning of the
    sentence, such as "A model on a server"."""
    try:
        yield
    except ModuleNotFoundError as missing:
        package = (missing.name or "").partition(".")[0]
        extra = next((extra for extra, its in PACKAGES.items() if package in its), None)
        if extra is None:
            raise
        raise MissingExtraError(f"{what} needs {package}, which is not installed: {advice(extra)}") from missing
