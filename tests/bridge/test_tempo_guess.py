from __future__ import annotations

import itertools
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.guessed_time import GuessedTime
from antiphon.bridge.tempo_guess import FASTEST_BPM, SLOWEST_BPM, Guess, TempoGuess
from antiphon.bridge.time_source import Transport
from antiphon.bridge.timeline import Timeline
from performances import performance

MS = 1_000_000
TEMPOS = st.floats(SLOWEST_BPM, FASTEST_BPM)
SEEDS = st.integers(0, 2**32)
BARS = 8


def heard(keys: list[tuple[int, int]]) -> TempoGuess:
    guessing = TempoGuess()
    for ns, velocity in keys:
        guessing.strike(ns, velocity)
    return guessing


def is_believed(guess: Guess | None) -> bool:
    return guess is not None and guess.believed


def tempo_of(guess: Guess) -> float:
    return 60e9 / guess.ns_per_beat


@given(TEMPOS, SEEDS)
def test_the_beats_of_a_performance_are_found_twice_as_many_or_half(bpm: float, seed: int) -> None:
    guess = heard(performance(bpm, BARS, Random(seed))).guess
    assert guess
    if not guess.believed:
        return
    beat_ns = 60e9 / bpm
    ratio = guess.ns_per_beat / beat_ns
    assert min(abs(ratio - times) / times for times in (0.5, 1, 2)) < 0.03
    fine_ns = beat_ns / 2 if ratio < 0.75 else beat_ns
    off_ns = (guess.beat_ns - 10**9 + fine_ns / 2) % fine_ns - fine_ns / 2
    assert abs(off_ns) < 25 * MS


def test_most_performances_are_believed_and_most_of_those_exactly() -> None:
    tempos = [60 * 3 ** (n / 120) for n in range(120)]
    guesses = [heard(performance(bpm, BARS, Random(n))).guess for n, bpm in enumerate(tempos)]
    believed = [(b, guess) for b, guess in zip(tempos, guesses, strict=True) if is_believed(guess)]
    exact = [bpm for bpm, guess in believed if guess and abs(bpm / tempo_of(guess) - 1) < 0.03]
    assert len(believed) > 0.6 * len(tempos)
    assert len(exact) > 0.6 * len(believed)


@given(st.lists(st.integers(0, 400), min_size=8, max_size=60), SEEDS)
def test_keys_without_a_beat_break_nothing(gaps_ms: list[int], seed: int) -> None:
    random, now, guessing = Random(seed), 0, TempoGuess()
    for gap in gaps_ms:
        now += gap * MS
        guessing.strike(now, random.randint(1, 127))
        guess = guessing.guess
        assert guess is None or 0 <= guess.confidence <= 1
        assert guess is None or 50 < tempo_of(guess) < 200


def test_keys_at_random_are_seldom_believed() -> None:
    believed = 0
    for seed in range(100):
        random = Random(seed)
        times = sorted(random.randrange(16_000 * MS) for _ in range(50))
        guess = heard([(ns, random.randint(40, 100)) for ns in times]).guess
        believed += is_believed(guess)
    assert believed <= 10


def test_free_time_stays_while_nothing_is_played() -> None:
    source = GuessedTime(Timeline.free(0))
    assert [source.poll(now) for now in (0, MS, 10**12)] == [Timeline.free(0), None, None]
    assert source.transport is Transport.WAITING


def test_a_chord_is_one_onset() -> None:
    guessing = TempoGuess()
    for beat in range(7):
        for voice in range(4):
            guessing.strike(beat * 500 * MS + voice * 5 * MS, 80)
    assert guessing.guess is None


def test_an_hour_of_rest_makes_no_harm() -> None:
    guessing = heard(performance(100, 4, Random(3)))
    for ns, velocity in performance(75, 8, Random(4)):
        guessing.strike(3600 * 10**9 + ns, velocity)
    assert guessing.guess
    assert tempo_of(guessing.guess) == pytest.approx(75, rel=0.03)


@given(TEMPOS, SEEDS)
def test_free_time_becomes_the_players_without_a_tick_that_comes_twice(
    bpm: float, seed: int
) -> None:
    source = GuessedTime(Timeline.free(10**9))
    timeline = source.poll(10**9)
    assert timeline
    tick = timeline.tick_at(0)
    for ns, velocity in performance(bpm, BARS, Random(seed)):
        for now in (ns - 20 * MS, ns):
            if now == ns:
                source.strike(ns, velocity)
            timeline = source.poll(now) or timeline
            assert timeline.tick_at(now) >= tick
            tick = timeline.tick_at(now)
    for now in range(ns, ns + 3000 * MS, MS):
        timeline = source.poll(now) or timeline
    assert source.jumps == 0
    if source.transport is Transport.RUNNING:
        ratio = timeline.ns_per_beat * bpm / 60e9
        assert min(abs(ratio - times) / times for times in (0.5, 1, 2)) < 0.03


def test_a_tempo_is_told_once_and_again_only_when_it_is_another() -> None:
    source, told = GuessedTime(Timeline.free(10**9)), []
    slow = performance(90, 10, Random(5))
    fast = [(ns + slow[-1][0], velocity) for ns, velocity in performance(120, 16, Random(5))]
    for ns, velocity in [*slow, *fast]:
        source.strike(ns, velocity)
        source.poll(ns)
        told += source.news()

    tempos = [int(sentence.removesuffix(" bpm, as you play.")) for sentence in told]
    assert abs(tempos[0] - 90) <= 2
    assert abs(tempos[-1] - 120) <= 2
    assert 2 <= len(tempos) <= 4


@pytest.mark.parametrize("jitter_ms", [0, 5])
def test_even_eighths_stay_even_once_their_tempo_is_found(jitter_ms: int) -> None:
    random, eighth_ns, now_ns = Random(jitter_ms), 312_500_000, 0
    source, line = GuessedTime(Timeline.free(0)), Timeline.free(0)
    ticks: list[int] = []
    for n in range(128):
        struck_ns = 10**9 + n * eighth_ns + round(random.gauss(0, jitter_ms) * MS)
        while now_ns < struck_ns:
            now_ns += 5 * MS
            line = source.poll(now_ns) or line
        source.strike(struck_ns, 80)
        ticks.append(line.tick_at(struck_ns))

    apart = [after - before for before, after in itertools.pairwise(ticks[24:])]
    assert source.transport is Transport.RUNNING
    assert all(20 <= ticks_apart <= 28 for ticks_apart in apart), apart
