"""A MIDI clock on the far side of a cable, as a process of its own, and ears for it.

`clock_at_a_distance.py PORT SONG` plays a song of JSON [[bpm, pulses], ...] into the port and
prints {"due": [...], "sent": [...]}, monotonic nanoseconds of each pulse, when it is over.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from antiphon.bridge import midi, ports, rtmidi_driver
from antiphon.bridge.clock import SystemClock

START, PULSE, STOP = b"\xfa", b"\xf8", b"\xfc"
LEAD_NS = 300_000_000
PRIORITY = 15


class Sent(NamedTuple):
    """What the far side did."""

    due_ns: list[int]
    sent_ns: list[int]


class Ears:
    """A virtual port of ours."""

    def __init__(self, name: str) -> None:
        self.client = rtmidi_driver.new_input()
        rtmidi_driver.open_virtual(self.client, name)
        self._receive = rtmidi_driver.receiver(self.client)

    def receive(self) -> bytes | None:
        """The next message, None when there is none."""
        taken = self._receive()
        return bytes(taken[0]) if taken else None

    def heard(self, until_ns: int) -> Iterator[tuple[int, bytes]]:
        """Each message and when it was noticed, looked for every half a millisecond."""
        clock = SystemClock()
        while (now_ns := clock.now_ns()) < until_ns:
            while (message := self.receive()) is not None:
                yield now_ns, message
            clock.doze_until(now_ns + 500_000)


@contextmanager
def ears(name: str) -> Iterator[Ears]:
    """Ears at a virtual port of that name."""
    opened = Ears(name)
    try:
        yield opened
    finally:
        rtmidi_driver.delete(opened.client)


def start(port: str, song: Sequence[tuple[float, int]]) -> subprocess.Popen[str]:
    """A far side that begins to play the song."""
    command = [sys.executable, __file__, port, json.dumps(song)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> Sent:
    """Wait for its end; what it did."""
    told, _ = process.communicate(timeout=60)
    record: dict[str, Any] = json.loads(told)
    return Sent(record["due"], record["sent"])


def least_latency_ns(to: Ears, name: str, times: int = 50) -> int:
    """The least time that a message takes from a port of ours to `to`."""
    out, clock, took = ports.open_output(name), SystemClock(), []
    clock.doze_until(clock.now_ns() + LEAD_NS)
    for n in range(times):
        sent_ns, message = clock.now_ns(), midi.control(0, 1, n)
        out.send(message)
        for heard_ns, heard in to.heard(sent_ns + LEAD_NS):
            if heard == message:
                took.append(heard_ns - sent_ns)
                break
        # Not in step with the server's periods.
        clock.sleep_until(sent_ns + 15_000_000 + n * 137_000)
    out.close()
    return min(took)


def _play(name: str, song: Sequence[tuple[float, int]]) -> Sent:
    port, clock = ports.open_output(name), SystemClock()
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    due_ns, sent = clock.now_ns() + LEAD_NS, Sent([], [])
    for at, (bpm, pulses) in enumerate(song):
        for n in range(pulses):
            clock.sleep_until(due_ns)
            if at == n == 0:
                port.send(START)
            sent.sent_ns.append(clock.now_ns())
            port.send(PULSE)
            sent.due_ns.append(due_ns)
            due_ns += round(60e9 / 24 / bpm)
    port.send(STOP)
    port.close()
    return sent


if __name__ == "__main__":
    sent = _play(sys.argv[1], json.loads(sys.argv[2]))
    sys.stdout.write(json.dumps({"due": sent.due_ns, "sent": sent.sent_ns}) + "\n")
