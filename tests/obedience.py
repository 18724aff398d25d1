"""Whether an answer obeys, judged note by note from what `wishes.py` says in words.

Slow and obvious on purpose: it shares no code with the engine but the nouns of music. Chords and
scales are written out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from antiphon.engine.notes import DRUMS, INSTRUMENTS, Note
from antiphon.engine.wishes import Chord, Constraints, Range

TONES: dict[str, set[int]] = {
    "Am7": {9, 0, 4, 7},
    "F/C": {5, 9, 0},
    "E7b9": {4, 8, 11, 2, 5},
    "C": {0, 4, 7},
    "F#dim": {6, 9, 0},
    "Bb7sus4": {10, 3, 5, 8},
    "A minor": {9, 11, 0, 2, 4, 5, 7},
    "Eb blues": {3, 6, 8, 9, 10, 1},
    "C whole tone": {0, 2, 4, 6, 8, 10},
}
"""Pitch classes of the names that tests use."""

LENGTHS = [*range(1, 97), *range(102, 193, 6), *range(216, 769, 24)]
VELOCITIES = [8, 24, 40, 56, 72, 88, 104, 120]
QUARTER = 48


@dataclass(frozen=True)
class Asked:
    """The same wishes as `Constraints`, but nothing is refused."""

    instruments: tuple[int, ...] = ()
    lowest: int = 0
    highest: int = 127
    polyphony: int = 16
    density: int = 32
    enter_within: int = 8
    ranges: tuple[Range, ...] = ()
    never: tuple[int, ...] = ()
    scale: str | tuple[int, ...] = ()
    chords: tuple[Chord, ...] = ()
    shortest: int = 1
    longest: int = 768
    softest: int = 1
    loudest: int = 127


def asked(wishes: Constraints) -> Asked:
    return Asked(**{name: getattr(wishes, name) for name in Asked.__dataclass_fields__})


def faults(
    notes: Sequence[Note],
    wishes: Asked,
    metre: tuple[int, int] | None = None,
    held: Sequence[Note] = (),
) -> Iterator[str]:
    """What is wrong with an answer that was played while the player held some keys."""
    for i, note in enumerate(notes):
        for what in [
            *_wrong_by_itself(note, wishes, metre),
            *_wrong_beside(note, notes[:i], wishes, held),
        ]:
            yield f"{note}: {what}"
    for note in notes:
        if sum(0 <= n.onset - note.onset < QUARTER for n in notes) > wishes.density:
            yield f"{note}: too dense"


def may_sound(instrument: int, wishes: Asked) -> bool:
    named = not wishes.instruments or instrument in wishes.instruments
    return named and instrument not in wishes.never


def in_range(instrument: int, pitch: int, wishes: Asked) -> bool:
    for own in wishes.ranges:
        if own.instrument == instrument:
            return own.lowest <= pitch <= own.highest
    return instrument == DRUMS or wishes.lowest <= pitch <= wishes.highest


def in_harmony(
    instrument: int, pitch: int, tick: int, wishes: Asked, metre: tuple[int, int] | None
) -> bool:
    if instrument == DRUMS:
        return True
    in_scale = not wishes.scale or pitch % 12 in _tones(wishes.scale)
    if not wishes.chords:
        return in_scale
    if pitch % 12 in _tones(chord_at(tick, wishes, metre).tones):
        return True
    return bool(wishes.scale) and in_scale and not on_beat(tick, metre)


def chord_at(tick: int, wishes: Asked, metre: tuple[int, int] | None) -> Chord:
    ends = list(accumulate(max(1, round(c.bars * _bar(metre))) for c in wishes.chords))
    return next(c for c, end in zip(wishes.chords, ends, strict=True) if tick % ends[-1] < end)


def on_beat(tick: int, metre: tuple[int, int] | None) -> bool:
    """Within the first quarter of a beat, counted from the bar line."""
    beat = QUARTER
    if metre and metre[0] % 3 == 0 and metre[1] >= 8:
        beat = 3 * 4 * QUARTER // metre[1]
    return (tick % _bar(metre)) % beat < beat / 4


def contradictory(wishes: Asked, metre: tuple[int, int] | None = None) -> bool:
    """Whether no answer could obey, found by trying everything."""
    players = [i for i in range(len(INSTRUMENTS)) if may_sound(i, wishes)]
    if not players or set(wishes.instruments) & set(wishes.never):
        return True
    if not any(wishes.shortest <= n <= wishes.longest for n in LENGTHS):
        return True
    if not any(wishes.softest <= n <= wishes.loudest for n in VELOCITIES):
        return True
    if not all(own.lowest <= own.highest for own in wishes.ranges):
        return True
    begins = list(accumulate((round(c.bars * _bar(metre)) for c in wishes.chords), initial=0))[:-1]

    def possible(instrument: int, ticks: Sequence[int]) -> bool:
        keys = [k for k in range(128) if in_range(instrument, k, wishes)]
        return any(in_harmony(instrument, k, t, wishes, metre) for k in keys for t in ticks)

    ticks = [begin + step for begin in begins or [0] for step in (0, QUARTER // 2)]
    silent = [i for i in players if not possible(i, ticks)]
    if silent and wishes.instruments:
        return True
    if silent and set(silent) == set(players) - {DRUMS}:
        return True
    return not all(any(possible(i, [begin]) for i in players) for begin in begins)


def _wrong_by_itself(note: Note, wishes: Asked, metre: tuple[int, int] | None) -> Iterator[str]:
    if not may_sound(note.instrument, wishes):
        yield "instrument"
    if not in_range(note.instrument, note.pitch, wishes):
        yield "range"
    if not in_harmony(note.instrument, note.pitch, note.onset, wishes, metre):
        yield "harmony"
    if note.instrument != DRUMS and not wishes.shortest <= note.length <= wishes.longest:
        yield "length"
    if not wishes.softest <= note.velocity <= wishes.loudest:
        yield "velocity"


def _wrong_beside(
    note: Note, before: Sequence[Note], wishes: Asked, held: Sequence[Note]
) -> Iterator[str]:
    sounding = [n for n in before if n.end > note.onset]
    if any((n.instrument, n.pitch) == (note.instrument, note.pitch) for n in sounding):
        yield "struck twice"
    for n in held:
        same = (n.instrument, n.pitch) == (note.instrument, note.pitch)
        if same and n.onset <= note.onset < n.end:
            yield "struck where the player holds it"
    voices = sum(n.instrument != DRUMS for n in [*sounding, note])
    if note.instrument != DRUMS and voices > wishes.polyphony:
        yield "polyphony"
    if before and (before[-1].onset, before[-1].instrument, before[-1].pitch) >= (
        note.onset, note.instrument, note.pitch,
    ):  # fmt: skip
        yield "order"


def _tones(tones: str | tuple[int, ...]) -> set[int]:
    return TONES[tones] if isinstance(tones, str) else set(tones)


def _bar(metre: tuple[int, int] | None) -> int:
    numerator, denominator = metre or (4, 4)
    return 4 * QUARTER * numerator // denominator
