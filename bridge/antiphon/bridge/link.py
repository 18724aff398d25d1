"""What the performer tells the rest of Antiphon, and how a stream of it is read. Pure.

One frame is two bytes of length, big endian, and a msgpack message. The performer writes frames to
a pipe and never waits: a reader that lags loses messages, the music loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from antiphon.engine.notes import Note

from .timeline import Timeline


class Ready(Struct, frozen=True, array_like=True, tag="ready"):
    """The performer is on its way; ports are open."""

    origin_ns: int
    """Monotonic nanoseconds of tick 0."""
    source: str
    """Name of the input port, or "pipe"."""
    port: str | None
    """Name of the MIDI output port, None if this machine has no MIDI."""
    why_no_port: str
    sound: str | None
    """Name of the audio device, None if nothing can be heard here."""
    why_no_sound: str
    realtime: bool
    """Whether the system granted real-time priority."""


class EngineIs(Struct, frozen=True, array_like=True, tag="engine"):
    """The engine came or went."""

    present: bool
    model: str


class Played(Struct, frozen=True, array_like=True, tag="played"):
    """The player sent a MIDI message."""

    at_ns: int
    message: bytes


class Planned(Struct, frozen=True, array_like=True, tag="planned"):
    """A note of the answer is decided."""

    note: Note
    channel: int
    generation: int = 0
    """Number of the answer it belongs to."""


class Sounded(Struct, frozen=True, array_like=True, tag="sounded"):
    """A message of the answer went out."""

    wanted_ns: int
    done_ns: int
    message: bytes


class Turned(Struct, frozen=True, array_like=True, tag="turned"):
    """Whose turn it is now."""

    at_ns: int
    over_ns: int
    """When the step that was taken fell due, at most `at_ns`."""
    state: str


class Released(Struct, frozen=True, array_like=True, tag="released"):
    """What was planned will not sound."""

    at_ns: int


class Recalled(Struct, frozen=True, array_like=True, tag="recalled"):
    """What was planned to begin at a time or later will not sound."""

    from_ns: int


class Retimed(Struct, frozen=True, array_like=True, tag="retimed"):
    """Musical time goes otherwise from now on: a timeline, see `timeline.py`."""

    at_ns: int
    ns_per_beat: int
    tick_origin: int
    time_origin_ns: int

    @property
    def timeline(self) -> Timeline:
        """Musical time from now on."""
        return Timeline(self.ns_per_beat, self.tick_origin, self.time_origin_ns)


class Learnt(Struct, frozen=True, array_like=True, tag="learnt"):
    """A pedal, pad or key was bound to something."""

    action: str
    trigger: str
    """The MIDI message, as `bindings.py` writes it."""


class Troubled(Struct, frozen=True, array_like=True, tag="troubled"):
    """Something a person should know."""

    text: str
    exit_code: int | None = None
    """What the whole should end with, None if it can go on."""


class Farewell(Struct, frozen=True, array_like=True, tag="farewell"):
    """Last message: how it went."""

    sent: int
    """Messages of answers that went out."""
    late_p50_us: int
    late_p95_us: int
    late_p99_us: int
    late_max_us: int
    dropped: int
    """Notes thrown away because they came too late or the plan was full."""
    untold: int
    """Messages of this stream that found no room in the pipe."""

    def text(self) -> str:
        """One line for the player."""
        late_ms = self.late_max_us / 1000
        return f"{self.sent} events sent, {late_ms:.1f} ms late at worst, {self.dropped} dropped."


Message = (
    Ready | EngineIs | Played | Planned | Sounded | Turned | Released | Recalled | Retimed
    | Learnt | Troubled | Farewell
)  # fmt: skip

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_LENGTH_BYTES = 2


def encode(message: Message) -> bytes:
    """One frame. [any thread]"""
    return framed(_encoder.encode(message))


def framed(body: bytes) -> bytes:
    """One frame of a message that is msgpack already. [any thread]"""
    return len(body).to_bytes(_LENGTH_BYTES) + body


class Reader:
    """Frames out of a stream, however it is cut."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[Message]:
        """The messages that are complete now."""
        self._rest += data
        while len(self._rest) >= _LENGTH_BYTES:
            end = _LENGTH_BYTES + int.from_bytes(self._rest[:_LENGTH_BYTES])
            if len(self._rest) < end:
                return
            body, self._rest = self._rest[_LENGTH_BYTES:end], self._rest[end:]
            yield _decoder.decode(body)
