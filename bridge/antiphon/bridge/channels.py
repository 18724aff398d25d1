"""Which instrument sounds on which MIDI channel, with which General MIDI program. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from antiphon.engine.notes import DRUM_CHANNEL, DRUMS, family


class Channels:
    """The player's channels and, apart from them, the answer's. [loop]

    The answer never shares a channel with the player, so neither can end the other's notes;
    drums alone have one channel for all.
    """

    def __init__(self, player: int = 0) -> None:
        self._programs = [0] * 16
        self._player = {player}
        self._answer: dict[int, int] = {DRUMS: DRUM_CHANNEL}
        self._wanted: dict[int, int] = {}

    def heard_program(self, channel: int, program: int) -> None:
        """The player chose a sound: the answer's instrument of that family takes it too."""
        self._programs[channel] = program
        self._wanted[family(program)] = program

    def instrument(self, channel: int) -> int:
        """Instrument that a player's channel sounds."""
        self._player.add(channel)
        return family(self._programs[channel], channel)

    def program(self, instrument: int) -> int:
        """General MIDI program of an instrument: the player's own, or the first of the family."""
        return self._wanted.get(instrument, instrument * 8 % 128)

    def of_answer(self, instrument: int) -> int:
        """Channel on which the answer plays an instrument; the last one when all are taken."""
        if instrument not in self._answer:
            taken = {*self._player, *self._answer.values(), DRUM_CHANNEL}
            free = [c for c in range(16) if c not in taken]
            self._answer[instrument] = free[0] if free else 15
        return self._answer[instrument]

    def setup(self, instruments: Iterable[int]) -> list[tuple[int, int]]:
        """(channel, program) to send before an answer of these instruments."""
        return [(self.of_answer(i), self.program(i)) for i in instruments if i != DRUMS]
