"""Wakes coroutines from any thread, so that nothing needs to poll."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """`ring` may be called from any thread, and costs next to nothing while there are no listeners."""

    def __init__(self) -> None:
        self._listeners: tuple[tuple[asyncio.AbstractEventLoop, asyncio.Event], ...] = ()
        self._lock = threading.Lock()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """For a coroutine: an event that is set at each ring. After waking, clear it before you look at the state."""
        mine = (asyncio.get_running_loop(), asyncio.Event())
        with self._lock:
            self._listeners += (mine,)
        try:
            yield mine[1]
        finally:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not mine)

    def ring(self) -> None:
        for loop, event in self._listeners:
            if not event.is_set():
                try:
                    loop.call_soon_threadsafe(event.set)
                except RuntimeError:  # the loop was closed meanwhile, so nothing waits
                    continue


async def rung(event: asyncio.Event, within: float | None) -> None:
    """Wait for a ring, for at most `within` seconds (None: no limit)."""
    if within is None:
        await event.wait()
        return
    timer = asyncio.get_running_loop().call_later(within, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()
