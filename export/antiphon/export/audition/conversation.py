"""Music as a player gets it: one session of the engine, in this process, as fast as it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import msgspec
import numpy as np

from antiphon.engine.model import Model
from antiphon.engine.notes import Note, events_of
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.session import Session
from antiphon.engine.wishes import Feel

from ..corpus.table import EMPTY, Ints


class Played(NamedTuple):
    """An answer."""

    notes: Ints
    """Table of its notes; see `table`."""
    reason: str
    """Why it is over: "until" or "end" (of the piece)."""


def played(model: Model, heard: Ints, opened: Open, answer: Answer) -> Played:
    """What is answered to the notes of a table, which may be none. Same seed, same notes."""
    session = Session(model, opened)
    session.hear(events_of(notes_of(heard)))
    session.answer(answer)
    notes: list[Note] = []
    while True:
        progress = session.step()
        notes += progress.notes
        if progress.reason:
            return Played(table_of(notes), progress.reason)


@dataclass(frozen=True, slots=True)
class Player:
    """A model that is asked again and again; `step` is called after each answer."""

    model: Model
    feel: Feel
    step: Callable[[], None] = lambda: None

    def answer(self, opened: Open, request: Answer, heard: Ints = EMPTY) -> Played:
        """What is answered to the notes of a table, drawn as freely as the player's feel says."""
        opened = msgspec.structs.replace(opened, feel=self.feel)
        answer = played(self.model, heard, opened, request)
        self.step()
        return answer


def table_of(notes: list[Note]) -> Ints:
    """Some notes as a table, in the order given."""
    rows = [(n.onset, n.instrument, n.pitch, n.end, n.velocity) for n in notes]
    return np.array(rows, np.int64) if rows else EMPTY


def notes_of(table: Ints) -> list[Note]:
    """The notes of a table."""
    return [
        Note(onset, instrument, pitch, end - onset, velocity)
        for onset, instrument, pitch, end, velocity in table.tolist()
    ]
