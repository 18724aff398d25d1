"""One clip being continued: what is said to the engine, and what comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import Live

from . import clips
from .antiphon_client import TICKS_PER_BEAT, Client
from .wish import Wish

SESSION = 1
MOST_EVENTS = 4096
"""Most events of one `listen`."""
SLOWEST, FASTEST = 10, 500
"""Beats a minute that the engine knows."""


class Continuation:
    """Asked once; `done` when the notes are complete, `refused` says why there are none."""

    def __init__(self, slot: Live.ClipSlot.ClipSlot, wish: Wish, generation: int) -> None:
        clip = slot.clip
        self.slot, self.name = slot, wish.name
        self.notes: list[clips.Note] = []
        self.done = False
        self.refused = ""
        self.beats = wish.bars * clips.bar_of(clip)
        self._generation = generation
        self._start = round(clips.length_of(clip) * TICKS_PER_BEAT)

    def ask(self, client: Client, song: Live.Song.Song) -> None:
        """Say everything that is to be said."""
        for name, *fields in self._messages(song):
            client.send(name, *fields)

    def take(self, message: list[Any]) -> None:
        """Hear what the engine says."""
        name = message[0]
        if name == "error":
            self.refused = message[3]
        elif name in ("notes", "done") and message[2] == self._generation:
            self.done = name == "done"
            if name == "notes":
                self.notes += message[3]

    def write(self, song: Live.Song.Song) -> None:
        """Put the answer into the next free slot, as one step of Live's undo."""
        song.begin_undo_step()
        try:
            slot = clips.next_free_slot(song, self.slot)
            clips.write(slot, f"{self.name} (Antiphon)", self.beats, self.notes, self._start)
        finally:
            song.end_undo_step()

    def _messages(self, song: Live.Song.Song) -> Iterator[tuple[Any, ...]]:
        clip = self.slot.clip
        instrument = clips.instrument_of(self.slot.canonical_parent)
        tempo = min(max(SLOWEST, song.tempo), FASTEST)
        metre = [clip.signature_numerator, clip.signature_denominator]
        only = {"instruments": [instrument]}
        yield "open", SESSION, self._generation, [], tempo, metre, only
        for events in _batches(clips.events_of(clips.notes_of(clip, instrument))):
            yield "listen", SESSION, events
        until = self._start + round(self.beats * TICKS_PER_BEAT)
        yield "answer", SESSION, self._generation, self._start, until


def _batches(events: list[list[object]]) -> Iterator[list[list[object]]]:
    for at in range(0, len(events), MOST_EVENTS):
        yield events[at : at + MOST_EVENTS]
