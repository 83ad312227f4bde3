"""A scripted server for each test that wants one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.engines.server.scripted import Server


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    try:
        yield one
    finally:
        one.stop()
