"""An unsorted folder: copies go, a twentieth is held out, and kin stay on one side."""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antiphon.export.corpus.duplicates import signature
from antiphon.export.corpus.selection import ENOUGH, VALID, Trace, select
from antiphon.export.corpus.table import Ints
from tunes import transposed, tune


def trace(notes: Ints) -> Trace:
    return Trace(blake2b(notes.tobytes()).digest(), signature(notes))


def unlike(number: int) -> Trace:
    """Of a piece too short to resemble another."""
    return Trace(blake2b(number.to_bytes(4)).digest(), np.empty(0, np.uint64))


def test_copies_are_left_out_and_the_first_stays() -> None:
    chosen = select([trace(tune(1)), trace(tune(2)), trace(transposed(tune(1), 3)), trace(tune(2))])
    assert chosen.again == {2: (0, "100% the same phrases"), 3: (1, "the same notes")}
    assert set(chosen.splits) == {0, 1}


def bits_alike(like: float, seed: int) -> Trace:
    """Of made-up phrases: those of seed 0, but for a share that are its own."""
    words = np.arange(150, dtype=np.uint64)
    words[: round((1 - like) * 150)] += np.uint64(1000 * seed)
    return Trace(blake2b(seed.to_bytes(4)).digest(), words)


def test_what_is_like_a_copy_but_not_like_what_was_kept_stays() -> None:
    first, copy = bits_alike(1, 0), bits_alike(0.7, 1)
    words = copy.signature.copy()
    words[-45:] += np.uint64(5000)  # another third is its own
    far = Trace(b"far" * 8, words)

    assert select([first, copy, far]).again == {1: (0, "70% the same phrases")}
    assert select([copy, first, far]).again == {
        1: (0, "70% the same phrases"), 2: (0, "70% the same phrases"),
    }  # fmt: skip


def test_a_family_stands_on_its_side_whatever_its_files_are_called() -> None:
    kin = [with_another_half(i // 3, i) for i in range(90)]
    orders = [np.random.default_rng(seed).permutation(90) for seed in range(4)]
    held_out = []
    for order in orders:
        splits = select([kin[i] for i in order]).splits
        held_out.append({int(order[i]) // 3 for i, split in splits.items() if split == "valid"})

    assert held_out[0]
    assert all(families == held_out[0] for families in held_out)


@given(st.lists(st.integers(0, 10_000), unique=True, max_size=200))
def test_enough_is_held_out_and_most_is_not(numbers: list[int]) -> None:
    splits = list(select([unlike(n) for n in numbers]).splits.values())
    assert len(splits) == len(numbers)
    if len(splits) >= ENOUGH:
        assert 1 <= splits.count("valid") < len(splits) / 2


def test_it_is_a_twentieth_of_many() -> None:
    splits = list(select([unlike(n) for n in range(20_000)]).splits.values())
    # Of so many draws the share has a standard deviation of 0.0015.
    assert abs(splits.count("valid") / len(splits) - VALID) < 0.008


def test_a_piece_stays_on_its_side_whatever_else_comes_and_in_whatever_order() -> None:
    few, many = [unlike(n) for n in range(300)], [unlike(n) for n in range(900)]
    before, after = select(few).splits, select(many[::-1]).splits
    assert all(before[n] == after[899 - n] for n in range(300))


def with_another_half(seed: int, half: int) -> Trace:
    """A tune and something else: half of all is the same in all that have the tune."""
    end = tune(1000 + half, 200)
    end[:, [0, 3]] += tune(seed)[-1, 3]
    return trace(np.concatenate([tune(seed), end]))


def test_pieces_that_are_akin_stand_on_one_side() -> None:
    kin = [[4 * seed + half for half in range(4)] for seed in range(30)]
    chosen = select([with_another_half(i // 4, i) for group in kin for i in group])
    sides = [{chosen.splits[i] for i in group if i in chosen.splits} for group in kin]

    assert len(chosen.splits) > 110
    assert sorted({len(side) for side in sides}) == [1]
    assert {"valid"} in sides


def test_a_folder_of_variations_is_trained_on() -> None:
    chosen = select([with_another_half(1, half) for half in range(12)])
    assert len(chosen.splits) >= 10
    assert set(chosen.splits.values()) == {"train"}
