"""What a session's memory expects, against a slow obvious version, and what it does to a draw."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine import motif
from antiphon.engine import vocabulary as vocab
from antiphon.engine.motif import Motif, odds
from antiphon.engine.notes import DRUMS
from antiphon.engine.sampling import Floats, probabilities
from antiphon.engine.tokens import Row

ORDER = motif.ORDER
SIZE = vocab.STYLE + 3
MUSIC = [vocab.WAIT, vocab.LENGTH + 5, *(vocab.note_id(0, p) for p in (60, 62)),
         vocab.note_id(3, 1), vocab.note_id(DRUMS, 36)]  # fmt: skip
"""Few tokens, so that passages come back."""
OTHERS = [vocab.START, vocab.SUFFIX, vocab.TEMPO, vocab.STYLE + 1]


@st.composite
def phrases(draw: st.DrawFn) -> list[int]:
    few = draw(st.lists(st.sampled_from(MUSIC), min_size=2, max_size=4, unique=True))
    tokens = st.one_of(*[st.sampled_from(few)] * 12, st.sampled_from(OTHERS))
    return draw(st.lists(tokens, min_size=ORDER + 2, max_size=16))


@st.composite
def pieces(draw: st.DrawFn) -> list[int]:
    """Phrases that return, in other keys too, with something else between."""
    some = draw(st.lists(phrases(), min_size=1, max_size=3))
    piece: list[int] = []
    for phrase in draw(st.lists(st.sampled_from(some), min_size=2, max_size=6)):
        piece += in_other_key(phrase, draw(st.sampled_from((0, 0, 1, -2))))
        piece += draw(st.lists(st.sampled_from(MUSIC + OTHERS), max_size=3))
    return piece


def in_other_key(tokens: Sequence[int], semitones: int) -> list[int]:
    def moved(token: int) -> int:
        if not vocab.is_note(token) or vocab.instrument_pitch(token)[0] == DRUMS:
            return token
        instrument, pitch = vocab.instrument_pitch(token)
        return vocab.note_id(instrument, min(max(pitch + semitones, 0), 127))

    return [moved(token) for token in tokens]


def memory_of(tokens: Sequence[int]) -> Motif:
    memory = Motif()
    for token in tokens:
        memory.append(token)
    return memory


@contextmanager
def little_memory() -> Iterator[None]:
    """Reaches 24 tokens back and takes back 10 rows, so that short pieces come to its limits."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(motif, "REACH", 24)
        patch.setattr(motif, "UNDO", 10)
        patch.setattr(motif, "_HELD", 34)
        yield


def obvious(tokens: Sequence[int]) -> tuple[int, float] | None:
    """The token expected after these and its trust, by looking through lists from the start."""
    told = [token for token in tokens if vocab.WAIT <= token < vocab.STYLE]
    pitches: dict[int, int] = {}
    steps: list[tuple[int, ...]] = []
    thread, run = None, 0
    for n, token in enumerate(told, start=1):
        if thread is not None:
            run = run + 1 if steps[thread] == step(token, pitches) else run // motif.LASTING
            thread += 1
        steps.append(step(token, pitches))
        if vocab.needs_length(token):
            instrument, pitches[instrument] = vocab.instrument_pitch(token)
        if run < ORDER:
            for place in range(n - 1, max(ORDER, n - motif.REACH) - 1, -1):
                if steps[place - ORDER : place] == steps[n - ORDER :]:
                    thread, run = place, ORDER
                    break
    if thread is None or run == 0:
        return None
    kind, *rest = steps[thread]
    token = kind
    if rest:
        pitch = pitches.get(kind, 60) + rest[0]
        if not 0 <= pitch <= 127:
            return None
        token = vocab.note_id(kind, pitch)
    return token, min(run, (len(told) - thread) / motif.NEAR)


def step(token: int, pitches: dict[int, int]) -> tuple[int, ...]:
    """A pitched note as its instrument and its step up from the last, 60 at first; else itself."""
    if not vocab.needs_length(token):
        return (token,)
    instrument, pitch = vocab.instrument_pitch(token)
    return instrument, pitch - pitches.get(instrument, 60)


@settings(deadline=None)
@given(pieces())
def test_it_expects_what_the_slow_way_expects(piece: list[int]) -> None:
    memory = Motif()
    for n, token in enumerate(piece):
        assert memory.expected() == obvious(piece[:n])
        memory.append(token)


@settings(deadline=None)
@given(pieces())
def test_beyond_its_reach_it_still_expects_what_the_slow_way_expects(piece: list[int]) -> None:
    with little_memory():
        test = Motif()
        for n, token in enumerate(piece):
            assert test.expected() == obvious(piece[:n])
            test.append(token)


@settings(deadline=None)
@given(pieces(), st.lists(st.tuples(st.integers(0, 30), phrases()), max_size=6), st.booleans())
def test_after_any_rewinds_it_is_as_if_the_forgotten_had_never_been(
    piece: list[int], detours: list[tuple[int, list[int]]], little: bool
) -> None:
    with little_memory() if little else pytest.MonkeyPatch.context():
        rows = [Row(token) for token in piece]
        memory = Motif()
        memory.follow(rows, len(rows))
        for back, other in detours:
            del rows[max(0, len(rows) - back) :]
            memory.rewind(len(rows))
            rows += [Row(token) for token in other]
            memory.follow(rows, len(rows))
            fresh = memory_of([row.token for row in rows])
            for token in piece:
                assert memory.expected() == fresh.expected()
                memory.append(token)
                fresh.append(token)
            memory.rewind(len(rows))
            memory.follow(rows, len(rows))


