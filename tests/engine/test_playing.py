"""An answer drawn from logits that never change: what the rules make of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, PIANO, Note
from antiphon.engine.playing import Playing
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.sampling import Floats
from antiphon.engine.tokens import Decoder
from antiphon.engine.wishes import Constraints, Feel

BAR = 144
OPENED = Open(1, metre=(3, 4), feel=Feel(temperature=1, top_p=1, min_p=0))
STRINGS = 5


def logits_of(score: Callable[[int], float]) -> Floats:
    return np.array([score(token) for token in range(vocab.STYLE)], np.float32)


def piano_alone(token: int) -> float:
    """Piano in short steps; all others are out of the question, and so is the end."""
    if vocab.is_note(token):
        return 3.0 if vocab.instrument_pitch(token)[0] == PIANO else -30.0
    if vocab.is_wait(token) or vocab.is_length(token):
        return 3.0 if vocab.ticks_of(token) <= 24 else -30.0
    return -30.0


PIANO_ALONE = logits_of(piano_alone)


def _level(note: int) -> Floats:
    """Any velocity is as likely."""
    return np.zeros(8, np.float32)


def played(request: Answer, logits: Floats, seed: int = 0) -> tuple[list[Note], str]:
    opened = Open(1, seed=seed, metre=OPENED.metre, feel=OPENED.feel)
    playing = Playing(request, request.start, opened, vocab.STYLE)
    cursor, decoder = playing.cursor, Decoder(request.start)
    cursor.tick = request.start
    playing.begin(cursor, [])
    notes: list[Note] = []
    while not playing.late:
        token, velocity = playing.next(logits, _level)
        if reason := playing.over(token):
            return notes, reason
        row = cursor.advance(token, velocity)
        done = decoder.push(row.token, row.velocity)
        playing.took(token, done)
        notes += done
    return notes, "until"


def entered(notes: list[Note]) -> dict[int, int]:
    """Onset of each instrument's first note."""
    return {n.instrument: n.onset for n in reversed(notes)}


@pytest.mark.parametrize("bars", [1, 3, 8])
def test_instruments_asked_for_enter_in_time_though_the_music_does_not_ask_for_them(
    bars: int,
) -> None:
    asked = (PIANO, STRINGS, 9, DRUMS)
    wishes = Constraints(asked, enter_within=bars)
    notes, _ = played(Answer(1, 1, 480, 480 + 12 * BAR, constraints=wishes), PIANO_ALONE)
    first = entered(notes)

    assert first[PIANO] < min(first[i] for i in asked if i != PIANO)
    assert set(first) == set(asked)
    # One begins each moment from then on, unless too much has been struck within a beat.
    assert max(first.values()) <= 480 + bars * BAR + 3 * 48


def test_nobody_enters_who_was_not_asked_to_or_need_not() -> None:
    for wishes in (Constraints((PIANO, DRUMS), enter_within=0), Constraints()):
        notes, _ = played(Answer(1, 1, 0, 16 * BAR, constraints=wishes), PIANO_ALONE)
        assert {n.instrument for n in notes} == {PIANO}


def test_a_melody_of_the_piano_is_joined_by_the_others_one_after_the_other() -> None:
    wishes = Constraints((PIANO, 2, 3, 4, STRINGS, 6, 7, 8, 9, DRUMS))
    notes, _ = played(Answer(1, 1, 0, 16 * BAR, constraints=wishes), PIANO_ALONE)
    first = sorted(entered(notes).values())

    assert len(first) == 10
    assert first[0] <= 48
    assert len(set(first)) == 10, "a moment begins with one of them"


@pytest.mark.parametrize(
    ("wanted", "reason", "first", "last"),
    [(20, "end", 9, 9.5), (0, "end", 9, 11), (-30, "until", 10.5, 11)],
)
def test_a_piece_ends_around_its_end_however_much_or_little_the_model_wants_to(
    wanted: float, reason: str, first: float, last: float
) -> None:
    logits = PIANO_ALONE.copy()
    logits[vocab.END] = wanted
    request = Answer(1, 1, 0, 100 * BAR, may_end=True, ends=10 * BAR)
    for seed in range(5):
        notes, why = played(request, logits, seed)
        assert why == reason
        assert first * BAR - 48 <= notes[-1].onset < last * BAR


def test_after_labels_a_note_is_drawn_again_and_only_that() -> None:
    playing = Playing(Answer(1, 1, 0, 960), 0, OPENED, vocab.STYLE)
    playing.begin(playing.cursor, [])
    waiting = logits_of(lambda token: 30.0 if vocab.is_wait(token) else 0.0)

    def draws(n: int) -> list[bool]:
        return [vocab.is_note(playing.next(waiting, _level)[0]) for _ in range(n)]

    assert not any(draws(20))
    playing.told()
    assert all(draws(20))
