"""The interface of formats of process reward models, and their registry.

To add one, write a class with the methods of `PRMFormat`, decorated with `@prm_format(…)`, in a file beside this one that
`formats` imports, or in another package with an entry point of the group `tts_viz.prm_formats`.
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
    """The model classifies each token into `count` labels, of which `good` means "right so far"; a single one is a score."""

    count: int
    good: int


@dataclass(frozen=True, slots=True)
class Signs:
    """The model is a language model that writes one of two tokens after a step."""

    plus: int
    minus: int


class PRMFormat(Protocol):
    """How a solution is tokenized for a verifier, piece by piece, so that the pieces read before can come from the cache.

    The reward of a step is read from the hidden state at the last token of its piece, or of `closing` after it.
    """

    name: ClassVar[str]

    @property
    def tokenizer(self) -> Any:
        """The model's tokenizer."""
        ...

    def check(self, model: Any) -> None:
        """Raises ValueError, saying what was found, if the model does not fit this format."""
        ...

    def pieces(self, prompt: str, question: str, steps: Sequence[str]) -> list[Tokens]:
        """The tokens before the first step, then those of each step, its separator included.

        A piece must not depend on what follows it. `prompt` is what the policy reads, `question` the problem alone.
        """
        ...

    def closing(self) -> Tokens:
        """Tokens that are appended only to read the last step's reward and are not continued; often none."""
        ...

    def rewards(self, model: Any, hidden: Tensor) -> Sequence[float]:
        """A reward in [0, 1] for each hidden state [rows, size]."""
        ...

    def served(self, config: Any) -> Labels | Signs | None:
        """How to get the rewards from a server that runs the model; None: impossible. `config` is the model's, None if
        unknown. Raises ValueError for an unsuitable tokenizer."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What is known about a model before it is loaded. `weights`: the names of its tensors; empty for one on a server."""

    name: str
    config: Any
    weights: Collection[str] = ()

    @property
    def architecture(self) -> str:
        return next(iter(getattr(self.config, "architectures", None) or ()), "")

    @property
    def writes(self) -> bool:
        """Is it a language model? True if the architecture is unknown."""
        return not self.architecture or self.architecture.endswith("ForCausalLM")


@dataclass(frozen=True, slots=True)
class FormatEntry:
    """A registered format: how to make it from a tokenizer and `options`, and how to load its model.

    `model` is the transformers class of the body. If the checkpoint has a custom head, its tensors' names begin with
    `prefix` and `attach(model, tensors)` adds it. `recognises` returns the reason why a checkpoint has this format, else "".
    `tag`: a piece of text marks the end of a step; it should be as many tokens as in training.
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
    """Class decorator: adds a format to `FORMATS` under its name. For the arguments see `FormatEntry`."""

    def register(cls: type[F]) -> type[F]:
        FORMATS.add(cls.name, FormatEntry(cls, model, recognises, prefix, attach, options, tag))
        return cls

    return register
