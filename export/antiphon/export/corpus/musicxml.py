"""MusicXML to a table of notes, with nothing but the standard library.

Read are pitches, onsets, lengths, ties, grace notes, chords, voices, transposition, instruments,
drums, loudness, tempo, metre and the order of playing. Ornaments are not played out.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import numpy as np

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT

from .ensemble import Ensemble
from .repeats import Signs, playing_order
from .table import DEFAULT_BPM, EMPTY, Heading, Ints, merged

MOST_BYTES = 64 * 2**20
"""A packed file may be a bomb; the largest scores have 30 MB unpacked."""
MOST_NOTES = 1_000_000
"""With repeats, which may be a bomb too."""
MOST_BEATS = 1_000_000
MOST_PLAYS = 8

GRACE = Fraction(1, 8)
"""Beats that a grace note takes from what comes before it."""
STEPS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
LOUDNESS = {
    "pppp": 10, "ppp": 20, "pp": 33, "p": 49, "mp": 64, "mf": 80, "f": 96, "ff": 112, "fff": 124,
    "ffff": 127, "sf": 112, "sfz": 112, "fz": 112, "fp": 96,
}  # fmt: skip
UNMARKED = 72
FULL = 90
"""The velocity that MusicXML calls 100 percent."""
QUARTERS = {"whole": 4.0, "half": 2.0, "quarter": 1.0, "eighth": 0.5, "16th": 0.25}
JUMPS = {
    "segno": "segno", "coda": "coda", "fine": "fine", "tocoda": "to_coda", "dacapo": "da_capo",
    "dalsegno": "dal_segno",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sound:
    """One note as written in its bar; times in beats from the bar's beginning."""

    part: int
    onset: Fraction
    length: Fraction
    instrument: int
    pitch: int
    velocity: int
    tied: bool
    """To the note of its pitch before it, which goes on."""
    ties: bool
    """The note of its pitch after it."""


@dataclass(slots=True)
class Bar:
    """What all parts have in one bar."""

    sounds: list[Sound] = field(default_factory=list)
    lengths: list[Fraction] = field(default_factory=list)
    """Beats that it lasts, as each part has it."""
    metre: tuple[int, int] | None = None
    """Where the bar names a metre, else None."""
    signs: Signs = field(default_factory=Signs)

    @property
    def length(self) -> Fraction:
        """Beats: what most parts say, as now and then one has too much; if in doubt the most."""
        by_votes = sorted(self.lengths, key=lambda length: (self.lengths.count(length), length))
        return by_votes[-1] if by_votes else Fraction(0)


def read(content: bytes) -> tuple[Ints, Heading]:
    """Notes and heading of a MusicXML file, packed or not; FileRefused with the reason alone."""
    root = _root(content)
    bars = _bars(root)
    metres = {bar.metre for bar in bars if bar.metre}
    heading = Heading(_tempo(root), metres.pop() if len(metres) == 1 else None)
    rows = np.array(_laid_out(bars), np.int64).reshape(-1, 5)
    return (merged(rows) if len(rows) else EMPTY), heading


def _root(content: bytes) -> Element:
    try:
        root = ElementTree.fromstring(_unpacked(content))
    except (ElementTree.ParseError, zipfile.BadZipFile, KeyError, LookupError, ValueError):
        raise FileRefused("not a MusicXML file, or a broken one") from None
    if root.tag != "score-partwise":
        raise FileRefused(f"its root is {root.tag!r}, not 'score-partwise'")
    return root


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        container = ElementTree.fromstring(archive.read("META-INF/container.xml"))
        files = [e.get("full-path", "") for e in container.iter() if e.tag.endswith("rootfile")]
        with archive.open(files[0]) as file:
            unpacked = file.read(MOST_BYTES + 1)
    if len(unpacked) > MOST_BYTES:
        raise FileRefused(f"it unpacks to more than {MOST_BYTES >> 20} MB")
    return unpacked