def test_a_rewind_to_where_it_has_not_been_yet_does_nothing() -> None:
    memory = memory_of(MUSIC)

    memory.rewind(len(MUSIC) + 5)

    assert len(memory) == len(MUSIC)


def test_a_rewind_that_is_too_far_forgets_everything_and_following_brings_it_back() -> None:
    rows = [Row(token) for token in MUSIC * 10]
    with little_memory():
        memory = Motif()
        memory.follow(rows, len(rows))
        memory.rewind(20)
        assert len(memory) == 0
        assert memory.expected() is None

        memory.follow(rows, 20)

        assert len(memory) == 20
        assert memory.expected() == memory_of((MUSIC * 10)[:20]).expected() is not None


@pytest.mark.parametrize("semitones", [0, 5, -7])
def test_a_tune_is_known_again_in_another_key(semitones: int) -> None:
    tune = tune_of([60, 64, 67, 72, 71, 69, 67, 65, 64, 62])
    again = in_other_key(tune, semitones)
    memory = memory_of([*tune, vocab.note_id(0, 20), *again[: 3 * 4]])

    following = memory.expected()

    assert following is not None
    assert following.token == again[3 * 4]


def test_a_passage_is_found_as_far_back_as_it_reaches_and_no_further() -> None:
    passage = list(range(vocab.WAIT, vocab.WAIT + ORDER))
    following, other = vocab.WAIT + 40, vocab.WAIT + 41
    with little_memory():
        reach = motif.REACH
        near, far = (
            memory_of([*passage, following, *[other] * (distance - ORDER - 1), *passage])
            for distance in (reach, reach + 1)
        )

    assert near.expected() == (following, reach / motif.NEAR)
    assert far.expected() is None


def test_labels_and_marks_are_told_but_nothing_is_made_of_them() -> None:
    tune = tune_of([60, 64, 67, 72, 71, 69, 67])
    plain, marked = memory_of([*tune, *tune[:8]]), memory_of([*tune, *OTHERS, *tune[:8], *OTHERS])

    assert len(marked) == len(plain) + 2 * len(OTHERS)
    assert marked.expected() == plain.expected()
    assert plain.expected() is not None


def test_trust_grows_with_every_token_that_comes_true_and_survives_one_that_does_not() -> None:
    tune = tune_of(np.random.default_rng(0).integers(40, 80, 40).tolist())
    memory = memory_of(tune)
    trusts = []
    for token in [*tune[:60], vocab.WAIT + 90, *tune[61:70]]:
        memory.append(token)
        expected = memory.expected()
        trusts.append(expected.trust if expected else 0)

    # The first note stands in another place than before: all but its wait and itself are alike.
    alike = [min(n - 1, len(tune) / motif.NEAR) for n in range(60)]
    assert trusts[10:60] == alike[10:]
    assert trusts[60:] == [(59 - 1) // motif.LASTING + n for n in range(10)]


def test_what_goes_round_in_circles_is_never_trusted_beyond_the_circle() -> None:
    circle = tune_of([60, 64, 67])
    expected = memory_of(circle * 50).expected()

    assert expected is not None
    assert expected.trust == len(circle) / motif.NEAR


def tune_of(pitches: Sequence[int]) -> list[int]:
    """Three tokens a note: a wait, the note, its length."""
    return [t for p in pitches for t in (vocab.WAIT + 11, vocab.note_id(0, p), vocab.LENGTH + 11)]


LOGITS = st.integers(0, 999).map(
    lambda seed: np.random.default_rng(seed).normal(scale=4, size=SIZE).astype(np.float32)
)
ECHOES = st.floats(0.01, 1)


@given(pieces(), LOGITS, ECHOES)
def test_favoured_is_the_network_and_the_memory_each_with_its_weight(
    piece: list[int], logits: Floats, echo: float
) -> None:
    memory, before = memory_of(piece), logits.copy()
    expected = memory.expected()
    blend = probabilities(logits).tolist()
    if expected is not None:
        to_one = odds(expected.trust, echo)
        blend = [p / (1 + to_one) for p in blend]
        blend[expected.token] += to_one / (1 + to_one)

    favoured = probabilities(memory.favoured(logits, echo))

    np.testing.assert_allclose(favoured, blend, rtol=1e-4, atol=1e-9)
    assert abs(favoured.sum() - 1) < 1e-9
    np.testing.assert_array_equal(logits, before)


@given(pieces(), LOGITS)
def test_without_echo_the_logits_are_passed_through_untouched(
    piece: list[int], logits: Floats
) -> None:
    assert memory_of(piece).favoured(logits, 0) is logits


@given(pieces(), LOGITS, ECHOES)
def test_the_same_music_gives_the_same_bytes(piece: list[int], logits: Floats, echo: float) -> None:
    once, again = (memory_of(piece).favoured(logits, echo) for _ in range(2))

    assert once.tobytes() == again.tobytes()


@given(st.floats(0.25, 1000), ECHOES, st.floats(1.01, 2))
def test_more_echo_is_more_and_a_longer_run_is_never_less(
    trust: float, echo: float, times: float
) -> None:
    assert odds(trust, echo) < odds(trust, echo * times)
    assert odds(trust, echo) <= odds(trust * times, echo)
    assert odds(trust, 0.5) <= motif.MOST_ODDS


def test_memory_does_not_grow_for_ever() -> None:
    tokens = np.random.default_rng(0).choice(MUSIC, 4000).tolist()
    with little_memory():
        tracemalloc.start()
        memory = memory_of(tokens[:1000])
        early, _ = tracemalloc.get_traced_memory()
        for token in tokens[1000:]:
            memory.append(token)
        late, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert late - early < early / 4
