"""Keys of melodies, and what belongs to them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS
from antiphon.export.audition.key import Key, key_of, pitch_classes, share_in
from antiphon.export.audition.passage import Passage
from pieces import table

TWINKLE = [60, 60, 67, 67, 69, 69, 67, 65, 65, 64, 64, 62, 62, 60]
A_MINOR = [69, 71, 72, 74, 76, 77, 76, 74, 72, 71, 69, 68, 69, 76, 72, 69]


def passage(pitches: list[int], instrument: int = 0) -> Passage:
    notes = table(pitches, instrument=instrument)
    return Passage(notes, 0, 24 * len(pitches), 192)


def test_the_key_of_a_tune_is_what_a_musician_would_say() -> None:
    assert key_of(passage(TWINKLE)) == Key(0, minor=False)
    assert key_of(passage(A_MINOR)) == Key(9, minor=True)


@given(st.integers(-24, 24))
def test_a_tune_that_is_transposed_has_its_key_transposed(semitones: int) -> None:
    for tune, key in ((TWINKLE, Key(0, minor=False)), (A_MINOR, Key(9, minor=True))):
        moved = passage([pitch + semitones for pitch in tune])
        assert key_of(moved) == Key((key.tonic + semitones) % 12, key.minor)


def test_long_notes_count_for_more() -> None:
    notes = table(TWINKLE)
    notes[notes[:, 2] == 67, 3] += 1000

    assert key_of(Passage(notes, 0, 1500, 192)) == Key(7, minor=False)


def test_minor_allows_both_sixths_and_both_sevenths() -> None:
    assert Key(0, minor=True).scale == {0, 2, 3, 5, 7, 8, 9, 10, 11}


def test_what_was_heard_belongs_to_the_key_whatever_it_is() -> None:
    phrase = passage([*TWINKLE, 66])
    answer = passage([60, 66, 61, 63])

    assert pitch_classes(phrase) == {0, 2, 4, 5, 6, 7, 9, 11}
    assert share_in(answer, pitch_classes(phrase)) == 0.5


def test_drums_have_no_key() -> None:
    drums = table([37, 39, 42, 44], instrument=DRUMS)
    both = passage(TWINKLE)._replace(notes=drums)

    assert key_of(both) == Key(0, minor=False)
    assert pitch_classes(both) == Key(0, minor=False).scale
