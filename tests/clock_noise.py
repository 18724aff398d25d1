"""Pulses of a MIDI clock as they arrive through a sound server: late, by chance, in bursts."""

from __future__ import annotations

from random import Random

MS = 1_000_000


def pulses(*parts: tuple[float, float, int], begin_ns: int = 10**9) -> list[int]:
    """When pulses are due: for each part a tempo, the tempo it changes to by its end, and beats."""
    due, ns = [], begin_ns
    for first_bpm, last_bpm, beats in parts:
        count = beats * 24
        for n in range(count):
            due.append(ns)
            ns += round(60e9 / 24 / (first_bpm + (last_bpm - first_bpm) * n / count))
    return due


def through_server(due: list[int], period_ns: int, random: Random) -> list[int]:
    """When they arrive: at the next period, looked for every millisecond, now and then late."""
    begins_ns, latest_ns, arrivals = random.randrange(period_ns), 0, []
    for ns in due:
        at_ns = ns + (begins_ns - ns) % period_ns + random.randrange(MS)
        at_ns += random.randrange(15 * MS) if random.random() < 0.002 else 0
        latest_ns = max(latest_ns, at_ns)
        arrivals.append(latest_ns)
    return arrivals
