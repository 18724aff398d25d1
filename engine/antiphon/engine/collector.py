"""Python's collector of garbage, kept away from the music.

It stops everything for as long as it looks: behind three minutes of 32 players 0.17 s, and longer
with every minute. So it looks only where no session is open. Little is left for it to find, since
what holds rows, places and answers makes no circles.
"""

from __future__ import annotations

import gc
from types import TracebackType


class Collector:
    """with Collector() as collector: … collector.look(empty) …    [inference thread]"""

    def __init__(self) -> None:
        self._was_empty = True

    def __enter__(self) -> Collector:
        """From now on it looks only when it is asked to; what is there is left alone for good."""
        gc.collect()
        gc.freeze()
        gc.disable()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Everything is as it was."""
        gc.enable()
        gc.unfreeze()

    def look(self, empty: bool) -> None:
        """Look for garbage if the last session was just closed."""
        if empty and not self._was_empty:
            gc.collect()
        self._was_empty = empty
