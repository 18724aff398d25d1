"""What a MIDI file says, as notes: messages in order of time become a phrase.

It knows messages by their names and fields, but no file, no bytes and no library.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note, Pedal, family, without_overlaps

from . import midi

DEFAULT_BPM = 120.0
DEFAULT_METRE = (4, 4)
MIN_BPM, MAX_BPM = 10.0, 500.0
"""What a session can be played at; a file beyond is played as near as can be."""
MOST_BEATS = 64
"""The largest number in a metre; one beyond says nothing about music."""


@dataclass(frozen=True, slots=True)
class Phrase:
    """What a file holds: notes in order, no key struck while held, one tempo, one metre."""

    notes: tuple[Note, ...]
    pedals: tuple[Pedal, ...]
    tempo_bpm: float
    """Beats per minute, the first tempo of the file, 10..500; later changes are not kept."""
    metre: tuple[int, int]
    programs: dict[int, int]
    """General MIDI program (0..127) of each instrument index heard, the first one it used."""


@dataclass(slots=True)
class _Strike:
    tick: int
    end: int | None
    instrument: int
    pitch: int
    velocity: int


@dataclass(slots=True)
class Hearing:
    """Messages in order of time on one side, notes on the other."""

    strikes: list[_Strike] = field(default_factory=list)
    pedals: list[tuple[int, int, bool]] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)
    beat_us: int | None = None
    metre: tuple[int, int] | None = None
    channels: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    open: dict[tuple[int, int, int], deque[_Strike]] = field(
        default_factory=lambda: defaultdict(deque)
    )
    feet: dict[int, int] = field(default_factory=dict)

    def hear(self, tick: int, track: int, message: Any) -> None:
        """Take a message of a track, at a tick of the file; what is no music is passed over."""
        match message.type:
            case "note_on" if message.velocity:
                self._strike(tick, track, message)
            case "note_on" | "note_off":
                held = self.open[track, message.channel, message.note]
                if held:
                    held.popleft().end = tick
            case "program_change":
                self.channels[message.channel] = message.program
            case "control_change" if message.control == midi.SUSTAIN:
                self._pedal(tick, message.channel, message.value >= midi.PEDAL_DOWN)
            case "set_tempo" if self.beat_us is None and message.tempo:
                self.beat_us = message.tempo
            case "time_signature" if self.metre is None:
                metre = (message.numerator, message.denominator)
                self.metre = metre if 1 <= min(metre) <= max(metre) <= MOST_BEATS else None

    def close(self, track: int, tick: int) -> None:
        """Release what hangs where its track ends."""
        for (owner, _, _), held in self.open.items():
            while owner == track and held:
                held.popleft().end = tick

    def phrase(self, numerator: int, denominator: int) -> Phrase:
        """The notes, with file ticks of `numerator / denominator` to the beat made ticks."""

        def ticks(at: int) -> int:
            return (2 * at * TICKS_PER_BEAT * denominator + numerator) // (2 * numerator)

        notes = []
        for one in self.strikes:
            onset, end = ticks(one.tick), ticks(one.tick if one.end is None else one.end)
            length = max(1, end - onset)
            notes.append(Note(onset, one.instrument, one.pitch, length, one.velocity))
        pedals = tuple(
            Pedal(ticks(tick), instrument, down) for tick, instrument, down in self.pedals
        )
        told = round(60e6 / self.beat_us, 3) if self.beat_us else DEFAULT_BPM
        bpm = min(max(told, MIN_BPM), MAX_BPM)
        metre = self.metre or DEFAULT_METRE
        return Phrase(tuple(without_overlaps(notes)), pedals, bpm, metre, self.programs)

    def _strike(self, tick: int, track: int, message: Any) -> None:
        program = self.channels[message.channel]
        instrument = family(program, message.channel)
        self.programs.setdefault(instrument, 0 if instrument == DRUMS else program)
        one = _Strike(tick, None, instrument, message.note, message.velocity)
        self.strikes.append(one)
        self.open[track, message.channel, message.note].append(one)

    def _pedal(self, tick: int, channel: int, down: bool) -> None:
        if down == (channel in self.feet):
            return
        # The foot rises on the instrument it went down on, whatever the channel became since.
        instrument = self.feet.pop(channel, family(self.channels[channel], channel))
        if down:
            self.feet[channel] = instrument
        self.pedals.append((tick, instrument, down))
