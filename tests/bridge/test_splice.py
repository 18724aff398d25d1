"""Notes of a file replaced: what comes out, read by another library, is the file but for them."""

from __future__ import annotations

import io
import struct
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import mido
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from antiphon.bridge import midifile, splice
from antiphon.bridge.tempo_map import TempoMap
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, Note, without_overlaps
from stress import stress_files

PIANO, BASS, STRINGS, FLUTE = 0, 4, 5, 9
BAR = 192
Told = list[tuple[int, int, str]]


def track(*events: bytes) -> bytes:
    body = b"".join(events) + b"\0\xff\x2f\0"
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def file(*tracks: bytes, kind: int = 1, division: int = 96) -> bytes:
    return b"MThd" + struct.pack(">LHHH", 6, kind, len(tracks), division) + b"".join(tracks)


def put(folder: Path, data: bytes) -> Path:
    path = folder / "made.mid"
    path.write_bytes(data)
    return path


def told(data: bytes) -> Told:
    """(tick, track, message) of everything in a file, in order."""
    tracks = mido.MidiFile(file=io.BytesIO(data), charset="latin1").tracks
    found: Told = []
    for n, messages in enumerate(tracks):
        at = 0
        for message in messages:
            at += message.time
            found.append((at, n, str(message.copy(time=0))))
    return found


RICH = file(
    track(
        b"\0\xff\x03\x04Song", b"\0\xff\x51\x03\x07\xa1\x20", b"\0\xff\x58\x04\x04\x02\x18\x08",
        b"\x60\xff\x51\x03\x09\x27\xc0", b"\x60\xf0\x05\x7e\x7f\x09\x01\xf7",
        b"\0\xff\x06\x05Verse",
    ),
    # Running status, a controller in the gap, a note over its edge and one of velocity 0.
    track(
        b"\0\xc0\x28", b"\0\x90\x3c\x50", b"\x60\x3c\x00", b"\0\xb0\x07\x64",
        b"\x82\x50\x90\x40\x50", b"\x30\xb0\x40\x7f", b"\0\xe0\x00\x41", b"\x60\x90\x40\x00",
        b"\x82\x00\x90\x43\x60", b"\x83\x00\x80\x43\x40", b"\0\xff\x01\x03end",
    ),
)  # fmt: skip
"""Ticks of the file, 96 to the beat: notes at 0, 432 and 832, bars of 384."""


def test_only_the_notes_of_the_gap_are_others(tmp_path: Path) -> None:
    new = [Note(BAR, STRINGS, 50, 48, 70), Note(BAR + 24, STRINGS, 62, 30, 71)]
    data = splice.read(put(tmp_path, RICH)).spliced(BAR, 2 * BAR, new, {})
    before, after = told(RICH), told(data)

    gone = [item for item in before if item not in after]
    come = [item for item in after if item not in before]
    assert gone == [
        (432, 1, "note_on channel=0 note=64 velocity=80 time=0"),
        (576, 1, "note_on channel=0 note=64 velocity=0 time=0"),
    ]
    assert come == [
        (384, 1, "note_on channel=0 note=50 velocity=70 time=0"),
        (432, 1, "note_on channel=0 note=62 velocity=71 time=0"),
        (480, 1, "note_off channel=0 note=50 velocity=0 time=0"),
        (492, 1, "note_off channel=0 note=62 velocity=0 time=0"),
    ]
    assert [item for item in after if item not in come] == [
        item for item in before if item not in gone
    ]


def test_nothing_to_replace_and_nothing_new_is_the_file_itself(tmp_path: Path) -> None:
    data = splice.read(put(tmp_path, RICH)).spliced(10 * BAR, 11 * BAR, [], {})
    assert told(data) == told(RICH)


def test_an_instrument_that_the_file_lacks_gets_a_free_channel_and_its_sound(
    tmp_path: Path,
) -> None:
    new = [Note(BAR, FLUTE, 72, 48, 70), Note(BAR, DRUMS, 36, 6, 90), Note(BAR, BASS, 30, 9, 80)]
    data = splice.read(put(tmp_path, RICH)).spliced(BAR, 2 * BAR, new, {FLUTE: 73})
    phrase = midifile.read(put(tmp_path, data))

    assert [n for n in phrase.notes if BAR <= n.onset < 2 * BAR] == without_overlaps(new)
    assert phrase.programs == {STRINGS: 40, FLUTE: 73, BASS: 32, DRUMS: 0}