def _bars(root: Element) -> list[Bar]:
    ensemble = Ensemble(root)
    bars: list[Bar] = []
    for number, part in enumerate(root.iter("part")):
        reader = _Reader(ensemble, number, part.get("id", ""))
        for index, measure in enumerate(part.iter("measure")):
            if index == len(bars):
                bars.append(Bar())
            reader.read(measure, bars[index])
    return bars


def _tempo(root: Element) -> float:
    """The first tempo, in quarters a minute."""
    for sound in root.iter("sound"):
        if (bpm := _number(sound.get("tempo")) or 0) > 0:
            return bpm
    for mark in root.iter("metronome"):
        beat = QUARTERS.get(mark.findtext("beat-unit", ""), 1.0)
        dotted = 1.0 if mark.find("beat-unit-dot") is None else 1.5
        if (bpm := _number(mark.findtext("per-minute")) or 0) > 0:
            return bpm * beat * dotted
    return DEFAULT_BPM


class _Reader:
    """Reads one part, bar by bar: what is said in a bar holds in those after it."""

    def __init__(self, ensemble: Ensemble, number: int, part: str) -> None:
        self._ensemble, self._number, self._part = ensemble, number, part
        self._divisions = 1
        self._transposed = 0
        self._velocity = UNMARKED
        self._endings: tuple[int, ...] = ()
        self._now = self._struck = Fraction(0)
        self._graces: list[Element] = []

    def read(self, measure: Element, bar: Bar) -> None:
        """Add to `bar` what the part has there."""
        self._now = reached = Fraction(0)
        bar.signs = self._signs(measure, bar.signs)
        for element in measure:
            match element.tag:
                case "note":
                    bar.sounds += self._note(element)
                case "backup":
                    self._now = max(Fraction(0), self._now - self._duration(element))
                case "forward":
                    self._now += self._duration(element)
                case "attributes":
                    self._attributes(element, bar)
                case "direction" | "sound":
                    self._loudness(element)
            reached = max(reached, self._now)
        if reached:
            bar.lengths.append(reached)

    def _signs(self, measure: Element, others: Signs) -> Signs:
        """The signs of a bar, together with those that other parts have there."""
        repeats = {r.get("direction", ""): r for r in measure.iter("repeat")}
        back = repeats.get("backward")
        plays = 0 if back is None else min(int(_number(back.get("times")) or 2), MOST_PLAYS)
        brackets = {e.get("type", ""): _numbers(e.get("number")) for e in measure.iter("ending")}
        self._endings = endings = brackets.get("start", self._endings)
        if "stop" in brackets or "discontinue" in brackets:
            self._endings = ()
        sent = {
            JUMPS[word]
            for sound in measure.iter("sound")
            for word in sound.attrib.keys() & JUMPS.keys()
        }
        return Signs(
            forward=others.forward or "forward" in repeats,
            plays=max(others.plays, plays),
            endings=others.endings or endings,
            **{name: getattr(others, name) or name in sent for name in JUMPS.values()},
        )

    def _attributes(self, element: Element, bar: Bar) -> None:
        self._divisions = max(1, int(_number(element.findtext("divisions")) or self._divisions))
        if (transpose := element.find("transpose")) is not None:
            octaves = int(_number(transpose.findtext("octave-change")) or 0)
            self._transposed = int(_number(transpose.findtext("chromatic")) or 0) + 12 * octaves
        if (time := element.find("time")) is not None:
            bar.metre = bar.metre or _metre(time)

    def _loudness(self, element: Element) -> None:
        for mark in element.iter("dynamics"):
            for sign in mark:
                self._velocity = LOUDNESS.get(sign.tag, self._velocity)
        for sound in element.iter("sound"):
            self._velocity = _velocity(sound, self._velocity)

    def _note(self, note: Element) -> Iterator[Sound]:
        if note.find("grace") is not None:
            self._graces.append(note)
            return
        length = self._duration(note)
        if note.find("chord") is None:
            self._struck = self._now
            self._now += length
        if note.find("rest") is not None or note.find("cue") is not None:
            return
        for ahead, grace in enumerate(reversed(self._graces), 1):
            yield from self._sound(grace, self._struck - ahead * GRACE, GRACE)
        self._graces.clear()
        short = note.find("notations/articulations/staccato") is not None
        yield from self._sound(note, self._struck, length / 2 if short else length)

    def _sound(self, note: Element, onset: Fraction, length: Fraction) -> Iterator[Sound]:
        named = note.find("instrument")
        player = self._ensemble.player(self._part, "" if named is None else named.get("id", ""))
        unpitched = note.find("unpitched") is not None
        pitch = player.drum if unpitched else self._pitch(note)
        if not 0 <= pitch <= 127:
            return
        instrument = DRUMS if unpitched else player.instrument
        velocity = _velocity(note, self._velocity)
        ties = {tie.get("type") for tie in note.iter("tie")}
        tied, on = "stop" in ties, "start" in ties
        yield Sound(self._number, onset, length, instrument, pitch, velocity, tied, on)

    def _pitch(self, note: Element) -> int:
        step = STEPS.get(note.findtext("pitch/step", "").strip(), 0)
        octave = int(_number(note.findtext("pitch/octave")) or 0)
        alter = round(_number(note.findtext("pitch/alter")) or 0)
        return 12 * (octave + 1) + step + alter + self._transposed

    def _duration(self, element: Element) -> Fraction:
        written = _number(element.findtext("duration")) or 0
        return Fraction(max(0, round(written)), self._divisions)


