"""Wakes coroutines from any thread, so that nobody has to look again and again whether something has happened."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Bell:
    """`ring` may be called from any thread, and costs next to nothing while nobody listens."""

    def __init__(self) -> None:
        self._listeners: tuple[tuple[asyncio.AbstractEventLoop, asyncio.Event], ...] = ()
        self._lock = threading.Lock()

    @contextmanager
    def listening(self) -> Iterator[asyncio.Event]:
        """In a coroutine: an event that is set at each ring. Whoever waits for it clears it before they look."""
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
                except RuntimeError:  # its loop was closed meanwhile, so nobody waits
                    continue


async def rung(event: asyncio.Event, within: float | None) -> None:
    """Wait for a ring, at most so many seconds (None: as long as it takes)."""
    if within is None:
        await event.wait()
        return
    timer = asyncio.get_running_loop().call_later(within, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()
