"""Somebody plays: common rhythms at a tempo, with the spread of human timing."""

from __future__ import annotations

from random import Random

BARS = (
    (4, 4, 4, 4),
    (4, 4, 2, 2, 4),
    (6, 2, 4, 4),
    (6, 2, 4, 2, 2),
    (2, 2, 2, 2, 4, 4),
    (4, 2, 2, 4, 2, 2),
    (2, 2, 4, 2, 2, 4),
    (4, 2, 1, 1, 4, 4),
    (3, 1, 4, 2, 2, 4),
    (8, 4, 2, 2),
    (2, 4, 2, 4, 4),
)
"""Rhythms of a bar of four beats, in sixteenths."""
SPREAD_NS = 20_000_000


def performance(bpm: float, bars: int, random: Random) -> list[tuple[int, int]]:
    """(nanoseconds, velocity) of each key; a few bars come again and again, and beats are louder.

    The first beat is at 10**9.
    """
    own = [random.choice(BARS) for _ in range(3)]
    sixteenth_ns = 15e9 / bpm
    keys, at = [], 0
    for _ in range(bars):
        for length in random.choice(own):
            late_ns = random.gauss(0, SPREAD_NS / 2)
            late_ns = min(max(late_ns, -SPREAD_NS), SPREAD_NS)
            loud = 95 if at % 8 == 0 else 85 if at % 4 == 0 else 70
            velocity = min(127, max(1, loud + random.randint(-8, 8)))
            keys.append((round(10**9 + at * sixteenth_ns + late_ns), velocity))
            at += length
    return sorted(keys)