def _laid_out(bars: list[Bar]) -> list[list[int]]:
    """Rows of a table: the bars in their order of playing, tied notes made one."""
    rows: list[list[int]] = []
    latest: dict[tuple[int, int], tuple[list[int], bool]] = {}
    begin = _lacking(bars[0]) if bars else Fraction(0)
    for index in playing_order([bar.signs for bar in bars]):
        for sound in sorted(bars[index].sounds, key=lambda s: s.onset):
            row = _row(sound, begin)
            before, ties = latest.get((sound.part, sound.pitch), (row, False))
            # Many files say of a tie only where it begins.
            if (ties or sound.tied) and before[0] < row[0] <= before[3]:
                before[3] = max(before[3], row[3])
                row = before
            else:
                rows.append(row)
            latest[sound.part, sound.pitch] = row, sound.ties
        begin += bars[index].length
        if len(rows) > MOST_NOTES or begin > MOST_BEATS:
            raise FileRefused("with its repeats it has no end")
    return rows


def _row(sound: Sound, begin: Fraction) -> list[int]:
    onset = max(0, _ticks(begin + sound.onset))
    end = max(onset + 1, _ticks(begin + sound.onset + sound.length))
    return [onset, sound.instrument, sound.pitch, end, sound.velocity]


def _lacking(first: Bar) -> Fraction:
    """What an upbeat lacks of a bar. Silence of that length puts all later bars on the grid."""
    whole = Fraction(4 * first.metre[0], first.metre[1]) if first.metre else Fraction(0)
    return max(Fraction(0), whole - first.length)


def _metre(time: Element) -> tuple[int, int] | None:
    beats = sum(_numbers(time.findtext("beats", "").replace("+", ",")))
    kind = sum(_numbers(time.findtext("beat-type")))
    return (beats, kind) if 1 <= beats <= 64 and kind in (1, 2, 4, 8, 16, 32, 64) else None


def _velocity(element: Element, otherwise: int) -> int:
    percent = _number(element.get("dynamics"))
    return min(max(round(percent * FULL / 100), 1), 127) if percent else otherwise


def _ticks(beats: Fraction) -> int:
    return math.floor(beats * TICKS_PER_BEAT + Fraction(1, 2))


def _number(text: str | None) -> float | None:
    """The number that a text is, None if it is none; scores are full of such texts."""
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _numbers(text: str | None) -> tuple[int, ...]:
    """Whole numbers of a list like `1, 2`; what is none is left out."""
    return tuple(int(n) for n in (text or "").replace(" ", ",").split(",") if n.isdecimal())
