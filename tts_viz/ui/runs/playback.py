"""Which moment of a run is shown: the newest, one that the visitor chose, or each in turn during a replay."""

from __future__ import annotations

import json
from time import monotonic

EVENTS_A_SECOND = 6.0
"""At speed 1."""

SPEEDS = (1, 4, 16)


class Playback:
    """A moment is a number of events. Not thread-safe by itself: only its `View` calls it, under a lock."""

    def __init__(self) -> None:
        self._at: float | None = None
        """None means the newest moment."""
        self._speed = 0.0
        self._since = 0.0

    @property
    def playing(self) -> bool:
        return self._speed > 0

    def moment(self, newest: int) -> int:
        """How many of the `newest` events to show. A replay that reaches the end follows the newest event from then on."""
        if self._at is None:
            return newest
        at = self._at + (monotonic() - self._since) * self._speed * EVENTS_A_SECOND
        if self.playing and at >= newest:
            self.follow()
            return newest
        return max(1, min(int(at), newest))

    def seek(self, at: int, newest: int) -> None:
        """Go to a moment and stay there; at the last moment, follow the run."""
        if at >= newest:
            self.follow()
        else:
            self._at, self._speed = float(max(1, at)), 0.0

    def play(self, speed: float, newest: int) -> None:
        """Play from the moment shown, or from the start if that is the newest; speed 0 stops there."""
        at = self.moment(newest)
        self._at = float(1 if speed and at >= newest else at)
        self._speed, self._since = float(speed), monotonic()

    def follow(self) -> None:
        """Show the newest moment from now on."""
        self._at, self._speed = None, 0.0

    def shown(self, newest: int, line: str) -> str:
        """What the scrubber shows, as JSON."""
        return json.dumps({"at": self.moment(newest), "of": newest, "playing": self.playing, "line": line})
