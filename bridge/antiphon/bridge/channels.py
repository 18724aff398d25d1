"""Which instrument sounds on which MIDI channel, with which General MIDI program. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.engine.notes import DRUM_CHANNEL, DRUMS, family

PITCHED = tuple(channel for channel in range(16) if channel != DRUM_CHANNEL)


class Channels:
    """The player's channels and, apart from them, the answer's. [loop]

    The answer never shares a channel with the player, so neither can end the other's notes;
    drums alone have one channel for all. `programs` are those that the answer's families take.
    """

    def __init__(self, player: int = 0, programs: Iterable[int] = ()) -> None:
        self._programs = [0] * 16
        self._player = {player}
        self._answer: dict[int, int] = {DRUMS: DRUM_CHANNEL}
        self._wanted = {family(program): program for program in programs}

    def heard_program(self, channel: int, program: int) -> None:
        """The player chose a sound: the answer's instrument of that family takes it too."""
        self._player.add(channel)
        self._programs[channel] = program
        if channel != DRUM_CHANNEL:
            self._wanted[family(program)] = program

    def instrument(self, channel: int) -> int:
        """Instrument that a player's channel sounds."""
        self._player.add(channel)
        return family(self._programs[channel], channel)

    def program(self, instrument: int) -> int:
        """General MIDI program of an instrument: the player's own, or the first of the family."""
        return self._wanted.get(instrument, instrument * 8 % 128)

    def of_answer(self, instrument: int) -> int:
        """Channel on which the answer plays an instrument; another once the player takes it.

        When all are taken, instruments of the answer share one.
        """
        if instrument != DRUMS and self._answer.get(instrument) in {None, *self._player}:
            self._answer[instrument] = self._choose()
        return self._answer[instrument]

    def setup(self, instruments: Iterable[int]) -> list[tuple[int, int]]:
        """(channel, program) to send before an answer of these instruments."""
        return [(self.of_answer(i), self.program(i)) for i in instruments if i != DRUMS]

    def _choose(self) -> int:
        own = {*self._answer.values()} - self._player - {DRUM_CHANNEL}
        free = [c for c in PITCHED if c not in self._player and c not in own]
        return min(free) if free else max(own, default=PITCHED[-1])
