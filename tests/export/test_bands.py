"""Songs arranged for a band: the bass is in the chord, the drums in the bar, nothing hangs."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.notes import DRUMS, INSTRUMENTS
from antiphon.export.corpus.bands import (
    BAR,
    BASS,
    COMPS,
    COUNTER,
    EARLY,
    FIGURES,
    LEADS,
    LOWEST_COMP,
    Chord,
    Song,
    arranged,
    bass_line,
    drums,
    take_bars,
)
from antiphon.export.corpus.table import EMPTY, Ints

KICK, SNARE, CRASH = 36, 38, 49
MAJOR, MINOR = (0, 4, 7), (0, 3, 7)


def chord(root: int, kind: tuple[int, ...], bass: int = 0) -> Chord:
    tones = frozenset((root + rise) % 12 for rise in kind)
    return Chord(root, (root + kind[bass]) % 12, tones)


CHORDS = st.builds(chord, st.integers(0, 11), st.sampled_from([MAJOR, MINOR]), st.integers(0, 2))


@st.composite
def songs(draw: st.DrawFn) -> Song:
    """Bars of all lengths, chords that change at any beat or are not there."""
    lengths = draw(st.lists(st.sampled_from([4, 4, 4, 2, 3, 6]), min_size=1, max_size=8))
    bars = (0, *np.cumsum(lengths).tolist())
    runs = draw(st.lists(st.tuples(st.none() | CHORDS, st.integers(1, 9)), min_size=1, max_size=12))
    chords = [named for named, beats in runs for _ in range(beats)][: bars[-1]]
    chords += [None] * (bars[-1] - len(chords))
    notes = np.array([(24 * i, 0, 50 + i % 40, 24 * i + 48, 80) for i in range(2 * bars[-1])])
    return Song(notes, EMPTY, notes, tuple(chords), bars, 100.0)


def groove(bars: int = 2, pushed: int = 0) -> Ints:
    """Kick on one and three, snare on two and four, hats between; all of it so much too early."""
    rows = []
    for beat in range(4 * bars):
        rows.append((48 * beat - pushed, DRUMS, SNARE if beat % 2 else KICK, 48 * beat + 6, 100))
        rows.append((48 * beat + 24 - pushed, DRUMS, 42, 48 * beat + 30, 70))
    return np.array(rows, np.int64)


@given(songs(), st.sampled_from(FIGURES))
def test_the_bass_is_in_the_chord_at_every_beat(
    song: Song, figure: tuple[tuple[int, int, int], ...]
) -> None:
    line = bass_line(song, figure, np.random.default_rng(1))
    for beat, named in enumerate(song.chords):
        sounding = line[(line[:, 0] <= 48 * beat) & (line[:, 3] > 48 * beat)]
        tones = set((sounding[:, 2] % 12).tolist())
        assert tones <= (named.tones if named else set())
    assert (line[1:, 0] >= line[:-1, 3]).all()  # one note at a time


@given(songs())
def test_the_bass_strikes_every_new_chord_with_its_lowest_tone(song: Song) -> None:
    line = bass_line(song, FIGURES[0], np.random.default_rng(1))
    struck = {onset: pitch % 12 for onset, _, pitch, _, _ in line.tolist()}
    for beat, (before, named) in enumerate(pairwise((None, *song.chords))):
        if named and named != before:
            assert struck[48 * beat] == named.bass


@given(songs(), st.integers(0, EARLY))
def test_drums_keep_to_the_bars(song: Song, pushed: int) -> None:
    strokes = drums(song, groove(pushed=pushed))
    kicks = set(strokes[strokes[:, 2] == KICK][:, 0].tolist())
    sounding = [beat for beat, named in enumerate(song.chords) if named]
    for bar, after in pairwise(song.bars):
        played = bool(sounding) and after > sounding[0] and bar <= sounding[-1]
        expected = 48 * bar - pushed
        # What would push the very first bar would be before the piece.
        assert (expected in kicks) == (played and expected >= 0)
        if played:
            inside = strokes[(strokes[:, 0] + pushed) // 48 == bar]
            assert KICK in inside[:, 2] or expected < 0


def test_a_take_goes_round_by_whole_bars() -> None:
    take = groove(3)
    take[::8, 2] = [CRASH, KICK, KICK]
    song = Song(EMPTY, EMPTY, EMPTY, (chord(0, MAJOR),) * 32, tuple(range(0, 33, 4)), 100.0)
    strokes = drums(song, take)
    assert strokes[strokes[:, 2] == CRASH][:, 0].tolist() == [0, 3 * BAR, 6 * BAR]


def test_bars_that_the_drummer_did_not_play_through_are_left_out() -> None:
    late = groove(2)
    late[:, [0, 3]] += BAR
    end = np.array([(3 * BAR, DRUMS, CRASH, 3 * BAR + 10, 120)])
    bars = take_bars(np.concatenate([late, end]))
    assert len(bars) == 2
    assert CRASH not in np.concatenate(bars)[:, 2]


@given(songs(), st.integers(0, 99))
def test_a_band_has_its_parts_and_nothing_hangs(song: Song, seed: int) -> None:
    notes = arranged(song, groove(), np.random.default_rng(seed))
    players = set(notes[:, 1].tolist())

    assert len(players & set(LEADS)) == len(players & set(COMPS)) == 1
    assert players <= {*LEADS, *COMPS, COUNTER, BASS, DRUMS}
    assert (DRUMS in players) == (BASS in players) == any(song.chords)
    assert (notes[notes[:, 1] == BASS][:, 2] < LOWEST_COMP).all()
    assert (notes[:, 0] >= 0).all()
    assert (notes[:, 3] > notes[:, 0]).all()
    for one, other in pairwise(notes[np.lexsort((notes[:, 0], notes[:, 2], notes[:, 1]))].tolist()):
        assert one[1:3] != other[1:3] or one[3] <= other[0]


@given(songs(), st.integers(0, 99))
def test_the_same_seed_gives_the_same_band(song: Song, seed: int) -> None:
    one, other = (arranged(song, groove(), np.random.default_rng(seed)) for _ in range(2))
    assert (one == other).all()


def test_all_leads_are_heard_in_the_end() -> None:
    notes = np.array([(0, 0, 72, 48, 80)])
    song = Song(notes, EMPTY, EMPTY, (None,) * 4, (0, 4), 100.0)
    heard = {int(arranged(song, groove(), np.random.default_rng(i))[0, 1]) for i in range(60)}
    # One of four is not drawn in 60 goes once in 8 million times.
    assert heard == set(LEADS)
    assert {INSTRUMENTS[i] for i in heard} == {"lead", "reed", "pipe", "ensemble"}


@pytest.mark.parametrize(("bars", "metre"), [((0, 4, 8, 12), (4, 4)), ((0, 4, 6, 10), None)])
def test_the_metre_is_told_if_all_bars_have_it(
    bars: tuple[int, ...], metre: tuple[int, int] | None
) -> None:
    assert Song(EMPTY, EMPTY, EMPTY, (None,) * 12, bars, 100.0).metre == metre
