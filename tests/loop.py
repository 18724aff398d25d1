"""One loop-back port for both ways, as a process of its own: what is played to it comes out of it.

`loop.py NAME DELAY_MS` makes the two ends NAME; each message comes out so much later, or at once.
It ends with its standard input.
"""

from __future__ import annotations

import select
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from antiphon.bridge import ports
from antiphon.bridge import rtmidi_driver as driver

_POLL_S = 0.0003


@contextmanager
def loop(name: str, delay_ms: float = 0) -> Iterator[str]:
    """Such a port for as long as it lasts; its name."""
    process = subprocess.Popen(
        [sys.executable, __file__, name, str(delay_ms)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield name
    finally:
        process.communicate()


def _run(name: str, delay_s: float) -> None:
    driver.CLIENT = name
    there, back = ports.InputPort(), ports.OutputPort()
    driver.open_virtual(there._client, "there")
    driver.open_virtual(back._client, "back")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    under_way: deque[tuple[float, bytes]] = deque()
    while not select.select([sys.stdin], [], [], _POLL_S)[0]:
        while taken := there.take():
            under_way.append((time.monotonic() + delay_s, taken[0]))
        while under_way and under_way[0][0] <= time.monotonic():
            back.send(under_way.popleft()[1])


if __name__ == "__main__":
    _run(sys.argv[1], float(sys.argv[2]) / 1000)
