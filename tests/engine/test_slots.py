"""Places of the cache: the same rows give the same bits, in whatever chunks, batch or detour."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.engine.errors import InternalError
from antiphon.engine.slots import CHUNK, SLIDE, TAPE, Slot
from antiphon.engine.tokens import Row
from antiphon.export.network.parity import random_rows
from bundles import few_model, shipped_model, tiny_model
from resident import resident_mb

MANY = random_rows(tiny_model().shape.vocabulary, 3000)
MODELS = {"32 bit": tiny_model, "8 bit": few_model}


def prefilled(slot: Slot, rows: list[Row], sizes: list[int] | None = None) -> Slot:
    """The slot with rows fed in chunks of these sizes, round and round."""
    at, n = 0, 0
    while at < len(rows):
        size = (sizes or [CHUNK])[n % len(sizes or [CHUNK])]
        slot.prefill(rows[at : at + size])
        at, n = at + size, n + 1
    return slot


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("length", [5, SLIDE - 1, 2 * SLIDE + 7, 5 * SLIDE])
@settings(max_examples=10, deadline=None)
@given(sizes=st.lists(st.integers(1, CHUNK), min_size=1, max_size=5))
def test_chunks_of_any_size_give_the_same_bits(name: str, length: int, sizes: list[int]) -> None:
    whole = prefilled(MODELS[name]().slot(), MANY[:length])
    parts = prefilled(MODELS[name]().slot(), MANY[:length], sizes)

    np.testing.assert_array_equal(parts.logits, whole.logits)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=15, deadline=None)
@given(
    lengths=st.lists(st.integers(0, 4 * SLIDE), min_size=2, max_size=9),
    gaps=st.lists(st.integers(0, 6), min_size=9, max_size=9),
)
def test_a_row_decoded_in_a_batch_gives_the_bits_that_it_gives_alone(
    name: str, lengths: list[int], gaps: list[int]
) -> None:
    pool, alone, together, between = MODELS[name]().pool, [], [], []
    for n, (length, gap) in enumerate(zip(lengths, gaps, strict=False)):
        slot = prefilled(pool.slot(), MANY[n : n + length])
        slot.decode(MANY[n + length])
        alone.append((slot.logits.copy(), slot.velocity_logits(999).copy()))
        slot.rewind(length)
        together.append(slot)
        between += [pool.slot() for _ in range(gap)]
    pool.decode([(s, MANY[n + s.length]) for n, s in enumerate(together)])

    for slot, (logits, velocity) in zip(together, alone, strict=True):
        np.testing.assert_array_equal(slot.logits, logits)
        np.testing.assert_array_equal(slot.velocity_logits(999), velocity)


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 700), st.integers(0, 500)), min_size=1, max_size=4),
    st.integers(0, 300),
)
def test_rows_taken_back_leave_no_trace(
    name: str, detours: list[tuple[int, int]], length: int
) -> None:
    strayed, at = MODELS[name]().slot(), 0
    for further, back in detours:
        prefilled(strayed, MANY[at : at + further])
        at = max(0, at + further - back)
        strayed.rewind(at)
    prefilled(strayed, MANY[at : at + length + 1])
    straight = prefilled(MODELS[name]().slot(), MANY[: at + length + 1])

    np.testing.assert_array_equal(strayed.logits, straight.logits)


def test_what_others_do_meanwhile_changes_nothing() -> None:
    pool = tiny_model().pool
    first, second, third = (pool.slot() for _ in range(3))
    for n, slot in enumerate((first, second, third)):
        prefilled(slot, MANY[n : n + 200])
    kept = second.logits.copy()
    for n in range(20):
        pool.decode([(first, MANY[n]), (third, MANY[n + 1])])
    second.decode(MANY[300])
    alone = prefilled(pool.slot(), MANY[1:201])

    np.testing.assert_array_equal(kept, alone.logits)
    alone.decode(MANY[300])
    np.testing.assert_array_equal(second.logits, alone.logits)


def test_it_goes_back_as_far_as_the_tape_and_no_further() -> None:
    slot = prefilled(tiny_model().slot(), MANY[: TAPE + 6 * SLIDE])
    near = TAPE
    far = 3 * SLIDE

    assert slot.reaches(near)
    assert not slot.reaches(far)
    with pytest.raises(InternalError, match="Cannot rewind"):
        slot.rewind(far)
    slot.restart()
    prefilled(slot, MANY[:far])
    np.testing.assert_array_equal(slot.logits, prefilled(tiny_model().slot(), MANY[:far]).logits)


def test_a_place_comes_back_when_nobody_holds_it() -> None:
    pool = tiny_model().pool
    before = pool.free
    slots = [pool.slot() for _ in range(before)]

    with pytest.raises(InternalError, match="taken"):
        pool.slot()
    assert len({slot.place for slot in slots}) == before
    del slots
    assert pool.free == before


def test_too_many_rows_are_refused() -> None:
    slot = tiny_model().slot()

    for rows in ([], MANY[: CHUNK + 1]):
        with pytest.raises(InternalError, match="do not fit"):
            slot.prefill(rows)


def test_a_place_takes_memory_only_for_what_is_written_to_it() -> None:
    pool = shipped_model().pool
    slots = [pool.slot() for _ in range(pool.free)]
    slots[-1].prefill([Row(0)] * 2)  # what a first call allocates
    prefilled(slots[-2], [Row(0)] * SLIDE)
    before = resident_mb()
    prefilled(slots[-1], [Row(0)] * (shipped_model().shape.window + SLIDE))

    assert slots[-1].first > 0
    # A huge page for each layer's keys and values, held and on tape, would be 50 MB.
    assert resident_mb() - before < 4
