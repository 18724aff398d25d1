"""A stand-in for Live's API: a small set in Python objects.

What it offers is named as in Live; `test_ableton.py` checks every name against the published stubs
of the real API, and anything else is an AttributeError.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from types import SimpleNamespace


@dataclass
class MidiNoteSpecification:
    pitch: int
    start_time: float
    duration: float
    velocity: float = 100.0
    mute: bool = False


@dataclass
class Clip:
    name: str
    loop_start: float = 0.0
    loop_end: float = 4.0
    signature_numerator: int = 4
    signature_denominator: int = 4
    is_midi_clip: bool = True
    _notes: list[MidiNoteSpecification] = field(default_factory=list)

    def get_notes_extended(
        self, from_pitch: int, pitch_span: int, from_time: float, time_span: float, /
    ) -> list[MidiNoteSpecification]:
        until, above = from_time + time_span, from_pitch + pitch_span
        return [
            note
            for note in self._notes
            if from_time <= note.start_time < until and from_pitch <= note.pitch < above
        ]

    def add_new_notes(self, notes: Iterable[MidiNoteSpecification], /) -> None:
        self._notes += notes


@dataclass
class Device:
    can_have_drum_pads: bool = False


@dataclass(eq=False)
class Track:
    name: str = "1-MIDI"
    devices: tuple[Device, ...] = ()
    clip_slots: list[ClipSlot] = field(default_factory=list)


@dataclass(eq=False)
class ClipSlot:
    canonical_parent: Track
    clip: Clip | None = None
    is_group_slot: bool = False

    @property
    def has_clip(self) -> bool:
        return self.clip is not None

    def create_clip(self, length: float, /) -> Clip:
        assert not self.has_clip
        self.clip = Clip("", loop_end=length)
        return self.clip


@dataclass
class View:
    highlighted_clip_slot: ClipSlot | None = None


@dataclass
class Song:
    tracks: list[Track]
    tempo: float = 120.0
    view: View = field(default_factory=View)
    _undo: list[str] = field(default_factory=list)

    def create_scene(self, index: int, /) -> None:
        assert index == -1
        for track in self.tracks:
            track.clip_slots.append(ClipSlot(track))

    def begin_undo_step(self) -> None:
        self._undo.append("begin")

    def end_undo_step(self) -> None:
        self._undo.append("end")


@dataclass
class CInstance:
    """What Live hands to a script."""

    _song: Song
    _messages: list[str] = field(default_factory=list)

    def song(self) -> Song:
        return self._song

    def show_message(self, text: str) -> None:
        self._messages.append(text)


def module() -> SimpleNamespace:
    """The module `Live`."""
    return SimpleNamespace(
        Clip=SimpleNamespace(Clip=Clip, MidiNoteSpecification=MidiNoteSpecification),
        ClipSlot=SimpleNamespace(ClipSlot=ClipSlot),
        Device=SimpleNamespace(Device=Device),
        Song=SimpleNamespace(Song=Song),
        Track=SimpleNamespace(Track=Track),
    )
