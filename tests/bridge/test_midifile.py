import os
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.bridge import midifile
from antiphon.bridge.hearing import Phrase
from antiphon.bridge.tempo_map import TempoMap
from antiphon.bridge.timeline import Timeline
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, Note, Pedal, without_overlaps
from antiphon.engine.protocol import Open, decode_request, encode
from stress import stress_files

PIANO, BASS = 0, 4
HEADER = b"MThd\0\0\0\6\0\0\0\1\0\x30"
REFUSED = {
    "dw_dixie-nw.mid": "would play for more than 24 hours",
    "dw_namusic.mid": "is not a MIDI file",
    "dw_un_debut_au_piano.mid": "has no notes in it",
    "js_empty-file.mid": "is not a MIDI file",
    "js_not-a-midi-file.mid": "is not a MIDI file",
    "midly_SysExTest.mid": "has no notes in it",
    "own_division_1_and_long_delta.mid": "would play for more than 24 hours",
    "sy_empty.mid": "has no notes in it",
}

notes = st.lists(
    st.builds(
        Note,
        st.integers(0, 5000),
        st.sampled_from([PIANO, BASS, DRUMS]),
        st.integers(0, 127),
        st.integers(1, 400),
        st.integers(1, 127),
    ),
    min_size=1,
    max_size=60,
)


@pytest.fixture
def stress() -> list[Path]:
    return list(stress_files())


def track(*events: bytes) -> bytes:
    body = b"".join(events)
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def read(folder: Path, data: bytes) -> Phrase:
    path = folder / "made.mid"
    path.write_bytes(data)
    return midifile.read(path)


