"""An answer drawn from logits that never change: what the rules make of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from answers import FLAT, drawn, level
from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, PIANO, Note
from antiphon.engine.playing import Playing
from antiphon.engine.protocol import Answer, Open
from antiphon.engine.sampling import Floats
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


def played(request: Answer, logits: Floats, seed: int = 0) -> tuple[list[Note], str]:
    return drawn(request, Open(1, seed=seed, metre=OPENED.metre, feel=OPENED.feel), logits)


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


def test_an_instrument_is_pulled_in_before_it_is_pushed() -> None:
    logits = PIANO_ALONE.copy()
    logits[vocab.note_id(STRINGS, 0) : vocab.note_id(STRINGS + 1, 0)] = -3
    request = Answer(1, 1, 0, 12 * BAR, constraints=Constraints((PIANO, STRINGS)))
    # Six nats less likely than the piano, it would begin one moment in 400 of itself.
    for seed in range(5):
        assert entered(played(request, logits, seed)[0])[STRINGS] < 7 * BAR


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
        return [vocab.is_note(playing.next(waiting, level)[0]) for _ in range(n)]

    assert not any(draws(20))
    playing.told()
    assert all(draws(20))


def answer(logits: Floats, feel: Feel, wishes: Constraints | None = None) -> list[Note]:
    opened = Open(1, feel=feel, constraints=wishes or Constraints((PIANO,)))
    return drawn(Answer(1, 1, 0, 120 * BAR, prompt=True), opened, logits)[0]


def test_heat_of_rhythm_and_of_pitch_act_on_their_own() -> None:
    logits = PIANO_ALONE.copy()
    logits[vocab.note_id(PIANO, 60)] = 6.5
    logits[vocab.WAIT + 11] = logits[vocab.LENGTH + 23] = 5

    def apart(feel: Feel) -> tuple[float, float, float]:
        """Shares of the likeliest pitch, of the likeliest length; notes a moment."""
        notes = answer(logits, feel)
        pitch = sum(n.pitch == 60 for n in notes) / len(notes)
        length = sum(n.length == 24 for n in notes) / len(notes)
        return pitch, length, len(notes) / len({n.onset for n in notes})

    plain = apart(Feel(1, 1, 0))
    cold_rhythm = apart(Feel(1, 1, 0, rhythm=0))
    hot_pitch = apart(Feel(1, 1, 0, pitch=4))

    # Some 1,000 notes each: a share strays by 0.015, five times that is one run in a million.
    assert cold_rhythm[1] == 1
    assert abs(cold_rhythm[0] - plain[0]) < 0.075
    assert hot_pitch[0] < plain[0] / 2
    assert abs(hot_pitch[1] - plain[1]) < 0.075


def test_factors_of_one_leave_every_draw_as_it_is() -> None:
    noise = np.random.default_rng(0).normal(size=vocab.STYLE).astype(np.float32)
    feel = Feel(1.3, 0.9, 0.01)
    assert answer(noise, feel) == answer(noise, Feel(1.3, 0.9, 0.01, rhythm=1, pitch=1))


def test_an_answer_that_would_go_round_and_round_does_less_so_when_it_shuns_repetition() -> None:
    logits = PIANO_ALONE.copy()
    logits[vocab.note_id(PIANO, 60) : vocab.note_id(PIANO, 63)] = 8

    def share_of_three(strength: float) -> float:
        notes = answer(logits, Feel(1, 1, 0, repetition=strength))
        return sum(60 <= n.pitch < 63 for n in notes) / len(notes)

    shares = [share_of_three(strength) for strength in (0, 0.3, 1)]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 0.4
    assert shares[2] < 0.7 * shares[0]


def test_drums_repeat_themselves_as_they_like() -> None:
    wishes = Constraints((DRUMS,))
    free, shunning = (answer(FLAT, Feel(repetition=r), wishes) for r in (0, 1))
    assert free == shunning


def test_velocities_lie_where_they_were_wished() -> None:
    notes = answer(FLAT, Feel(1, 1, 0), Constraints(softest=50, loudest=100))
    assert {n.velocity for n in notes} == {56, 72, 88}


def test_a_key_that_is_struck_too_soon_behind_the_answer_is_not_begun() -> None:
    wishes = Constraints((PIANO,), lowest=60, highest=61, shortest=48, longest=60)
    request = Answer(1, 1, 0, 8 * BAR)
    logits = PIANO_ALONE.copy()
    logits[vocab.note_id(PIANO, 60) : vocab.note_id(PIANO, 62)] = 6
    for seed in range(5):
        opened = Open(1, seed, feel=OPENED.feel, constraints=wishes)
        notes, _ = drawn(request, opened, logits, struck_next={(PIANO, 60): 4 * BAR})
        assert max(n.onset for n in notes if n.pitch == 60) <= 4 * BAR - 48
        assert max(n.onset for n in notes if n.pitch == 61) > 4 * BAR
