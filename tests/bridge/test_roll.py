import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.bridge.roll import Roll, summary
from antiphon.engine.notes import DRUMS, Note

CODE = re.compile("\x1b\\[[0-9;]*m")

YOU = [Note(0, 0, 60, 12, 90), Note(12, 0, 61, 12, 90), Note(24, 0, 60, 6, 90)]
MODEL = [Note(36, 0, 64, 12, 90), Note(54, 0, 65, 12, 90)]


def note_column(line: str) -> int:
    return max(line.find("▀"), line.find("▄"))


notes = st.lists(
    st.builds(
        Note,
        st.integers(0, 2000),
        st.sampled_from([0, DRUMS]),
        st.integers(0, 127),
        st.integers(1, 300),
        st.integers(1, 127),
    ),
    max_size=20,
)


def test_a_frame_without_colour() -> None:
    frame = Roll().frame({"you": YOU, "answer": MODEL}, 48, 19, 6, False, committed=6)

    assert frame == [
        "              │    ",
        "            ▒▒│░░  ",
        "              │    ",
        "C4    ▄▄▀▀▄   │    ",
        "              │    ",
        "beat 2  █ you  ▒ an",
    ]


def test_what_may_be_taken_back_is_fainter_than_what_will_sound() -> None:
    plan = [Note(54, 0, 64, 24, 90), Note(78, 0, 64, 12, 90)]
    frame = Roll().frame({"you": [], "answer": plan}, 48, 28, 4, False, committed=6)

    assert any(line.endswith("│░░░░·· ") for line in frame[:3])


def test_a_frame_in_colour_tells_parts_and_plans_apart() -> None:
    frame = Roll().frame({"you": YOU, "answer": MODEL}, 48, 19, 6, True)

    assert [CODE.sub("", line) for line in frame] == [
        "              │    ",
        "            ▄▄│▀▀  ",
        "              │    ",
        "C4    ▄▄▀▀▄   │    ",
        "              │    ",
        "beat 2  █ you  █ an",
    ]
    assert "\x1b[0;38;5;208m▄▄" in frame[1]
    assert "\x1b[0;38;5;94m▀▀" in frame[1]
    assert "\x1b[0;38;5;33m▄▄▀▀▄" in frame[3]


def test_two_pitches_of_two_parts_share_a_character() -> None:
    frame = Roll().frame({"you": [Note(0, 0, 60, 6, 90)], "answer": [Note(0, 0, 61, 6, 90)]},
                         0, 10, 4, True)  # fmt: skip

    assert "\x1b[0;38;5;208;48;5;33m▀" in "".join(frame)


def test_drums_have_a_line_of_their_own() -> None:
    frame = Roll().frame({"you": [Note(0, DRUMS, 36, 6, 90)]}, 6, 10, 4, False)

    assert frame[2] == "drm    ▄│ "


def test_time_runs_left() -> None:
    roll = Roll()
    columns = [
        roll.frame({"you": [Note(96, 0, 60, 6, 90)]}, now, 40, 6, False) for now in (96, 102)
    ]
    places = [max(map(note_column, frame[:-1])) for frame in columns]

    assert places[0] - places[1] == 1


def test_the_view_follows_the_music_a_little_at_a_time() -> None:
    roll = Roll()

    def label(pitch: int) -> list[int]:
        frame = roll.frame({"you": [Note(0, 0, pitch, 6, 90)]}, 0, 20, 9, False)
        return [row for row, line in enumerate(frame[:-1]) if line.startswith("C4")]

    assert [label(pitch) for pitch in (60, 60, 70, 70)] == [[3], [3], [4], [5]]


def test_a_tiny_window_shows_the_status() -> None:
    assert Roll().frame({"you": YOU}, 0, 5, 2, False, "listening") == ["liste"]


def test_the_status_ends_the_last_line() -> None:
    frame = Roll().frame({"you": YOU}, 0, 30, 5, False, "listening")

    assert frame[-1] == "beat 1  █ you  listening      "


def test_a_summary_shows_the_whole_piece() -> None:
    assert summary({"you": YOU, "answer": MODEL}, 26, 10, False) == [
        "                ▒▒▒▒  ▒▒▒▒",
        "                          ",
        "C4  ▄▄▄▄▀▀▀▀▄▄            ",
        "2 beats  █ you  ▒ answer",
    ]


def test_a_summary_of_nothing_says_so() -> None:
    assert summary({"you": []}, 40, 10, False) == ["no notes"]


@settings(deadline=None)
@given(notes, notes, st.integers(0, 2000), st.integers(8, 90), st.integers(3, 30), st.booleans())
def test_a_frame_has_exactly_the_size_asked_for(
    played: list[Note], answered: list[Note], now: int, width: int, height: int, colour: bool
) -> None:
    roll = Roll()
    for tick in (now, now + 50):
        frame = roll.frame({"you": played, "answer": answered}, tick, width, height, colour)
        assert [len(CODE.sub("", line)) for line in frame] == [width] * height


@pytest.mark.parametrize("colour", [False, True])
def test_no_colour_stays_on_at_the_end_of_a_line(colour: bool) -> None:
    lines = Roll().frame({"you": YOU, "answer": MODEL}, 48, 40, 10, colour)

    assert all(codes[-1] == "\x1b[0m" for line in lines if (codes := CODE.findall(line)))