def save(
    path: Path, played: list[Note], answered: list[Note], pedals: tuple[Pedal, ...] = ()
) -> None:
    tracks = {"you": played, "answer": answered}
    midifile.write(
        path,
        tracks,
        tempos=TempoMap.steady(93),
        metre=(6, 8),
        programs={PIANO: 4, BASS: 33},
        pedals=pedals,
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(played=notes, answered=notes)
def test_what_is_written_is_read(tmp_path: Path, played: list[Note], answered: list[Note]) -> None:
    path = tmp_path / "a.mid"
    save(path, played, answered)

    both = without_overlaps([*without_overlaps(played), *without_overlaps(answered)])
    assert list(midifile.read(path).notes) == both


def test_tempo_metre_programs_and_pedals_come_back(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    played, answered = Note(0, PIANO, 60, 48, 80), Note(48, BASS, 36, 48, 70)
    pedals = (Pedal(0, PIANO, True), Pedal(40, PIANO, False))
    save(path, [played], [answered], pedals)

    assert midifile.read(path) == Phrase(
        (played, answered), pedals, 93.0, (6, 8), {PIANO: 4, BASS: 33}
    )


def test_the_same_music_gives_the_same_bytes_and_nothing_else(tmp_path: Path) -> None:
    for name in ("a.mid", "b.mid"):
        save(tmp_path / name, [Note(0, PIANO, 60, 48, 80)], [])

    assert (tmp_path / "a.mid").read_bytes() == (tmp_path / "b.mid").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.mid", "b.mid"]


def test_parts_of_one_instrument_share_a_channel_only_when_channels_run_out(
    tmp_path: Path,
) -> None:
    full = [Note(0, instrument, 60, 48, 80) for instrument in range(15)]
    save(tmp_path / "a.mid", full, [Note(96, PIANO, 62, 48, 80)])
    assert len(midifile.read(tmp_path / "a.mid").notes) == 16

    with pytest.raises(FileRefused, match="16 channels"):
        save(tmp_path / "b.mid", [*full, Note(0, 15, 60, 48, 80)], [])


def test_every_stress_file_is_read_or_refused_in_one_sentence(stress: list[Path]) -> None:
    assert len(stress) == 40
    refused = {}
    for path in stress:
        began = time.process_time()
        try:
            assert midifile.read(path).notes
        except FileRefused as error:
            refused[path.name] = str(error).removeprefix(f"{path} ").removesuffix(".")
        assert time.process_time() - began < 4
    assert refused == REFUSED


def test_tracks_of_type_2_follow_each_other(stress: list[Path]) -> None:
    path = next(path for path in stress if path.name == "js_2-tracks-type-2.mid")

    assert [note.onset for note in midifile.read(path).notes] == [
        *range(48, 48 + 8 * 48, 48), *range(480, 480 + 8 * 48, 48)
    ]  # fmt: skip


def test_a_hung_note_ends_with_its_track(tmp_path: Path) -> None:
    data = HEADER + track(b"\0\x90\x3c\x40", b"\x60\xff\x2f\0")

    assert read(tmp_path, data).notes == (Note(0, PIANO, 60, 96, 64),)


def test_stacked_notes_are_cut_where_struck_again(tmp_path: Path) -> None:
    data = HEADER + track(b"\0\x90\x3c\x40", b"\x30\x3c\x50", b"\x30\x3c\0", b"\0\x3c\0")

    assert read(tmp_path, data).notes == (Note(0, PIANO, 60, 48, 64), Note(48, PIANO, 60, 48, 80))


def test_a_cut_track_keeps_what_came_before(tmp_path: Path) -> None:
    data = HEADER + track(b"\0\x90\x3c\x40", b"\x30\x80\x3c\x40", b"\0\x90\x3e")[:-1]

    assert read(tmp_path, data).notes == (Note(0, PIANO, 60, 48, 64),)


@pytest.mark.parametrize(
    "meta",
    [
        b"\0\xff\x58\4\4\xff\x18\x08",
        b"\0\xff\x58\4\0\2\x18\x08",
        b"\0\xff\x51\3\0\0\0",
        b"\0\xff\x59\2\xf0\0",
        b"\0\xff\x54\5\xff\xff\xff\xff\xff",
        b"\0\xff\x03\4\x83\x8f\xff\xfe",
        b"\0\xf0\2\x43\xf7",
        b"\0\xf8",
    ],
    ids=["fine metre", "no metre", "no tempo", "key", "SMPTE", "text", "sysex", "clock"],
)
def test_odd_events_are_passed_over(tmp_path: Path, meta: bytes) -> None:
    data = HEADER + track(meta, b"\0\x90\x3c\x40", b"\x30\x3c\0")

    assert read(tmp_path, data) == Phrase(
        (Note(0, PIANO, 60, 48, 64),), (), 120.0, (4, 4), {PIANO: 0}
    )


@pytest.mark.parametrize(
    ("meta", "tempo_bpm", "metre"),
    [
        (b"\0\xff\x51\3\xff\xff\xff", 10, (4, 4)),
        (b"\0\xff\x51\3\0\0\1", 500, (4, 4)),
        (b"\0\xff\x58\4\x41\2\x18\x08", 120, (4, 4)),
        (b"\0\xff\x58\4\3\x07\x18\x08", 120, (4, 4)),
        (b"\0\xff\x58\4\x40\x06\x18\x08", 120, (64, 64)),
    ],
    ids=["slowest", "fastest", "most beats", "shortest beat", "largest"],
)
def test_tempo_and_metre_are_what_a_session_can_be_played_at(
    tmp_path: Path, meta: bytes, tempo_bpm: float, metre: tuple[int, int]
) -> None:
    phrase = read(tmp_path, HEADER + track(meta, b"\0\x90\x3c\x40", b"\x30\x3c\0"))

    assert (phrase.tempo_bpm, phrase.metre) == (tempo_bpm, metre)
    opened = Open(1, bpm=phrase.tempo_bpm, metre=phrase.metre)
    assert decode_request(encode(opened)) == opened
    assert Timeline.at(phrase.tempo_bpm, 0).bpm == pytest.approx(tempo_bpm)


def test_ticks_are_rounded_half_up(tmp_path: Path) -> None:
    data = HEADER[:-1] + b"\x60" + track(b"\1\x90\x3c\x40", b"\2\x80\x3c\x40")

    assert read(tmp_path, data).notes == (Note(1, PIANO, 60, 1, 64),)


def endless() -> bytes:
    return HEADER + track(b"\0\x90\x3c\x40" + b"\0\x3c\x40" * 1_000_001)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is not a MIDI file"),
        (b"MThd\0\0\0\6\0\0\0\1\0\0" + track(), "no ticks to the beat"),
        (HEADER + track(), "has no notes"),
        (HEADER + track(b"\x8f\xff\xff\x7f\x90\x3c\x40"), "more than 24 hours"),
        (bytes(16 * 2**20 + 1), "larger than 16 MB"),
        (endless(), "1,000,000 events"),
    ],
    ids=["empty", "no division", "no notes", "too long", "too large", "too many events"],
)
def test_what_cannot_be_played_is_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason) as refused:
        read(tmp_path, data)
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("name", ["missing.mid", "."])
def test_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(FileRefused):
        midifile.read(tmp_path / name)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"a\.mid cannot be written in .*/nowhere "):
        save(tmp_path / "nowhere" / "a.mid", [Note(0, PIANO, 60, 48, 80)], [])


@pytest.fixture
def full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a.mid"
    path.write_bytes(b"old")
    with pytest.raises(FileRefused, match="No space left"):
        save(path, [Note(0, PIANO, 60, 48, 80)], [])

    assert [(entry.name, entry.read_bytes()) for entry in tmp_path.iterdir()] == [("a.mid", b"old")]
