"""The index of what was trained on is the follower's own, and travels with the bundle."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from antiphon.engine import bundle
from antiphon.engine.copies import GRAM, MULTIPLIER, Follower, step
from antiphon.engine.errors import BundleRefused
from antiphon.engine.notes import DRUMS, Note
from antiphon.export.audition import copying
from antiphon.export.audition.conversation import table_of
from antiphon.export.corpus import data
from antiphon.export.release import copy_index
from antiphon.export.release.writing import Order, release
from bundles import tiny_folder
from music import notes_strategy
from pieces import corpus_of, tune

SENTENCE = r"^[^\n]+\.$"
SONG = np.random.default_rng(3).integers(48, 72, 400).tolist()


@pytest.fixture
def indexed(tmp_path: Path) -> Path:
    """Folder of a bundle with an index."""
    folder = Path(shutil.copytree(tiny_folder(), tmp_path / "indexed"))
    content = copy_index.index(corpus_of([("songs", (), tune(SONG))])).written()
    (folder / bundle.COPIES).write_bytes(content)
    about = json.loads((folder / "bundle.json").read_text())
    about["sha256"][bundle.COPIES] = hashlib.sha256(content).hexdigest()
    (folder / "bundle.json").write_text(json.dumps(about))
    return folder


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(notes_strategy())
def test_steps_are_the_followers_and_the_evaluations(notes: list[Note]) -> None:
    table = table_of(sorted(notes))
    pitched = [note for note in sorted(notes) if note.instrument != DRUMS]
    one_by_one = [step(a, b) for a, b in pairwise(pitched)]

    assert copy_index.steps(table).tolist() == one_by_one == copying.steps(table).tolist()


@given(st.lists(st.integers(0, 8191), max_size=40))
def test_a_hash_is_the_sum_that_the_follower_keeps(steps: list[int]) -> None:
    grams = [steps[i : i + GRAM] for i in range(len(steps) - GRAM + 1)]
    sums = [sum(s * MULTIPLIER**n for n, s in enumerate(g[::-1], start=1)) % 2**64 for g in grams]

    assert copy_index.hashes(np.array(steps, np.uint64)).tolist() == sums


def test_the_index_is_as_full_however_often_music_repeats() -> None:
    once = [("songs", (), tune(SONG)), ("songs", (), tune(SONG[::-1]))]
    sizes = []
    for times in (1, 5):
        bits = copy_index.index(corpus_of(once * times)).bits
        sizes.append(len(bits))
        # 770 grams in some 1,290 bits: five standard deviations.
        full = int.from_bytes(bits).bit_count() / (8 * len(bits))
        assert abs(full - copy_index.FULL) < 0.04

    assert abs(sizes[0] - sizes[1]) < 0.05 * sizes[0]


def test_the_same_music_gives_the_same_bytes_and_every_piece_is_told_of() -> None:
    corpus, told = corpus_of([("songs", (), tune(SONG))] * 3), []
    index = copy_index.index(corpus, lambda: told.append(1))

    assert index.written() == copy_index.index(corpus).written()
    assert len(told) == copy_index.ROUNDS * 3


def test_music_too_short_to_be_copied_makes_an_index_that_knows_nothing() -> None:
    for pieces in ([], [("songs", (), tune(SONG[:GRAM]))]):
        index = copy_index.index(corpus_of(pieces) if pieces else data.Corpus((), (), {}))
        assert Follower(index).hear(tune(SONG)) == 0


def test_a_bundle_with_an_index_tells_copies_and_one_without_has_none(indexed: Path) -> None:
    index = bundle.load(indexed).copies

    assert index is not None
    assert Follower(index).hear(tune(SONG[100:150])) == 50
    assert bundle.load(tiny_folder()).copies is None


def test_a_bundle_made_of_it_has_the_same_and_one_without_leaves_none_behind(
    indexed: Path, tmp_path: Path
) -> None:
    order = Order(indexed, tmp_path / "again", bits=32)
    assert release(order).copies == bundle.load(indexed).copies

    assert release(replace(order, source=tiny_folder())).copies is None
    assert not (order.folder / bundle.COPIES).exists()


def test_an_index_that_was_changed_or_is_missing_is_refused(indexed: Path) -> None:
    file = indexed / bundle.COPIES
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    for spoil in (lambda: file.write_bytes(content), file.unlink):
        spoil()
        with pytest.raises(BundleRefused, match=bundle.COPIES) as refused:
            bundle.load(indexed)
        refused.match(SENTENCE)
