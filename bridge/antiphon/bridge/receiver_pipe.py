"""The receiver, as its parent sees it: a pipe out of the process that owns the MIDI inputs."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence

from antiphon.engine.errors import NoMidiSystem, PortNotFound

from . import midi
from .frame_pipe import FramePipe
from .loopback import Loopback
from .stamped import Arrived, Changed, Reader

_READ = 3072


class ReceiverPipe(FramePipe):
    """A receiver process, seen from the performer. For one thread: the loop's."""

    def __init__(self, sources: Sequence[str]) -> None:
        """Start a receiver on inputs as `inputs` reads them. [may block]

        Raises PortNotFound when there is no such port, NoMidiSystem when there are no ports at
        all, MachineError when it does not start.
        """
        options = [option for source in sources for option in ("--in", source)]
        super().__init__(
            "antiphon.bridge.receiver", options, called="The MIDI receiver", refusal=PortNotFound
        )
        if self._answer["ports"] is None:
            self.close()
            raise NoMidiSystem(self._answer["why"])
        self.ports: tuple[str, ...] = tuple(self._answer["ports"])
        """Full names of the inputs."""
        self.name = ", ".join(self.ports)
        self.arrived_ns = 0
        """When the latest message that was received came, monotonic."""
        self.ours: Loopback | None = None
        """Knows what we sent, where it comes back; None where it does not."""
        assert self._process.stdout is not None
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)
        self._reader = Reader()
        self._messages: deque[Arrived] = deque()
        self._clock: deque[Arrived] = deque()
        self._news: list[str] = []

    def fileno(self) -> int:
        """For `select`: readable when there is something to receive."""
        return self._out

    def receive(self) -> bytes | None:
        """The next channel message, None when there is none; never waits. [loop]"""
        if not self._messages:
            self._read()
        if not self._messages:
            return None
        self.arrived_ns, message = self._messages.popleft()
        return message

    def clock(self) -> Arrived | None:
        """The next message of a MIDI clock that came; call `receive` before. [loop]"""
        return self._clock.popleft() if self._clock else None

    def news(self) -> list[str]:
        """A sentence for each input that went or came back since the last call. [loop]"""
        news, self._news = self._news, []
        return news

    def _read(self) -> None:
        try:
            data = os.read(self._out, _READ)
        except BlockingIOError:
            return
        self.lost |= not data
        for item in self._reader.feed(data):
            match item:
                case Arrived() if self.ours and self.ours.swallows(*item):
                    pass
                case Arrived(_, message) if message[0] >= midi.SYSTEM:
                    self._clock.append(item)
                case Arrived():
                    self._messages.append(item)
                case Changed(_, source, here):
                    self._news.append(_sentence(self.ports[source], here))


def _sentence(port: str, here: bool) -> str:
    if here:
        return f"{port} is back."
    return f"{port} is gone: the keys it held are let go; it is listened to again when it is back."
