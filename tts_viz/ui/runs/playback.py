"""Which moment of a run is shown: the newest, as it grows; one that a visitor went to; or one after another, played."""

from __future__ import annotations

import json
from time import monotonic

EVENTS_A_SECOND = 6.0
"""At speed 1."""

SPEEDS = (1, 4, 16)


class Playback:
    """A moment is a number of events. Not locked: its `View` does that, and nobody else calls it."""

    def __init__(self) -> None:
        self._at: float | None = None
        """None: the newest."""
        self._speed = 0.0
        self._since = 0.0

    @property
    def playing(self) -> bool:
        return self._speed > 0

    def moment(self, newest: int) -> int:
        """How many events to show, of so many that there are. Played to the end, it stays with the newest."""
        if self._at is None:
            return newest
        at = self._at + (monotonic() - self._since) * self._speed * EVENTS_A_SECOND
        if self.playing and at >= newest:
            self.follow()
            return newest
        return max(1, min(int(at), newest))

    def seek(self, at: int, newest: int) -> None:
        """Go to a moment and rest there; to the last one: follow."""
        if at >= newest:
            self.follow()
        else:
            self._at, self._speed = float(max(1, at)), 0.0

    def play(self, speed: float, newest: int) -> None:
        """Play on from the moment shown, from the first one where that is the newest; 0 rests there."""
        at = self.moment(newest)
        self._at = float(1 if speed and at >= newest else at)
        self._speed, self._since = float(speed), monotonic()

    def follow(self) -> None:
        """Show the newest, and what comes."""
        self._at, self._speed = None, 0.0

    def shown(self, newest: int, line: str) -> str:
        """What the scrubber shows, as JSON."""
        return json.dumps({"at": self.moment(newest), "of": newest, "playing": self.playing, "line": line})
