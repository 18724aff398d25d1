"""The real engine plays along: what it does after a new chord is made knowing it, and in time."""

from __future__ import annotations

import time

import pytest

from antiphon.bridge import midi
from antiphon.bridge.config import Mode, Settings
from antiphon.engine.notes import DRUMS, INSTRUMENTS, PIANO
from jam import MS, Room, jam

pytestmark = pytest.mark.real

BASS = INSTRUMENTS.index("bass")
CHORDS = [(60, 64, 67), (57, 60, 64), (62, 65, 69), (55, 59, 62)] * 4
BEAT_NS = 500_000_000
REACTION_NS = 150_000_000


def accompanied() -> Room:
    """Eight seconds of chords, a beat each, with bass and drums to them."""
    settings = Settings(mode=Mode.TOGETHER, instruments=(PIANO, BASS, DRUMS), bpm=120, seed=5)
    with jam(settings) as j:
        begin_ns = time.monotonic_ns() + 200 * MS
        for n, chord in enumerate(CHORDS):
            at_ns = begin_ns + n * BEAT_NS
            for k, pitch in enumerate(chord):
                j.room.play(midi.note_on(0, pitch, 80), at_ns + 2 * k * MS)
            for pitch in chord:
                j.room.play(midi.note_off(0, pitch), at_ns + BEAT_NS - 20 * MS)
        j.run(len(CHORDS) / 2 + 0.2)
        j.stage.silence(time.monotonic_ns())
        return j.room


def test_every_chord_is_answered_within_the_commitment() -> None:
    room = accompanied()
    changes = room.struck_ns[::3]
    made = {(p.on_ns, p.channel, p.note.pitch): known_ns for known_ns, p in room.plans}

    assert len(changes) == len(CHORDS)
    assert len(room.began) > 2 * len(CHORDS), "hardly any music"
    assert not any(room.balance.values()), "a note has no end"
    assert {plan.note.instrument for _, plan in room.plans} <= {BASS, DRUMS}

    # What sounds later than a commitment after a change was made after that change.
    ignorant = [
        note
        for note in room.began
        for changed_ns in changes
        if made[note] < changed_ns and note[0] > changed_ns + REACTION_NS
    ]
    assert not ignorant
    # And it was known in time: hardly a note of a new plan came too late to sound.
    late = sum(known_ns > plan.on_ns for known_ns, plan in room.plans)
    assert late <= len(room.plans) / 20
