"""Clips as the engine wants to hear them, and its answers as clips.

Notes are [onset, instrument, pitch, length, velocity] in ticks from the clip's start.
"""

from __future__ import annotations

from collections.abc import Iterable

import Live

from .antiphon_client import TICKS_PER_BEAT

Note = list[int]

INSTRUMENTS = (
    "piano", "chromatic", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed",
    "pipe", "lead", "pad", "effects", "ethnic", "percussive", "sfx", "drums",
)  # fmt: skip
PIANO, DRUMS = INSTRUMENTS.index("piano"), INSTRUMENTS.index("drums")
ALL_KEYS = 128


def instrument_of(track: Live.Track.Track) -> int:
    """Drums if there is a Drum Rack, else the instrument in the track's name, else piano."""
    if any(device.can_have_drum_pads for device in track.devices):
        return DRUMS
    words = track.name.lower()
    return next((i for i, name in enumerate(INSTRUMENTS) if name in words), PIANO)


def length_of(clip: Live.Clip.Clip) -> float:
    """Beats of what plays of a clip: its loop, or from start to end."""
    return clip.loop_end - clip.loop_start


def bar_of(clip: Live.Clip.Clip) -> float:
    """Beats (quarter notes) of a bar."""
    return clip.signature_numerator * 4 / clip.signature_denominator


def notes_of(clip: Live.Clip.Clip, instrument: int) -> list[Note]:
    """What plays of a clip."""
    start, length = clip.loop_start, length_of(clip)
    notes = []
    for note in clip.get_notes_extended(0, ALL_KEYS, start, length):
        if not note.mute:
            onset = _ticks(note.start_time - start)
            end = _ticks(min(note.start_time - start + note.duration, length))
            velocity = min(max(1, round(note.velocity)), 127)
            notes.append([onset, instrument, note.pitch, max(1, end - onset), velocity])
    return notes


def events_of(notes: Iterable[Note]) -> list[list[object]]:
    """Key events of some notes, in order of time, releases before strikes of the same tick."""
    timed: list[tuple[int, int, list[object]]] = []
    for onset, instrument, pitch, length, velocity in notes:
        timed.append((onset, 1, ["on", onset, instrument, pitch, velocity]))
        timed.append((onset + length, 0, ["off", onset + length, instrument, pitch]))
    return [event for _, _, event in sorted(timed, key=lambda entry: entry[:2])]


def next_free_slot(song: Live.Song.Song, slot: Live.ClipSlot.ClipSlot) -> Live.ClipSlot.ClipSlot:
    """The first empty slot below on the same track; a new scene's if there is none."""
    track = slot.canonical_parent
    slots: list[Live.ClipSlot.ClipSlot] = list(track.clip_slots)
    for below in slots[slots.index(slot) + 1 :]:
        if not below.has_clip and not below.is_group_slot:
            return below
    song.create_scene(-1)
    last: Live.ClipSlot.ClipSlot = track.clip_slots[-1]
    return last


def write(
    slot: Live.ClipSlot.ClipSlot, name: str, beats: float, notes: Iterable[Note], start: int
) -> None:
    """Put notes into a new clip; `start` is the tick of its beginning."""
    clip = slot.create_clip(beats)
    clip.name = name
    specifications = []
    for onset, _, pitch, length, velocity in notes:
        at = (onset - start) / TICKS_PER_BEAT
        duration = min(length / TICKS_PER_BEAT, beats - at)
        specifications.append(
            Live.Clip.MidiNoteSpecification(
                pitch=pitch, start_time=at, duration=duration, velocity=velocity
            )
        )
    clip.add_new_notes(tuple(specifications))


def _ticks(beats: float) -> int:
    return round(beats * TICKS_PER_BEAT)
