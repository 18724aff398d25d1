"""What a player may wish of an answer: its style, how freely it is drawn, what it may contain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from .harmony import ALL, PitchClasses, chord, scale
from .notes import DRUMS, INSTRUMENTS, Instrument, Pitch, Velocity

MOST_INSTRUMENTS = 10
MOST_CHORDS = 256

LENGTHS = (*range(1, 97), *range(102, 193, 6), *range(216, 769, 24))
"""Ticks that a note of the model's can last: the times of the vocabulary."""
VELOCITIES = range(8, 128, 16)
"""Velocities that a note of the model's can have."""

Label = Annotated[str, Meta(max_length=80)]
Share = Annotated[float, Meta(ge=0, le=1)]
Factor = Annotated[float, Meta(ge=0, le=4)]
Length = Annotated[int, Meta(ge=1, le=LENGTHS[-1])]
Tones = Label | Annotated[tuple[Annotated[int, Meta(ge=0, le=11)], ...], Meta(max_length=12)]


class Feel(Struct, frozen=True, forbid_unknown_fields=True):
    """How freely tokens are drawn: heat first, then the tail is cut by min_p, top_p and top_k.

    Feel()                     the default: lively but in style
    Feel(temperature=0)        always the likeliest token
    Feel(top_p=1, min_p=0)     the model's own distribution, a little cooled
    Feel(rhythm=0.5)           steady waits and lengths, pitches as ever
    """

    temperature: Annotated[float, Meta(ge=0, le=4)] = 0.95
    """0 always takes the likeliest, 1 is the model's own distribution."""
    top_p: Annotated[float, Meta(gt=0, le=1)] = 0.98
    """Only the likeliest tokens that together hold this much of what `min_p` leaves."""
    min_p: Annotated[float, Meta(ge=0, lt=1)] = 0.02
    """Only tokens at least this likely compared with the likeliest."""
    echo: Share = 0.4
    """How much of what was played comes back: 0 leaves it to the model, 0.4 as often as in written
    music, 1 nearly always.
    """
    top_k: Annotated[int, Meta(ge=0, le=4096)] = 0
    """At most so many of the likeliest of what `top_p` leaves; 0 for any number."""
    rhythm: Factor = 1.0
    """Times the temperature for waits and lengths. Whether to wait or to strike is not touched."""
    pitch: Factor = 1.0
    """Times the temperature for notes: which key of which instrument."""
    repetition: Share = 0.2
    """How much an answer shuns the pitched notes it has just played, the more the more often: as
    many nats for each time one is among its latest 32 notes.

    That keeps it from circling on a few notes, while a motif that `echo` brings back from further
    away hardly suffers. 0 leaves it to the model.
    """


class Range(Struct, frozen=True, forbid_unknown_fields=True):
    """The keys of one instrument."""

    instrument: Instrument
    """Index into `INSTRUMENTS`; drums may have a range too."""
    lowest: Pitch
    """Lowest MIDI key."""
    highest: Pitch
    """Highest MIDI key."""

    def __post_init__(self) -> None:
        name = INSTRUMENTS[self.instrument]
        _in_order(f"lowest key of {name}", self.lowest, "highest", self.highest)


class Chord(Struct, frozen=True, forbid_unknown_fields=True):
    """A chord and how long it lasts.

    Chord("Am7")    Chord("F/C", bars=0.5)    Chord((0, 4, 7), bars=2)
    """

    tones: Tones
    """Chord symbol, or pitch classes."""
    bars: Annotated[float, Meta(ge=1 / 16, le=64)] = 1.0
    """Bars it lasts, to the nearest tick."""

    def __post_init__(self) -> None:
        if not self.pitch_classes:
            raise ValueError("a chord has no tones")

    @property
    def pitch_classes(self) -> PitchClasses:
        """What sounds in it."""
        return chord(self.tones) if isinstance(self.tones, str) else frozenset(self.tones)


