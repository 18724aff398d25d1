"""Says when an answer repeats music that the model was trained on. Pure.

The engine tells how many notes in a row it has followed; the player hears of it once an answer,
and what comes of it is the player's to decide.
"""

from __future__ import annotations

from antiphon.engine.protocol import Notes, Reply

from .effects import Effect, Say

WARNING = "An answer repeats music that the model learnt from, note for note; ask for another."


class CopyWarning:
    """One session's. [loop]"""

    def __init__(self) -> None:
        self._warned: int | None = None
        """The answer that it was said of last."""

    def hear(self, reply: Reply) -> list[Effect]:
        """Take what the engine says: a sentence if that is a copy, and the first of its answer."""
        match reply:
            case Notes(generation=generation, copied=copied) if copied:
                if generation != self._warned:
                    self._warned = generation
                    return [Say(WARNING)]
        return []
