"""Tells our own messages that come back to us from what is really played. Pure.

One loop-back port may then serve both ways. A message sent swallows at most one that is identical
and comes in within 30 ms; time is handed in.
"""

from __future__ import annotations

import re
from collections import deque

WITHIN_NS = 30_000_000
_NUMBER = re.compile(r"[- ]\d+(:\d+)?$")


def alike(source: str, out: str) -> bool:
    """Whether an input and an output might be one port, by their names.

    A loop-back port bears one name both ways, and so does every synthesiser with keys.
    """
    return source in out or out in source or _owner(source) == _owner(out)


def _owner(name: str) -> str:
    """Whose port it is: "IAC Driver Bus" of "IAC Driver Bus 1", "Loop" of "Loop-01:out"."""
    return _NUMBER.sub("", name.partition(":")[0])


class Loopback:
    """What was sent a moment ago and may come back. [loop]"""

    def __init__(self, within_ns: int = WITHIN_NS) -> None:
        self._within_ns = within_ns
        self._sent: deque[tuple[int, bytes]] = deque()

    def sent(self, now_ns: int, message: bytes) -> None:
        """This goes out now."""
        self._forget(now_ns)
        self._sent.append((now_ns, message))

    def swallows(self, now_ns: int, message: bytes) -> bool:
        """Whether what comes in now is one of ours; the next like it is judged anew."""
        self._forget(now_ns)
        for index, (_, sent) in enumerate(self._sent):
            if sent == message:
                del self._sent[index]
                return True
        return False

    def _forget(self, now_ns: int) -> None:
        while self._sent and now_ns - self._sent[0][0] > self._within_ns:
            self._sent.popleft()
