"""Loads models on servers by name: parses the options, and loads the tokenizer and config here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from transformers import AutoConfig, AutoTokenizer

from tts_viz.engines import prompting
from tts_viz.engines.embedded import EMBEDDED
from tts_viz.engines.local.weights import source_of
from tts_viz.engines.model_spec import ModelSpec
from tts_viz.engines.prm.formats import FORMATS, Checkpoint, DetectedFormat, detect, make
from tts_viz.engines.prompt_presets import prompt_style
from tts_viz.engines.server.address import parse_address
from tts_viz.engines.server.client import Client
from tts_viz.engines.server.introduction import SERVERS
from tts_viz.engines.server.policy import ServerPolicy
from tts_viz.engines.server.verifier import ServerVerifier

OPTIONS = ("tokenizer", "server", "at_once", "timeout", "tries", "parameters")

NONE = "none"


@dataclass(frozen=True, slots=True)
class Described:
    """What is known here about a model on a server. `source`: its folder or hub id."""

    tokenizer: Any
    config: Any
    source: str


def server_policy(reference: ModelSpec) -> ServerPolicy:
    """Sends no request yet. Raises ValueError for an invalid name or options."""
    address = parse_address(reference.name)
    reference.refuse_others({*OPTIONS, "preset", *prompting.OPTIONS})
    options = reference.options
    known = _described(reference, address.model)
    tokenizer = known.tokenizer if known else None
    style = prompt_style(address.model, tokenizer, options)
    return ServerPolicy(_connection(reference), style, tokenizer, _parameters(reference), reference.name)


def server_verifier(reference: ModelSpec) -> tuple[ServerVerifier, DetectedFormat]:
    """A PRM and its detected format. Sends no request yet. Raises ValueError as `server_policy` does."""
    address = parse_address(reference.name)
    requested = reference.options.get("format")
    if requested is not None:
        FORMATS.named(requested)
    known = _described(reference, address.model)
    if known is None:
        raise ValueError("steps are cut into tokens here, by the model's tokenizer: add ?tokenizer=FOLDER_OR_HUB_ID")
    found = detect(Checkpoint(known.source, known.config), requested)
    reference.refuse_others({*OPTIONS, "format", *found.entry.options})
    format = make(found.entry, known.tokenizer, reference.options)
    served = format.served(known.config)
    if served is None:
        raise ValueError(
            f"no server can tell the rewards of the format {found.format}; load the model here, by its folder"
        )
    format.pieces("1+1", "1+1", ["2"])  # raises ValueError for an unsuitable tokenizer
    return (
        ServerVerifier(_connection(reference), format, served, _parameters(reference), reference.name),
        found,
    )


def _described(reference: ModelSpec, model: str) -> Described | None:
    """From the option `tokenizer`, else from the model's name if that is an embedded model, a local folder or a hub id."""
    requested = reference.options.get("tokenizer")
    name = requested or model
    if name == NONE or (not requested and name not in EMBEDDED and name.count("/") != 1 and not _folder(name)):
        return None
    source, local = source_of(name, "a folder, or a hub id like owner/name")
    try:
        tokenizer = AutoTokenizer.from_pretrained(source, local_files_only=local)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"there is no tokenizer in {name} ({str(error).splitlines()[0]}); add ?tokenizer=FOLDER_OR_HUB_ID, or tokenizer=none "
            "for a policy that is to be sent plain text"
        ) from None
    try:
        config = AutoConfig.from_pretrained(source, local_files_only=local)
    except (OSError, ValueError):
        config = None  # a folder may hold only a tokenizer
    return Described(tokenizer, config, name)


def _folder(name: str) -> bool:
    try:
        return source_of(name, "")[1]
    except ValueError:
        return False


def _connection(reference: ModelSpec) -> Client:
    kind = reference.options.get("server", "")
    if kind:
        SERVERS.named(kind)  # raises ValueError for an unknown kind
    return Client(
        parse_address(reference.name),
        at_once=_number(reference, "at_once", 32, 1024),
        timeout=_number(reference, "timeout", 60, 3600),
        tries=_number(reference, "tries", 4, 20),
        kind=kind,
    )


def _parameters(reference: ModelSpec) -> int:
    return _number(reference, "parameters", 0, 10**13, least=0)


def _number(reference: ModelSpec, key: str, default: int, most: int, least: int = 1) -> int:
    text = reference.options.get(key, str(default))
    if not (text.isdecimal() and least <= int(text) <= most):
        raise ValueError(f"{key}={text} must be a whole number from {least} to {most}")
    return int(text)
