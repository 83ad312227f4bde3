"""Verifiers by name: the embedded one, the oracle, a folder with a PRM, one from the Hugging Face hub, or one on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from transformers import AutoConfig

from tts_viz.engines.base import Verifier
from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.engines.local import placement
from tts_viz.engines.local.verifier import TransformersVerifier
from tts_viz.engines.local.weights import checkpoint_source, loaded, refusing, refusing_server
from tts_viz.engines.model_spec import ModelSpec, parse_model_spec
from tts_viz.engines.noisy import Noisy
from tts_viz.engines.oracle import Oracle
from tts_viz.engines.prm.checkpoint_heads import tensors, weight_files
from tts_viz.engines.prm.formats import Checkpoint, DetectedFormat, detect, make
from tts_viz.engines.server.address import is_server
from tts_viz.extras import needing

if TYPE_CHECKING:
    from tts_viz.engines.server.verifier import ServerVerifier

VERIFIER_CHOICES = (
    f"{VERIFIER}, oracle, noisy:0.2, noisy:0.2:{VERIFIER}, a folder with a PRM, a hub id like owner/name, or "
    "http://host:8000/v1#model"
)


def load_verifier(name: str, device: str = "auto") -> Verifier:
    """Raises ValueError, naming the choices, for an unknown verifier."""
    if name == "oracle":
        return Oracle()
    if name.startswith("noisy:"):
        return _noisy(name, device)
    if is_server(name):
        return on_server(name)[0]
    with refusing(name, VERIFIER_CHOICES):
        reference = parse_model_spec(name)
        if reference.name in POLICIES:
            raise ValueError(f"{reference.name} writes steps, it does not score them")
    return load_prm(reference, device)[0]


def load_prm(reference: ModelSpec, device: str = "auto") -> tuple[TransformersVerifier, DetectedFormat]:
    """A PRM and its detected format. Raises ValueError as `load_verifier` does."""
    name = reference.name
    source, local = checkpoint_source(name, VERIFIER_CHOICES)
    with refusing(name, VERIFIER_CHOICES):
        found = _format(reference, source, local)
        kind = found.entry
        reference.refuse_others({"format", *placement.OPTIONS, *kind.options})
    where = {key: reference.options[key] for key in placement.OPTIONS if key in reference.options}
    model, tokenizer = loaded(kind.model, name, device, VERIFIER_CHOICES, where)
    with refusing(name, VERIFIER_CHOICES):
        if kind.attach:
            kind.attach(model, tensors(source, local, kind.prefix))
        format = make(kind, tokenizer, reference.options)
        format.check(model)
        return TransformersVerifier(model, format, name), found


def on_server(name: str) -> tuple[ServerVerifier, DetectedFormat]:
    """A PRM on a server and its detected format. Raises ValueError as `load_verifier` does."""
    with needing("A model on a server"):
        from tts_viz.engines.server.loading import server_verifier  # its client takes a second to import

    with refusing_server(name):
        return server_verifier(parse_model_spec(name))


def _format(reference: ModelSpec, source: str, local: bool) -> DetectedFormat:
    requested = reference.options.get("format")
    if requested is not None:
        return detect(Checkpoint(reference.name, None), requested)
    try:
        config = AutoConfig.from_pretrained(source, local_files_only=local)
    except OSError as error:
        raise ValueError(str(error).splitlines()[0]) from error
    return detect(Checkpoint(reference.name, config, weight_files(source, local).keys()))


def _noisy(name: str, device: str) -> Verifier:
    share, _, inner = name.removeprefix("noisy:").partition(":")
    try:
        noise = float(share)
    except ValueError:
        raise ValueError(f"{name}: the noise must be a number from 0 to 0.5, as in noisy:0.2") from None
    return Noisy(load_verifier(inner, device), noise) if inner else Oracle(noise)