notes = st.lists(
    st.builds(
        Note, st.integers(0, 900), st.sampled_from([PIANO, BASS, DRUMS]), st.integers(50, 60),
        st.integers(1, 200), st.integers(1, 127),
    ),
    min_size=1, max_size=40,
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(notes, notes, st.integers(0, 900), st.integers(1, 400))
def test_whatever_is_replaced_the_file_holds_what_was_kept_and_what_is_new(
    tmp_path: Path, old: list[Note], new: list[Note], start: int, length: int
) -> None:
    until = start + length
    path = tmp_path / "a.mid"
    midifile.write(path, {"a": old}, tempos=TempoMap.steady(93), metre=(3, 4), programs={})
    kept = [n for n in midifile.read(path).notes if not start <= n.onset < until]
    fitting = [n for n in without_overlaps(new) if start <= n.onset < until and free(n, kept)]
    assume(kept or fitting)
    data = splice.read(path).spliced(start, until, fitting, {})

    assert list(midifile.read(put(tmp_path, data)).notes) == sorted([*kept, *fitting])
    assert [m for _, _, m in told(data) if is_other(m)] == [
        m for _, _, m in told(path.read_bytes()) if is_other(m)
    ]


def is_other(message: str) -> bool:
    """Whether it is about no note: neither one itself nor the sound of a new instrument."""
    return not message.startswith(("note_o", "program_change"))


def test_files_of_all_kinds_come_out_as_they_went_in_or_are_refused(tmp_path: Path) -> None:
    spliced = 0
    for path in (path for path in stress_files() if path.stat().st_size < 50_000):
        with suppress(FileRefused):
            phrase, score = midifile.read(path), splice.read(path)
            made = put(tmp_path, score.spliced(0, 0, [], {}))
            assert midifile.read(made) == phrase, path.name
            assert splice.read(made).spliced(0, 0, [], {}) == made.read_bytes()
            spliced += 1
    assert spliced >= 20


def free(note: Note, others: list[Note]) -> bool:
    same = [n for n in others if (n.instrument, n.pitch) == (note.instrument, note.pitch)]
    return not any(n.onset < note.end and note.onset < n.end for n in same)


def test_a_new_note_gives_way_where_the_file_is_finer_than_our_ticks(tmp_path: Path) -> None:
    # 960 to the beat: kept notes end 9 file ticks into our tick 48, and begin 9 before tick 96.
    source = file(
        track(
            b"\0\x90\x3c\x50", b"\x87\x49\x80\x3c\x40",
            b"\x87\x2e\x90\x3c\x50", b"\x10\x80\x3c\x40",
        ),
        division=960,
    )  # fmt: skip
    assert [at for at, _, m in told(source) if "note=60" in m] == [0, 969, 1911, 1927]
    data = splice.read(put(tmp_path, source)).spliced(48, 96, [Note(48, PIANO, 60, 48, 70)], {})
    held: dict[str, int] = defaultdict(int)
    for _, _, message in told(data):
        if "note=60" in message:
            held["60"] += 1 if message.startswith("note_on") else -1
            assert 0 <= held["60"] <= 1
    assert len([1 for _, _, m in told(data) if m.startswith("note_on")]) == 3


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (file(track(), kind=2), "no bars"),
        (file(track(), division=0xE728), "no bars"),
        (file(), "no bars"),
        (file(track(b"\0\x90\x3c\x50"))[:-6], "damaged"),
        (file(track(b"\0\x3c\x50"))[:-4], "damaged"),
        (file(track(b"\0\xf4\x00")), "damaged"),
        (b"not a file", "is not a MIDI file"),
    ],
)
def test_a_file_whose_events_have_no_clear_place_is_refused(
    tmp_path: Path, data: bytes, words: str
) -> None:
    with pytest.raises(FileRefused, match=words):
        splice.read(put(tmp_path, data))
