"""What a format of process reward models has to say, and how one is registered.

To add one: a file beside this one that `formats` imports, or in another package, named by an entry point of the group
`tts_viz.prm_formats`; in it a class with the methods of `PRMFormat`, decorated with `@prm_format(…)`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar

from torch import Tensor

from tts_viz.core.registry import Registry
from tts_viz.engines.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Labels:
    """A server sorts each token into `count` classes, of which `good` means "right so far"; one class: how good it is."""

    count: int
    good: int


@dataclass(frozen=True, slots=True)
class Signs:
    """The model is a language model that writes one of two tokens after a step."""

    plus: int
    minus: int


class PRMFormat(Protocol):
    """How a solution is written for a verifier, piece by piece, so that what was read before need not be read again.

    The reward of a step is read from the hidden state at the last token of its piece, or of `closing` after it.
    """

    name: ClassVar[str]

    @property
    def tokenizer(self) -> Any:
        """The model's own."""
        ...

    def check(self, model: Any) -> None:
        """Raises ValueError, with what was found, where the model cannot be read in this format."""
        ...

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        """The tokens before the first step, then those of each step, its separator included.

        A piece is the same whatever comes after it. `prompt` is what the policy reads, `question` the problem alone.
        """
        ...

    def closing(self) -> Tokens:
        """Tokens after the last step that are read for its reward and are no part of what goes on; often none."""
        ...

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        """A reward in [0, 1] for each hidden state [rows, size]."""
        ...

    def served(self, config: Any) -> Labels | Signs | None:
        """How a server that runs the model can tell the rewards; None: it cannot. `config` is the model's; None where it is
        not known. Raises ValueError for a tokenizer that lacks what is needed."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known of a model before it is loaded. `weights`: the names of its tensors; none for one on a server."""

    name: str
    config: Any
    weights: Collection[str] = ()

    @property
    def architecture(self) -> str:
        return next(iter(getattr(self.config, "architectures", None) or ()), "")

    @property
    def writes(self) -> bool:
        """Is it a language model, as far as that is known?"""
        return not self.architecture or self.architecture.endswith("ForCausalLM")


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """A registered format: how it is made from a tokenizer and `options`, and its model loaded.

    `model` is transformers' class of the body. A head of the checkpoint's own has tensors that begin with `prefix` and is
    attached by `attach(model, tensors)`. `recognises` says why a checkpoint is in this format, "" where it is not known to be.
    `tag`: a step's end is marked by a piece of text, which should be as few tokens as where the model was trained.
    """

    make: Callable[..., PRMFormat]
    model: Any
    recognises: Callable[[Checkpoint], str]
    prefix: str = ""
    attach: Callable[[Any, Mapping[str, Tensor]], None] | None = None
    options: Collection[str] = ()
    tag: bool = False


FORMATS: Registry[FormatEntry] = Registry("PRM format", "tts_viz.prm_formats")

F = TypeVar("F", bound=PRMFormat)


def prm_format(
    model: Any,
    recognises: Callable[[Checkpoint], str],
    prefix: str = "",
    attach: Callable[[Any, Mapping[str, Tensor]], None] | None = None,
    options: Collection[str] = (),
    tag: bool = False,
) -> Callable[[type[F]], type[F]]:
    """Class decorator: enter a format into `FORMATS` under its name. For the arguments see `FormatEntry`."""

    def register(cls: type[F]) -> type[F]:
        FORMATS.add(cls.name, FormatEntry(cls, model, recognises, prefix, attach, options, tag))
        return cls

    return register
