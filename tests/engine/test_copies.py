"""Copies are told while they are made, beside a follower that looks at everything every time."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine.copies import FEWEST, GRAM, MULTIPLIER, VARIED, Follower, Index, step
from antiphon.engine.errors import BundleRefused
from antiphon.engine.notes import DRUMS, Note
from antiphon.export.release import copy_index
from pieces import corpus_of, table, tune

SENTENCE = r"^[^\n]+\.$"


def strange(seed: int, length: int) -> list[int]:
    """Pitches that nobody will write again."""
    rng = random.Random(seed)
    return [rng.randrange(48, 72) for _ in range(length)]


SONG = strange(1, 200)
LEARNT = [tune(SONG), tune(strange(2, 3000)), tune([60] * 40 + list(range(40, 80)))]


def index_of(*pieces: list[Note]) -> Index:
    return copy_index.index(corpus_of([("songs", (), notes) for notes in pieces]))


@pytest.fixture(scope="module")
def index() -> Index:
    return index_of(*LEARNT)


def told(index: Index, notes: Sequence[Note], own: Sequence[Note] = ()) -> list[int]:
    """What is said with each note."""
    follower = Follower(index, lambda: own)
    return [follower.hear([note]) for note in notes]


def slowly(index: Index, notes: Sequence[Note], own: Sequence[Note] = ()) -> list[int]:
    return [_at_the_end(index, notes[: i + 1], own) for i in range(len(notes))]


def _at_the_end(index: Index, notes: Sequence[Note], own: Sequence[Note]) -> int:
    steps, grams = _steps(notes), 0
    while len(steps) - grams >= GRAM:
        last = len(steps) - grams
        if not index.holds(_hash(steps[last - GRAM : last])):
            break
        grams += 1
    recent, theirs = steps[-FEWEST + 1 :], _steps(own)
    repeated = any(
        theirs[i : i + len(recent)] == recent for i in range(len(theirs) - len(recent) + 1)
    )
    copied = grams + GRAM >= FEWEST and len(set(recent)) >= VARIED and not repeated
    return grams + GRAM if copied else 0


def _steps(notes: Sequence[Note]) -> list[int]:
    pitched = [note for note in notes if note.instrument != DRUMS]
    return [step(a, b) for a, b in pairwise(pitched)]


def _hash(gram: Sequence[int]) -> int:
    powers = (pow(MULTIPLIER, n, 2**64) for n in range(len(gram), 0, -1))
    return sum(s * power for s, power in zip(gram, powers, strict=True)) % 2**64


def test_a_copy_is_told_with_its_thirty_second_note_and_from_then_on(index: Index) -> None:
    assert told(index, tune(SONG)) == [0] * (FEWEST - 1) + list(range(FEWEST, 201))


@pytest.mark.parametrize("semitones", [-7, 12])
def test_so_it_is_in_any_key_and_by_any_instrument(index: Index, semitones: int) -> None:
    copy = tune([pitch + semitones for pitch in SONG[50:100]], instrument=5, first=1000)

    assert told(index, copy)[FEWEST - 2 : FEWEST] == [0, FEWEST]


def test_and_a_little_early_or_late_with_drums_between(index: Index) -> None:
    rng = random.Random(3)
    uneven = [Note(n.onset + 10 + rng.randint(-2, 2), 0, n.pitch, 9, 80) for n in tune(SONG)]
    drums = tune([36, 38] * 50, instrument=DRUMS)

    assert told(index, sorted(uneven + drums))[-1] == 200


def test_in_the_midst_of_other_notes_it_begins_and_ends_where_it_does(index: Index) -> None:
    answer = tune(strange(4, 60) + SONG[:60] + strange(5, 60))
    said = told(index, answer)

    assert not any(said[: 60 + FEWEST - 10])
    assert 60 <= said[119] < 70
    assert not any(said[130:])


def test_one_other_note_begins_the_count_anew(index: Index) -> None:
    wrong = [*SONG[:40], SONG[40] + 1, *SONG[41:]]
    said = told(index, tune(wrong))

    assert said[39] == 40
    assert not any(said[45 : 40 + FEWEST - 9])
    assert said[40 + FEWEST + 1] >= FEWEST


def test_twice_as_fast_is_another_tune(index: Index) -> None:
    assert not any(told(index, tune(SONG, ticks=12)))


def test_notes_in_another_order_are_no_copy(index: Index) -> None:
    for seed in range(5):
        shuffled = random.Random(seed).sample(SONG, len(SONG))
        assert not any(told(index, tune(shuffled)))


def test_scales_and_repeated_notes_are_nobodys(index: Index) -> None:
    assert not any(told(index, LEARNT[2]))


def test_drums_are_nobodys() -> None:
    beat = tune(SONG, instrument=DRUMS)

    assert not any(told(index_of(beat), beat))


def test_what_the_player_played_is_no_theft(index: Index) -> None:
    player = tune(strange(6, 30) + [pitch + 3 for pitch in SONG[:50]])
    said = told(index, tune(SONG), player)

    assert not any(said[:50])
    assert said[50:52] == [51, 52]


def test_though_it_is_where_the_answer_has_a_note_more(index: Index) -> None:
    drums = tune([36] * 20, ticks=48, instrument=DRUMS)

    for own, said in ((SONG[:FEWEST], 0), (SONG[1:FEWEST], FEWEST)):
        player = sorted(tune(own) + drums)
        assert told(index, tune(SONG[:FEWEST]), player)[-1] == said


def test_several_notes_at_once_are_as_one_after_another(index: Index) -> None:
    follower = Follower(index)

    assert follower.hear(tune(SONG)[:90]) == 90
    assert follower.hear([]) == 90
    assert follower.hear(tune(SONG)[90:93]) == 93


PASSAGES = st.lists(
    st.tuples(st.sampled_from((0, 1, 2)), st.integers(0, 150), st.integers(1, 60), st.booleans()),
    max_size=4,
)  # fmt: skip


def music_of(passages: Sequence[tuple[int, int, int, bool]]) -> list[Note]:
    """Parts of what was learnt, each in some key, with or without a drum at its end."""
    notes: list[Note] = []
    for piece, begin, length, drum in passages:
        at = notes[-1].onset + 24 if notes else 0
        part = LEARNT[piece][begin : begin + length]
        notes += [Note(at + n.onset - part[0].onset, 0, n.pitch, 24, 80) for n in part]
        notes += [Note(notes[-1].onset, DRUMS, 36, 6, 80)] if drum and notes else []
    return notes


@settings(max_examples=40, deadline=None)
@given(PASSAGES, PASSAGES)
def test_it_says_what_one_says_who_looks_at_everything(
    index: Index, answer: list[tuple[int, int, int, bool]], own: list[tuple[int, int, int, bool]]
) -> None:
    notes, theirs = music_of(answer), music_of(own)

    assert told(index, notes, theirs) == slowly(index, notes, theirs)


def test_all_grams_that_are_there_are_known_and_of_others_no_more_than_bits_are_set(
    index: Index,
) -> None:
    learnt, other = (copy_index.steps(table(p)) for p in (SONG, strange(7, 2000)))

    assert all(index.holds(int(gram)) for gram in copy_index.hashes(learnt))
    known = [index.holds(int(gram)) for gram in copy_index.hashes(other)]
    # 1,985 throws: five standard deviations.
    assert abs(sum(known) / len(known) - copy_index.FULL) < 0.056


def test_an_index_comes_back_from_its_bytes(index: Index) -> None:
    assert Index.read(index.written()) == index


def test_one_cut_off_anywhere_is_refused() -> None:
    content = Index(b"\x01\x02\x03").written()
    for end in range(len(content)):
        with pytest.raises(BundleRefused, match=SENTENCE):
            Index.read(content[:end])


@pytest.mark.parametrize("content", [
    Index(b"").written(),
    Index(b"\x01").written() + b"\x00",
    Index(b"\x01").written().replace(b"copies-1", b"copies-2"),
    b"no index at all",
], ids=["empty", "longer", "newer", "foreign"])  # fmt: skip
def test_one_that_is_none_is_refused_in_a_sentence(content: bytes) -> None:
    with pytest.raises(BundleRefused, match=SENTENCE):
        Index.read(content)
