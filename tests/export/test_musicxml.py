"""MusicXML to notes: each sign of the score does what it does when played."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, INSTRUMENTS
from antiphon.export.corpus.musicxml import FULL, LOUDNESS, UNMARKED, read
from antiphon.export.corpus.table import Heading
from scores import metre, note, packed, score


def heard(content: bytes) -> list[tuple[int, int, int]]:
    """Onset, pitch and length of each note, in ticks."""
    notes, _ = read(content)
    return [(onset, pitch, end - onset) for onset, _, pitch, end, _ in notes.tolist()]


def test_notes_and_rests_follow_each_other_over_bars() -> None:
    bars = [note("C4", 1) + note("R", 1) + note("F#4", 2), note("Bb3", 4)]
    assert heard(score(bars)) == [(0, 60, 48), (96, 66, 96), (192, 58, 192)]


def test_a_chord_shares_its_onset_and_a_second_voice_goes_back() -> None:
    back = "<backup><duration>24</duration></backup><forward><duration>12</duration></forward>"
    bars = [note("C4", 2) + note("E4", 2, "<chord/>") + back + note("C3", 1)]
    assert heard(score(bars)) == [(0, 60, 96), (0, 64, 96), (48, 48, 48)]


def test_tied_notes_are_one_over_the_bar_line_and_over_a_repeat() -> None:
    bars = [note("C4", 4, '<tie type="start"/>'), note("C4", 2, '<tie type="stop"/>')]
    assert heard(score(bars)) == [(0, 60, 288)]

    again = bars[1] + '<barline><repeat direction="backward"/></barline>'
    assert heard(score([bars[0], again])) == [(0, 60, 288), (288, 60, 288)]


def test_a_tie_that_is_told_at_its_beginning_only_is_one() -> None:
    bars = [note("C4", 1, '<tie type="start"/>') + note("C4", 1) + note("C4", 1)]
    assert heard(score(bars)) == [(0, 60, 96), (96, 60, 48)]


def test_two_parts_hold_ties_of_their_own() -> None:
    long = [note("C4", 1, '<tie type="start"/>'), note("C4", 1, '<tie type="stop"/>')]
    other = [note("G4", 1), note("G4", 1)]
    assert heard(score(long, other)) == [(0, 60, 96), (0, 67, 48), (48, 67, 48)]


def test_a_grace_note_comes_just_before() -> None:
    bars = [note("C4", 1) + note("A4", 0, "<grace/>") + note("B4", 0, "<grace/>") + note("C5", 1)]
    assert heard(score(bars)) == [(0, 60, 48), (36, 69, 6), (42, 71, 6), (48, 72, 48)]


def test_staccato_is_half_as_long() -> None:
    short = "<notations><articulations><staccato/></articulations></notations>"
    assert heard(score([note("C4", 1, short) + note("C4", 1)])) == [(0, 60, 24), (48, 60, 48)]


def test_a_transposing_part_sounds_where_it_sounds() -> None:
    clarinet = "<attributes><transpose><chromatic>-2</chromatic></transpose></attributes>"
    bass = "<attributes><transpose><octave-change>-1</octave-change></transpose></attributes>"
    assert heard(score([clarinet + note("D4", 1) + bass + note("D4", 1)])) == [
        (0, 60, 48),
        (48, 50, 48),
    ]


def test_repeats_with_endings_are_played_out() -> None:
    first = (
        '<barline><ending number="1" type="start"/></barline>' + note("D4", 1) + "<barline>"
        '<ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    )
    second = '<barline><ending number="2" type="start"/></barline>' + note("E4", 1)
    pitches = [pitch for _, pitch, _ in heard(score([note("C4", 1), first, second]))]
    assert pitches == [60, 62, 60, 64]


def test_an_ending_reaches_over_its_bars() -> None:
    begin = '<barline><ending number="1" type="start"/></barline>' + note("D4", 1)
    end = note("E4", 1) + (
        '<barline><ending number="1" type="stop"/><repeat direction="backward"/></barline>'
    )
    last = (
        '<barline><ending number="2" type="start"/></barline>' + note("F4", 1)
        + '<barline><ending number="2" type="discontinue"/></barline>'
    )  # fmt: skip
    bars = [note("C4", 1), begin, end, last, note("G4", 1)]
    assert [pitch for _, pitch, _ in heard(score(bars))] == [60, 62, 64, 60, 65, 67]


def test_da_capo_al_fine() -> None:
    fine = note("D4", 1) + '<direction><sound fine="yes"/></direction>'
    back = note("E4", 1) + '<direction><sound dacapo="yes"/></direction>'
    assert [p for _, p, _ in heard(score([note("C4", 1), fine, back]))] == [60, 62, 64, 60, 62]


def test_an_upbeat_stands_at_the_end_of_a_bar() -> None:
    bars = [metre("3", 4) + note("C4", 1), note("F4", 3)]
    assert heard(score(bars)) == [(96, 60, 48), (144, 65, 144)]


def test_a_part_that_has_too_much_in_a_bar_does_not_shift_the_others() -> None:
    right = [note("C4", 4), note("D4", 4)]
    wrong = [note("E3", 4) + note("R", 4), note("F3", 4)]
    onsets = {pitch: onset for onset, pitch, _ in heard(score(right, right, wrong))}
    assert (onsets[62], onsets[53]) == (192, 192)


@pytest.mark.parametrize(
    ("said", "heading"),
    [
        (metre("3+2", 8) + '<sound tempo="90"/>', Heading(90, (5, 8))),
        (metre("6", 8), Heading(120, (6, 8))),
        ("", Heading(120, None)),
        (
            "<direction><direction-type><metronome><beat-unit>quarter</beat-unit><beat-unit-dot/>"
            "<per-minute>60</per-minute></metronome></direction-type></direction>",
            Heading(90, None),
        ),
    ],
)
def test_the_heading_says_tempo_and_metre(said: str, heading: Heading) -> None:
    assert read(score([said + note("C4", 1)]))[1] == heading


def test_a_metre_that_changes_is_none() -> None:
    bars = [metre("3", 4) + note("C4", 3), metre("4", 4) + note("C4", 4)]
    assert read(score(bars))[1].metre is None


def test_loudness_holds_until_it_is_said_anew() -> None:
    piano = "<direction><direction-type><dynamics><p/></dynamics></direction-type></direction>"
    bars = [note("C4", 1) + piano + note("D4", 1), note("E4", 1) + note("F4", 1, dynamics="100")]
    notes, _ = read(score(bars))
    assert notes[:, 4].tolist() == [UNMARKED, LOUDNESS["p"], LOUDNESS["p"], FULL]


def listed(*parts: tuple[str, str]) -> str:
    """A part list of ids and what stands in them."""
    return "".join(f'<score-part id="{name}">{inside}</score-part>' for name, inside in parts)


def families(content: bytes) -> list[str]:
    notes, _ = read(content)
    return [INSTRUMENTS[i] for i in notes[:, 1].tolist()]


def test_instruments_come_from_midi_programs() -> None:
    violin = (
        '<score-instrument id="I1"/><midi-instrument id="I1"><midi-program>41</midi-program>'
        "</midi-instrument>"
    )
    parts = listed(("P1", violin), ("P2", ""))
    assert families(score([note("C4", 1)], [note("C5", 1)], listed=parts)) == ["piano", "strings"]


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("Violoncello", "strings"), ("Soprano", "ensemble"), ("Contrabassoon", "reed"),
        ("Bass guitar", "bass"), ("Contrabass", "strings"), ("Bass", "ensemble"),
        ("Horn in F", "brass"), ("English Horn", "reed"), ("Klavier", "piano"), ("", "piano"),
        ("Bass Drum", "drums"), ("Harp", "strings"), ("Harpsichord", "piano"),
    ],
)  # fmt: skip
def test_or_else_from_names(name: str, family: str) -> None:
    parts = listed(("P1", f"<part-name>{name}</part-name>"))
    assert families(score([note("C4", 1)], listed=parts)) == [family]


def test_drums_have_keys_of_their_own() -> None:
    kit = "".join(
        f'<score-instrument id="{name}"/>'
        f'<midi-instrument id="{name}"><midi-channel>10</midi-channel>'
        f"<midi-unpitched>{key}</midi-unpitched></midi-instrument>"
        for name, key in (("kick", 37), ("snare", 39))
    )
    struck = "".join(
        f'<note><unpitched/><duration>12</duration><instrument id="{name}"/></note>'
        for name in ("kick", "snare", "kick")
    )
    notes, _ = read(score([struck], listed=listed(("P1", kit))))
    assert notes[:, [1, 2]].tolist() == [[DRUMS, 36], [DRUMS, 38], [DRUMS, 36]]


def test_a_packed_score_is_the_same_score() -> None:
    plain = score([note("C4", 1) + note("E4", 1)])
    assert heard(packed(plain)) == heard(plain)


def test_a_score_in_utf_16_is_read() -> None:
    text = score([note("C4", 1)]).decode().replace("UTF-8", "UTF-16")
    assert heard(text.encode("utf-16")) == [(0, 60, 48)]


def test_a_score_without_notes_is_empty() -> None:
    notes, _ = read(score([note("R", 4)]))
    assert notes.shape == (0, 5)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no music", "not a MusicXML"),
        (b"<score-partwise><part>", "not a MusicXML"),
        (b"PK\3\4 and no more", "not a MusicXML"),
        (b"<html/>", "its root is 'html'"),
        (packed(score([note("C4", 1)]), "a.xml").replace(b"a.xml", b"b.xml", 1), "not a MusicXML"),
        (packed(b" " * (65 << 20)), "unpacks to more than 64 MB"),
        (
            b'<!DOCTYPE s [<!ENTITY a "' + b"a" * 10_000 + b'"><!ENTITY b "' + b"&a;" * 10_000
            + b'">]><s>' + b"&b;" * 100 + b"</s>",
            "not a MusicXML",
        ),
    ],
)  # fmt: skip
def test_what_is_no_score_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=reason):
        read(content)


def test_a_score_without_end_is_refused() -> None:
    long = note("C4", 1).replace("<duration>12<", "<duration>99999999999999999999<")
    with pytest.raises(FileRefused, match="no end"):
        read(score([long]))


BACK = '<barline><repeat direction="backward"/></barline>'
WHOLE = score(
    [
        metre("3", 4) + '<sound tempo="90"/>' + note("C4", 1, '<tie type="start"/>'),
        note("C4", 3, '<tie type="stop"/>') + note("E4", 3, "<chord/>"),
        note("G4", 0, "<grace/>")
        + note("A4", 3)
        + '<barline><repeat direction="backward"/></barline>',
    ],
    listed=listed(("P1", "<part-name>Voice</part-name>")),
).decode()


@given(st.data())
def test_a_score_with_slips_in_it_is_read_or_refused(data: st.DataObject) -> None:
    text = WHOLE
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text) - 1))
        length = data.draw(st.integers(0, 6))
        slip = data.draw(st.sampled_from(["", "-1", "x", "0", "1e300", "nan", "99", " "]))
        text = text[:at] + slip + text[at + length :]
    try:
        notes, heading = read(text.encode())
    except FileRefused:
        return
    assert ((notes[:, 3] > notes[:, 0]) & (notes[:, 0] >= 0)).all()
    assert set(notes[:, 1].tolist()) <= set(range(DRUMS + 1))
    assert heading.bpm > 0
