"""Policies by name: the embedded ones, a folder, one from the Hugging Face hub, or one on a server."""

from __future__ import annotations

from transformers import AutoModelForCausalLM

from tts_viz.engines import prompting
from tts_viz.engines.base import Policy
from tts_viz.engines.embedded import POLICIES, VERIFIER
from tts_viz.engines.local import placement
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.engines.local.weights import loaded, refusing, refusing_server
from tts_viz.engines.model_spec import parse_model_spec
from tts_viz.engines.prompt_presets import prompt_style
from tts_viz.engines.server.address import is_server
from tts_viz.extras import needing

POLICY_CHOICES = f"{', '.join(POLICIES)}, a folder with a model, a hub id like owner/name, or http://host:8000/v1#model"

OPTIONS = ("preset", *prompting.OPTIONS, *placement.OPTIONS)


def load_policy(name: str, device: str = "auto") -> Policy:
    """`name` may have `OPTIONS`, as in `owner/name?dtype=float16&delimiter=\\n`. Raises ValueError, naming the choices, for
    an unknown policy."""
    if is_server(name):
        return on_server(name)
    with refusing(name, POLICY_CHOICES):
        reference = parse_model_spec(name)
        if reference.name == VERIFIER:
            raise ValueError("it scores steps, it does not write them")
        reference.refuse_others(OPTIONS)
    options = reference.options
    where = {key: options[key] for key in placement.OPTIONS if key in options}
    model, tokenizer = loaded(AutoModelForCausalLM, reference.name, device, POLICY_CHOICES, where)
    with refusing(name, POLICY_CHOICES):
        policy = TransformersPolicy(
            model, tokenizer, reference.name, prompt_style(reference.name, tokenizer, reference.options)
        )
        policy.check()
    return policy


def on_server(name: str) -> Policy:
    with needing("A model on a server"):
        from tts_viz.engines.server.loading import server_policy  # its client takes a second to import

    with refusing_server(name):
        return server_policy(parse_model_spec(name))