class Constraints(Struct, frozen=True, forbid_unknown_fields=True):
    """What an answer may contain. Every note obeys; what contradicts itself is refused.

    Scale, chords, `lowest` and `highest`, polyphony and lengths are about pitched instruments:
    drums are exempt. Notes that the player still holds are no part of the answer, but their keys
    are taken.

    Constraints()                                                anything the model knows
    Constraints(instruments=(0,))                                piano only
    Constraints(lowest=48, highest=84, scale="A minor")          white keys from C3 to C6
    Constraints(chords=(Chord("Am7"), Chord("F/C", bars=0.5)))   and so on from the beginning
    """

    instruments: Annotated[tuple[Instrument, ...], Meta(max_length=len(INSTRUMENTS))] = ()
    """Instruments that may sound, at most ten; none named allows all."""
    lowest: Pitch = 0
    """Lowest MIDI key of pitched instruments."""
    highest: Pitch = 127
    """Highest MIDI key of pitched instruments."""
    polyphony: Annotated[int, Meta(ge=1, le=64)] = 16
    """Most pitched notes of the answer sounding at once."""
    density: Annotated[int, Meta(ge=1, le=192)] = 32
    """Most notes struck within one beat."""
    enter_within: Annotated[int, Meta(ge=0, le=1024)] = 8
    """Bars (of four beats where there are none) in which every instrument named comes in.

    0 leaves it to the music whether one does. An aim: all other rules go first.
    """
    ranges: Annotated[tuple[Range, ...], Meta(max_length=len(INSTRUMENTS))] = ()
    """Instruments that have keys of their own, in place of `lowest` to `highest`."""
    never: Annotated[tuple[Instrument, ...], Meta(max_length=len(INSTRUMENTS))] = ()
    """Instruments that may not sound: the player's own."""
    scale: Tones = ()
    """Scale by name ("A minor", "F# dorian") or as pitch classes; nothing allows all.

    Only its notes are struck, but see `chords`.
    """
    chords: Annotated[tuple[Chord, ...], Meta(max_length=MOST_CHORDS)] = ()
    """Chords from tick 0 on, over and over; bars have four beats where there is no metre.

    Only tones of the chord are struck while it lasts. With a scale that holds on the beat and up to
    a quarter of a beat behind it, and in between notes of the scale are struck too; a beat is a
    quarter note, in 6/8 and the like a dotted one. What rings when the chord changes rings on.
    """
    shortest: Length = 1
    """Ticks that a note lasts at least. It may ring past the answer's end; only who plays on cuts
    it short.
    """
    longest: Length = LENGTHS[-1]
    """Ticks that a note lasts at most."""
    softest: Velocity = 1
    """Lowest MIDI velocity."""
    loudest: Velocity = 127
    """Highest MIDI velocity."""

    def __post_init__(self) -> None:
        _in_order("lowest key", self.lowest, "highest", self.highest)
        _in_order("shortest length", self.shortest, "longest", self.longest)
        _in_order("softest velocity", self.softest, "loudest", self.loudest)
        self._check_instruments()
        self._check_ranges()
        _some_between("length", self.shortest, self.longest, LENGTHS)
        _some_between("velocity", self.softest, self.loudest, VELOCITIES)
        self._check_keys()

    @property
    def players(self) -> tuple[int, ...]:
        """Instruments that may sound, in order."""
        named = self.instruments or range(len(INSTRUMENTS))
        return tuple(sorted({*named} - {*self.never}))

    @property
    def scale_tones(self) -> PitchClasses:
        """Pitch classes of the scale, all if there is none."""
        if not self.scale:
            return ALL
        return scale(self.scale) if isinstance(self.scale, str) else frozenset(self.scale)

    def keys(self, instrument: int) -> range:
        """MIDI keys of an instrument, whatever scale and chords say."""
        for own in self.ranges:
            if own.instrument == instrument:
                return range(own.lowest, own.highest + 1)
        return range(128) if instrument == DRUMS else range(self.lowest, self.highest + 1)

    def harmonies(self) -> list[tuple[PitchClasses, PitchClasses]]:
        """For each chord what may be struck on the beat, and between; one entry without chords."""
        if not self.chords:
            return [(self.scale_tones, self.scale_tones)]
        between = self.scale_tones if self.scale else frozenset()
        return [(c.pitch_classes, c.pitch_classes | between) for c in self.chords]

    def _check_instruments(self) -> None:
        named, never = {*self.instruments}, {*self.never}
        if len(named) > MOST_INSTRUMENTS:
            raise ValueError(
                f"{len(named)} instruments are named, and at most {MOST_INSTRUMENTS} play together"
            )
        if named & never:
            raise ValueError(f"{_names(named & never)} may play and may never play")
        if not self.players:
            raise ValueError("no instrument is left to play")

    def _check_ranges(self) -> None:
        instruments = [own.instrument for own in self.ranges]
        twice = {i for i in instruments if instruments.count(i) > 1}
        if twice:
            raise ValueError(f"{_names(twice)} has two ranges")

    def _check_keys(self) -> None:
        """Whoever may play has a key some time, and under every chord somebody has."""
        harmonies = self.harmonies()
        tones = frozenset().union(*(between for _, between in harmonies))
        silent = [i for i in self.players if not self._reaches(i, tones)]
        if silent and (self.instruments or not {*self.players} - {*silent, DRUMS}):
            raise ValueError(f"scale and chords leave no key in the range of {_names(silent)}")
        for at, (on_beat, _) in enumerate(harmonies):
            if not any(self._reaches(i, on_beat) for i in self.players):
                raise ValueError(f"chord {at + 1} has no tone in the range of any instrument")

    def _reaches(self, instrument: int, tones: PitchClasses) -> bool:
        keys = self.keys(instrument)
        return instrument == DRUMS or any(key % 12 in tones for key in keys[:12])


def _in_order(least: str, lowest: int, most: str, highest: int) -> None:
    if lowest > highest:
        raise ValueError(f"the {least}, {lowest}, is above the {most}, {highest}")


def _some_between(what: str, lowest: int, highest: int, steps: Sequence[int]) -> None:
    """There are only so many lengths and velocities: one must lie within the bounds."""
    if not any(lowest <= step <= highest for step in steps):
        near = [*[s for s in steps if s < lowest][-1:], *[s for s in steps if s > highest][:1]]
        nearest = " and ".join(str(step) for step in near)
        raise ValueError(f"no {what} lies within {lowest} and {highest}; next to it: {nearest}")


def _names(instruments: Iterable[int]) -> str:
    return ", ".join(INSTRUMENTS[i] for i in sorted(instruments))


class Blend(Struct, frozen=True, forbid_unknown_fields=True):
    """Two styles at once, and how they move.

    Blend("Chopin_F", "hymn")                              half and half
    Blend("Chopin_F", "hymn", share=0.3)                   mostly Chopin
    Blend("Bach_JS", "Chopin_F", share=0, toward=1)        from Bach to Chopin in each answer
    """

    first: Label
    """A composer or style, as `welcome` names them."""
    second: Label
    """The other one."""
    share: Share = 0.5
    """How much is the second's, 0 to 1; where it moves, at the start of an answer."""
    toward: Share | None = None
    """How much is the second's at the end of an answer; None keeps the share."""
