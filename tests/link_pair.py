"""Two peers of Ableton Link on a network of their own, which no packet leaves.

`link_pair.py BEATS`, inside a network namespace: joins twice, lets both play for so many beats, has
the second ask for another tempo in the middle, and prints what was seen as JSON.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import NamedTuple

from antiphon.bridge.clock import SystemClock
from antiphon.bridge.link_clock import LinkClock
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import TICKS_PER_BEAT

TEMPOS = (120.0, 97.0)
MEET_NS = 20_000_000_000
SETTLE_NS = 1_000_000_000
BAR_TICKS = 4 * TICKS_PER_BEAT
_NETWORK = "ip link set lo up multicast on && ip route add 224.0.0.0/4 dev lo && exec"


class Seen(NamedTuple):
    """What happened on that network."""

    apart_ns: list[int]
    """How far apart the peers had a tick, looked at every 10 ms."""
    bpm: list[float]
    """Tempos of the first peer: when both had met, and at the end."""
    playing: list[str]
    """What the second peer was doing before and after the first began to play."""
    left: str
    """What the second peer was doing once its process was killed."""


def run(beats: int) -> Seen:
    """Start the pair on a network of its own; raises CalledProcessError if it cannot be had."""
    pair = f"{sys.executable} {__file__} {beats}"
    # Who is not root is so in a user namespace of their own.
    options = "-n" if os.geteuid() == 0 else "-rn"
    told = subprocess.run(
        ["unshare", options, "sh", "-c", f"{_NETWORK} {pair}"],
        stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    return Seen(**json.loads(told.stdout))


class Pair:
    """Both peers, polled as loops would."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.timelines = [Timeline.at(bpm, self.clock.now_ns()) for bpm in TEMPOS]
        self.peers = [LinkClock(line, start_stop=True) for line in self.timelines]

    def poll(self, lasting_ns: int) -> list[int]:
        """Let time pass; how far apart they were."""
        apart = []
        until_ns = (now_ns := self.clock.now_ns()) + lasting_ns
        while now_ns < until_ns:
            for at, peer in enumerate(self.peers):
                self.timelines[at] = peer.poll(now_ns) or self.timelines[at]
            apart.append(self.apart_ns(now_ns))
            now_ns += 10_000_000
            self.clock.doze_until(now_ns)
        return apart

    def apart_ns(self, now_ns: int) -> int:
        """How much sooner or later the second has the tick of the bar that the first has now."""
        one, other = self.timelines
        tick = one.tick_at(now_ns)
        bars = round((other.tick_at(now_ns) - tick) / BAR_TICKS)
        return abs(one.time_at(tick) - other.time_at(tick + bars * BAR_TICKS))

    def meet(self) -> None:
        """Wait until each knows of the other."""
        until_ns = self.clock.now_ns() + MEET_NS
        while not all(peer.peers for peer in self.peers) and self.clock.now_ns() < until_ns:
            self.poll(10_000_000)
        self.poll(SETTLE_NS)


def _main(beats: int) -> None:
    pair = Pair()
    pair.meet()
    first, second = pair.peers
    bpm, playing = [pair.timelines[0].bpm], [second.transport.value]
    half_ns = beats * pair.timelines[0].ns_per_beat // 2
    apart = pair.poll(half_ns)
    second.set_tempo(140)
    first.play()
    pair.poll(SETTLE_NS)
    apart += pair.poll(half_ns)
    bpm.append(pair.timelines[0].bpm)
    playing.append(second.transport.value)
    os.kill(second.pid, 9)
    pair.poll(SETTLE_NS)
    seen = Seen(apart, bpm, playing, second.transport.value)
    for peer in pair.peers:
        peer.close()
    sys.stdout.write(json.dumps(seen._asdict()) + "\n")


if __name__ == "__main__":
    _main(int(sys.argv[1]))
