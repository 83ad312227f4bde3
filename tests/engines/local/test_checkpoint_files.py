"""Folders that are no whole checkpoint: each is refused before anything is loaded, in a sentence that says what to do."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.engines.local.models import llama, prm
from tests.engines.local.tokenizer import tokenizer
from tts_viz.cli.main import main
from tts_viz.engines.base import SampleRequest
from tts_viz.engines.load.policy import load_policy
from tts_viz.engines.load.verifier import load_verifier
from tts_viz.engines.local.policy import TransformersPolicy
from tts_viz.errors import EngineError

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 134217728\n"


def pointer(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(POINTER)


def tokenizer_pointer(folder: Path) -> None:
    (folder / "tokenizer.json").write_bytes(POINTER)


def half(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])


def no_header(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"<html>404</html>" * 10)


def empty(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"")


def no_tokenizer(folder: Path) -> None:
    for path in folder.glob("token*"):
        path.unlink()


def adapter(folder: Path) -> None:
    (folder / "config.json").unlink()
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "meta/base", "r": 8}))


def gguf(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()
    (folder / "model-q4.gguf").write_bytes(b"GGUF")


def lost_shard(folder: Path) -> None:
    index = {"metadata": {}, "weight_map": {"model.embed_tokens.weight": "model-00002-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def page_for_config(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    (folder / "config.json").unlink()


def rows_too_few(folder: Path) -> None:
    more = tokenizer()
    more = type(more).from_pretrained(folder)
    more.add_tokens(["<one>", "<two>"])
    more.save_pretrained(folder)


BROKEN: list[tuple[Callable[[Path], None], str]] = [
    (pointer, "model.safetensors is a Git LFS pointer.*git lfs pull"),
    (tokenizer_pointer, "tokenizer.json is a Git LFS pointer"),
    (half, "model.safetensors is damaged or was not downloaded to its end"),
    (no_header, "model.safetensors is damaged"),
    (empty, "model.safetensors is empty"),
    (no_tokenizer, "there is no tokenizer in"),
    (adapter, r"adapter \(LoRA\) for meta/base.*merge"),
    (gguf, "GGUF"),
    (lost_shard, "lack the file model-00002-of-00002.safetensors"),
    (page_for_config, "there is no config.json"),
    (rows_too_few, r"tokenizer has \d+ tokens and its embedding only \d+ rows"),
]


@pytest.mark.parametrize(("damage", "words"), BROKEN, ids=lambda x: getattr(x, "__name__", ""))
@pytest.mark.parametrize(("load", "build"), [(load_policy, llama), (load_verifier, prm)], ids=["policy", "verifier"])
def test_a_broken_folder_is_refused_in_words(
    load: Any, build: Any, damage: Callable[[Path], None], words: str, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    build().save_pretrained(folder)
    tokenizer().save_pretrained(folder)
    damage(folder)
    with pytest.raises(ValueError, match=words):
        load(str(folder))


def test_the_doctor_says_it_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prm().save_pretrained(tmp_path)
    tokenizer().save_pretrained(tmp_path)
    pointer(tmp_path)
    capsys.readouterr()  # transformers tells of what it saves
    assert main(["doctor", "--verifier", str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "git lfs pull" in said and said.count("\n") == 1


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    file = tmp_path / "weights.gguf"
    file.write_bytes(b"GGUF")
    with pytest.raises(ValueError, match="is a file: name the folder"):
        load_policy(str(file))


def test_a_problem_longer_than_the_context_is_said() -> None:
    policy = TransformersPolicy(llama(), tokenizer(), "tiny")
    policy.reader.context = 20
    with pytest.raises(EngineError, match="reads at most 20 tokens, and this problem has"):
        asyncio.run(policy.sample([SampleRequest("Evaluate " + "1+" * 40 + "1\n", (), 1.0, 0, 8)]))


def test_what_torch_raises_for_a_token_without_a_row_is_explained() -> None:
    policy = TransformersPolicy(llama(), tokenizer(), "tiny")
    policy.model.get_input_embeddings().weight = torch.nn.Parameter(torch.zeros(4, 32))
    with pytest.raises(EngineError, match="The policy tiny failed"):
        asyncio.run(policy.sample([SampleRequest("Evaluate 1+1\n", (), 1.0, 0, 8)]))
