"""What may come next: something always may, and all that may obeys what was played before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.constraints import Rules
from antiphon.engine.moves import MAX_SILENCE, Moves
from antiphon.engine.notes import DRUMS, INSTRUMENTS, Note
from antiphon.engine.sampling import Floats, Mask
from antiphon.engine.wishes import Chord, Constraints, Range
from obedience import Asked, asked, in_harmony, in_range, may_sound

SIZE = vocab.STYLE + 2
METRE = (3, 4)
START = 100
LOGITS: Floats = np.arange(SIZE, dtype=np.float32)
HELD = [
    Note(0, 0, 60, 130, 80),
    Note(50, 0, 62, 400, 80),
    Note(90, 5, 60, 9, 80),
    Note(95, 0, 64, 6, 80),
]
WISHES = st.builds(
    Constraints,
    instruments=st.sampled_from([(), (0,), (0, 5, DRUMS)]),
    lowest=st.sampled_from([0, 58]),
    highest=st.sampled_from([127, 64]),
    polyphony=st.integers(1, 4),
    density=st.integers(1, 8),
    scale=st.sampled_from([(), "A minor"]),
    chords=st.sampled_from([(), (Chord("Am7", 0.5), Chord("C", 1 / 3))]),
    shortest=st.sampled_from([1, 40]),
    ranges=st.sampled_from([(), (Range(DRUMS, 36, 38),)]),
)
STEPS = st.lists(st.tuples(st.integers(0, 10**6), st.integers(1, 96)), max_size=40)


class Played:
    """An answer by notes alone; what is legal is found by looking at all of them."""

    def __init__(self, wishes: Asked, struck_next: dict[tuple[int, int], int]) -> None:
        self.wishes, self.struck_next = wishes, struck_next
        self.tick = self.latest = START
        self.notes: list[Note] = []

    def legal_notes(self) -> set[int]:
        if sum(n.onset > self.tick - 48 for n in self.notes) >= self.wishes.density:
            return set()
        return {
            vocab.note_id(i, p)
            for i in range(len(INSTRUMENTS))
            for p in range(128)
            if may_sound(i, self.wishes)
            and in_range(i, p, self.wishes)
            and in_harmony(i, p, self.tick, self.wishes, METRE)
            and self._free(i, p)
        }

    def _free(self, instrument: int, pitch: int) -> bool:
        key = instrument, pitch
        sounding = [n for n in self.notes if n.end > self.tick]
        held = [n for n in HELD if n.end > self.tick]
        voices = sum(n.instrument != DRUMS for n in sounding)
        moment = [(n.instrument, n.pitch) for n in self.notes if n.onset == self.tick]
        behind = self.struck_next.get(key, 10**9)
        return (
            key not in [(n.instrument, n.pitch) for n in [*sounding, *held]]
            and (instrument == DRUMS or voices < self.wishes.polyphony)
            and all(key > earlier for earlier in moment)
            and (instrument == DRUMS or self.tick + self.wishes.shortest <= behind)
        )


@given(WISHES, STEPS, st.dictionaries(st.tuples(st.sampled_from([0, DRUMS]), st.integers(55, 67)),
                                      st.integers(100, 500)))  # fmt: skip
@settings(max_examples=40, deadline=None)
def test_step_by_step_the_legal_tokens_are_those_that_looking_at_everything_finds(
    wishes: Constraints, steps: list[tuple[int, int]], struck_next: dict[tuple[int, int], int]
) -> None:
    if wishes.shortest == 1:
        struck_next = {}
    moves = Moves(Rules(SIZE, wishes, METRE), struck_next)
    moves.begin(START, HELD)
    played = Played(asked(wishes), struck_next)
    for choice, length in steps:
        legal = tokens(moves.masked(LOGITS))
        notes, rest = played.legal_notes(), played.tick - played.latest
        assert {t for t in legal if vocab.is_note(t)} == notes
        waits = [t for t in legal if vocab.is_wait(t)]
        assert len(waits) == (0 if notes and rest >= MAX_SILENCE else len(vocab.TIMES))
        assert len(legal) == len(waits) + len(notes)
        go_on(moves, played, legal[choice % len(legal)] if choice % 3 else waits[:40][-1:], length)


def go_on(moves: Moves, played: Played, choice: int | list[int], length: int) -> None:
    """Take a token, or the wait there is, if any."""
    token = choice if isinstance(choice, int) else (choice[0] if choice else None)
    if token is None:
        return
    if vocab.is_wait(token):
        played.tick += vocab.ticks_of(token)
        moves.waited(vocab.ticks_of(token))
        return
    instrument, pitch = vocab.instrument_pitch(token)
    note = Note(played.tick, instrument, pitch, length, 80)
    moves.struck(token)
    moves.sounds(note)
    played.notes.append(note)
    played.latest = played.tick


def tokens(masked: Floats) -> list[int]:
    """The legal ones; their logits are untouched."""
    legal: list[int] = np.flatnonzero(masked > -np.inf).tolist()
    assert masked[legal].tolist() == LOGITS[legal].tolist()
    return legal


def moves_of(wishes: Constraints, held: Sequence[Note] = ()) -> Moves:
    moves = Moves(Rules(SIZE, wishes), {})
    moves.begin(START, held)
    return moves


@given(WISHES, st.booleans(), st.booleans())
def test_where_a_note_must_come_only_notes_may_if_any_does(
    wishes: Constraints, may_end: bool, strike: bool
) -> None:
    moves = moves_of(wishes, HELD)
    anything = tokens(moves.masked(LOGITS, may_end=may_end))
    legal = tokens(moves.masked(LOGITS, may_end=may_end, strike=strike))
    notes = [t for t in anything if vocab.is_note(t)]

    assert (vocab.END in anything) == may_end
    assert legal == (notes if strike and notes else anything)


def test_where_every_key_is_held_there_is_a_wait_though_a_note_must_come() -> None:
    wishes = Constraints(instruments=(0,), lowest=60, highest=60)
    moves = moves_of(wishes, [Note(0, 0, 60, 500, 80)])

    assert all(vocab.is_wait(t) for t in tokens(moves.masked(LOGITS, strike=True)))
    moves.waited(400)
    assert tokens(moves.masked(LOGITS)) == [vocab.note_id(0, 60)], "it was silent for too long"


@pytest.mark.parametrize("crowded", [False, True])
@given(st.sets(st.integers(0, DRUMS), min_size=1), WISHES)
def test_whoever_is_overdue_begins_the_moment_if_it_can(
    crowded: bool, late: set[int], wishes: Constraints
) -> None:
    only: Mask = np.zeros(len(INSTRUMENTS), np.bool_)
    only[list(late)] = True
    moves = moves_of(wishes, HELD)
    if crowded:
        for _ in range(wishes.density):
            moves.struck(vocab.NOTE)
        moves.waited(1)
    anyone = tokens(moves.masked(LOGITS))
    theirs = [t for t in anyone if vocab.is_note(t) and vocab.instrument_pitch(t)[0] in late]

    assert tokens(moves.masked(LOGITS, only=only)) == (theirs or anyone)


def test_only_the_first_note_of_a_moment_is_kept_for_whoever_is_overdue() -> None:
    only: Mask = np.zeros(len(INSTRUMENTS), np.bool_)
    only[3] = True
    moves = moves_of(Constraints())
    moves.struck(vocab.note_id(3, 60))
    after = tokens(moves.masked(LOGITS, only=only))

    assert vocab.note_id(4, 60) in after
    assert vocab.WAIT in after


def test_a_player_who_holds_many_keys_leaves_the_answer_its_voices() -> None:
    held = [Note(0, 0, pitch, 500, 80) for pitch in range(40, 60)]
    moves = moves_of(Constraints(instruments=(0,), polyphony=1), held)
    key = vocab.note_id(0, 70)

    assert key in tokens(moves.masked(LOGITS))
    moves.struck(key)
    moves.sounds(Note(START, 0, 70, 30, 80))
    moves.waited(29)
    assert not [t for t in tokens(moves.masked(LOGITS)) if vocab.is_note(t)]
    moves.waited(1)
    assert key in tokens(moves.masked(LOGITS))


def test_drums_take_no_voice() -> None:
    moves = moves_of(Constraints(instruments=(0, DRUMS), polyphony=1))
    moves.struck(vocab.note_id(DRUMS, 36))
    moves.sounds(Note(START, DRUMS, 36, 6, 80))
    moves.waited(1)

    assert vocab.note_id(0, 60) in tokens(moves.masked(LOGITS))


def test_a_key_is_struck_as_long_as_the_shortest_note_is_over_before_it_is_struck_again() -> None:
    rules = Rules(SIZE, Constraints(shortest=40))
    moves = Moves(rules, {(0, 60): START + 100, (DRUMS, 36): START + 100})
    moves.begin(START, [])
    for waited, legal in ((60, True), (1, False)):
        moves.waited(waited)
        assert (vocab.note_id(0, 60) in tokens(moves.masked(LOGITS))) == legal
        assert vocab.note_id(DRUMS, 36) in tokens(moves.masked(LOGITS))
