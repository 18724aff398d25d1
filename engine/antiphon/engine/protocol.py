"""The conversation between a player's side and the engine: this file is the specification.

Idea. A client opens a session, tells it every key event as it happens, and asks for answers. The
engine streams each answer as complete notes, in order of onset, while it is still being made. All
musical time is in ticks, 48 to the beat, counted from the session's origin, which is the client's
to choose. Every answer has a generation number of the client's choosing; notes that carry an old
one are to be thrown away.

Scenarios.

I. Call and response
    hello → welcome, open → opened, listen… , answer → notes… → done, heard… meanwhile

II. The player interrupts
    answer → notes…, [a key goes down at tick t] cancel, rewind t, listen…

III. Bars that displease
    open → opened, listen (the piece) → infill with what comes after → notes… → done

IV. Several takes, or an answer made ahead of the phrase's end
    answer (takes 3) → notes (take 0…2)…, keep → done…
    answer (takes 1), [the player goes on after all] listen: the take is dropped

V. The engine is lost
    no pong for 300 ms, or the socket closes: release every sounding note; when an engine is there
    again: hello, open, listen with what was heard so far, and go on

Frames. One ZeroMQ message is one msgpack array: the message's name, then its fields in the order
given here. A trailing field may be left out if it has a default. ROUTER on the engine's side,
DEALER on the client's; `telemetry` comes on a PUB socket of its own, if the engine was given one.

Versions. `VERSION` grows when a message changes its meaning; names and fields are only ever added.
A client must give up if `Welcome.version` is not its own.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from .errors import ProtocolError
from .notes import Event, Note, Ticks
from .wishes import Blend, Constraints, Feel, Label

VERSION = 1
MAX_MESSAGE_BYTES = 2**20
MOST_EVENTS = 4096
"""Most events of one `listen`."""
MOST_TAKES = 8
MOST_STYLES = 16
MOST_NOTES = 2048
"""Most notes of an example, or of what comes after a gap."""
HEARTBEAT_MS = 100
"""How often a client says `ping`; silence of three beats is a loss."""
LOST_MS = 300
DEFAULT_ENDPOINT = "tcp://127.0.0.1:6470"

SessionId = Annotated[int, Meta(ge=0, le=2**31 - 1)]
Generation = Annotated[int, Meta(ge=0, le=2**53)]


class Hello(Struct, frozen=True, array_like=True, tag="hello"):
    """First message of a client. The engine replies `welcome`, whatever the version."""

    version: Annotated[int, Meta(ge=0, le=2**16)]
    """Protocol version the client speaks."""
    client: Label = ""
    """Name of the program, for the log."""


class Welcome(Struct, frozen=True, array_like=True, tag="welcome"):
    """The engine is ready."""

    version: int
    """Protocol version the engine speaks."""
    model: str
    """Name of the bundle."""
    styles: tuple[str, ...]
    """Style names that `open` may ask for."""


class Open(Struct, frozen=True, array_like=True, tag="open"):
    """Begin a session, or begin it anew if the id is in use by this client."""

    session: SessionId
    """Number of the client's choosing, unique to this client."""
    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] = 0
    """The same seed and the same events give the same answers."""
    styles: Annotated[tuple[Label, ...], Meta(max_length=MOST_STYLES)] = ()
    """Composers or styles, as `welcome` names them; empty leaves the style to the music."""
    bpm: Annotated[float, Meta(ge=10, le=500)] | None = None
    """Tempo in beats a minute; None if the player keeps no tempo."""
    metre: tuple[Annotated[int, Meta(ge=1, le=64)], Annotated[int, Meta(ge=1, le=64)]] | None = None
    """Beats in a bar and the beat's note value; None if there are no bars.

    With a metre, bar lines fall at every multiple of a bar from tick 0.
    """
    constraints: Constraints = Constraints()
    """Hard rules for every answer."""
    feel: Feel = Feel()
    """How freely notes are drawn."""
    blend: Blend | None = None
    """Two styles mixed, beside `styles`; None mixes none."""
    example: Annotated[tuple[Note, ...], Meta(max_length=MOST_NOTES)] = ()
    """Music to take the style from: it stands as heard just before everything else.

    Its ticks are its own. Of a long one the end counts.
    """
    name: Label = ""
    """By which other clients may `join` the session; empty keeps it to this one."""


class Join(Struct, frozen=True, array_like=True, tag="join"):
    """Share a session that another client has opened: a page, a recorder, a second keyboard.

    Whoever shares it may say all that its opener may; everyone gets its notes, and hears what the
    others say as `overheard`. It ends when the last of them has closed it or is gone.
    """

    session: SessionId
    """Number by which this client will call it."""
    name: Label
    """The name it was opened with."""


class Opened(Struct, frozen=True, array_like=True, tag="opened"):
    """The session is there and listens."""

    session: int
    """Number of the session."""


class Listen(Struct, frozen=True, array_like=True, tag="listen"):
    """What the player did, in order of time. Ends an answer that is being made."""

    session: SessionId
    """Number of the session."""
    events: Annotated[tuple[Event, ...], Meta(max_length=MOST_EVENTS)]
    """Key events; ticks never fall."""


class Answer(Struct, frozen=True, array_like=True, tag="answer"):
    """Ask for a continuation of everything heard."""

    session: SessionId
    """Number of the session."""
    generation: Generation
    """Number that its notes will carry; larger than any before."""
    start: Ticks
    """No note before this tick, nor before the tick after the latest note heard."""
    until: Ticks
    """No note at or after this tick."""
    prompt: bool = False
    """True: the first note sounds exactly at `start`. False: when the music wants it."""
    may_end: bool = False
    """True: the model may end the piece before `until`."""
    constraints: Constraints | None = None
    """Rules for this answer; None keeps the session's."""
    ends: Ticks | None = None
    """Where the piece shall end; None if nobody knows. The model is told how far away that is.

    From a bar before it the model may end the piece, and a bar after it the piece is over.
    """
    takes: Annotated[int, Meta(ge=0, le=MOST_TAKES)] = 0
    """0: the answer is part of the music at once. Else so many takes are made, side by side.

    A take counts for nothing until `keep` names it; whatever else is said, but `heard`, drops them
    all. So an answer can be made ahead, while nobody knows yet whether the phrase is over.
    """
    feel: Feel | None = None
    """How freely this answer is drawn; None keeps the session's feel."""


class Keep(Struct, frozen=True, array_like=True, tag="keep"):
    """Go on from one take of an answer, as if it alone had been made. May be said while it is."""

    session: SessionId
    """Number of the session."""
    generation: Generation
    """Number of the answer."""
    take: Annotated[int, Meta(ge=0, lt=MOST_TAKES)]
    """Which take, from 0."""


class Infill(Struct, frozen=True, array_like=True, tag="infill"):
    """Ask for the music of a gap, given what was heard before it and what comes after.

    Its notes come as an answer's do. What the session has heard does not change: to keep them, say
    `rewind` and `listen`. The model may leave part of the gap empty.
    """

    session: SessionId
    """Number of the session."""
    generation: Generation
    """Number that its notes will carry; larger than any before."""
    start: Ticks
    """The first tick of the gap. Notes heard from here on are passed over."""
    until: Ticks
    """The first tick behind the gap."""
    after: Annotated[tuple[Note, ...], Meta(max_length=MOST_NOTES)] = ()
    """What comes after, from `until` on; earlier notes are passed over.

    A note of the gap ends where its key is struck here.
    """
    constraints: Constraints | None = None
    """Rules for the gap; None keeps the session's."""
    feel: Feel | None = None
    """How freely the gap is drawn; None keeps the session's feel."""


class Notes(Struct, frozen=True, array_like=True, tag="notes"):
    """Some notes of an answer, in order of onset, as soon as they are complete."""

    session: int
    """Number of the session."""
    generation: int
    """Number of the answer it belongs to."""
    notes: tuple[Note, ...]
    """Onsets never fall, not from one message to the next either (of one take)."""
    take: int = 0
    """Which take they belong to."""
    copied: int = 0
    """How many notes of training music in a row the answer has followed with the last of these; 0
    if fewer than 32, or if the player played them before.
    """


class Done(Struct, frozen=True, array_like=True, tag="done"):
    """An answer is complete, or was given up."""

    session: int
    """Number of the session."""
    generation: int
    """Number of the answer it belongs to."""
    reason: str
    """"until", "end" (of the piece) or "cancelled"."""
    tokens: int
    """Tokens drawn."""
    first_note_us: int | None
    """Microseconds from when the engine took the request up to its first note; None if it has none.

    What a client measures itself is longer: the way there and back, and the wait for others.
    """
    total_us: int
    """Microseconds from when the engine took the request up to the end, or to the cancelling."""
    take: int = 0
    """Which take is complete; a `cancelled` is of all of them."""


class Heard(Struct, frozen=True, array_like=True, tag="heard"):
    """The play head: what lies before this tick has sounded. Paces an answer with a horizon."""

    session: SessionId
    """Number of the session."""
    position: Ticks
    """Tick of the play head."""
    horizon: Ticks
    """Ticks beyond `position` that the engine may play ahead."""


class Rewind(Struct, frozen=True, array_like=True, tag="rewind"):
    """Forget every note struck at or after a tick; the model's that reach past it end there.

    Unless they keep their ends.
    """

    session: SessionId
    """Number of the session."""
    tick: Ticks
    """The first tick that is forgotten."""
    keeps_ends: bool = False
    """True: notes struck before the tick last as long as they were to. So who plays along takes
    back what was only planned, and what sounds is not broken off.
    """


class Cancel(Struct, frozen=True, array_like=True, tag="cancel"):
    """Give up the answer that is being made. Its `done` still comes."""

    session: SessionId
    """Number of the session."""


class Close(Struct, frozen=True, array_like=True, tag="close"):
    """End a session and free its memory."""

    session: SessionId
    """Number of the session."""


class Overheard(Struct, frozen=True, array_like=True, tag="overheard"):
    """What another client said in a session that is shared."""

    session: int
    """Number of the session."""
    said: Listen | Answer | Keep | Infill | Heard | Rewind | Cancel
    """Its message; the number of the session in it is that client's."""


class Ping(Struct, frozen=True, array_like=True, tag="ping"):
    """Are you there? Also keeps the client's sessions: they end after 10 s without one."""

    number: Annotated[int, Meta(ge=0, le=2**53)]
    """Any number; its `pong` repeats it."""


class Pong(Struct, frozen=True, array_like=True, tag="pong"):
    """Here, and the decode loop is turning."""

    number: int
    """Number of the ping."""


class StatusRequest(Struct, frozen=True, array_like=True, tag="status?"):
    """How is the engine?"""


class Status(Struct, frozen=True, array_like=True, tag="status"):
    """How the engine is."""

    model: str
    """Name of the bundle."""
    sessions: int
    """Open sessions of all clients."""
    slot_bytes: int
    """Cache memory of one session."""
    uptime_ms: int
    """Milliseconds since the start."""
    tokens: int
    """Tokens drawn since the start."""
    room: int = 0
    """How many more sessions fit, as measured on this machine; the next one is refused."""


class Telemetry(Struct, frozen=True, array_like=True, tag="telemetry"):
    """How busy the engine is: about once a second, to whoever listens on its PUB socket.

    May be lost; nothing depends on it.
    """

    uptime_ms: int
    """Milliseconds since the start."""
    sessions: int
    """Open sessions of all clients."""
    room: int
    """How many more fit."""
    tokens: int
    """Tokens drawn since the start."""
    tokens_per_s: float
    """Tokens a second since the last message."""
    busy: float
    """Part of that time in which the decode loop worked, 0 to 1."""


class Error(Struct, frozen=True, array_like=True, tag="error"):
    """A request could not be served; the conversation goes on."""

    code: str
    """"malformed", "unknown-session", "refused" or "internal"."""
    whose: str
    """"client" or "engine"."""
    text: str
    """One sentence for a person."""
    session: int | None = None
    """Session it is about; None if it is about none."""


Request = (
    Hello | Open | Join | Listen | Answer | Keep | Infill | Heard | Rewind | Cancel | Close | Ping
    | StatusRequest
)  # fmt: skip
Reply = Welcome | Opened | Notes | Done | Overheard | Pong | Status | Telemetry | Error

_encoder = msgspec.msgpack.Encoder()
_requests: msgspec.msgpack.Decoder[Request] = msgspec.msgpack.Decoder(Request)
_replies: msgspec.msgpack.Decoder[Reply] = msgspec.msgpack.Decoder(Reply)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for a bad frame; text that is no UTF-8 is not among its own errors."""


def encode(message: Request | Reply) -> bytes:
    """A message as one frame. [any thread]"""
    return _encoder.encode(message)


def decode_request(frame: bytes) -> Request:
    """A frame from a client; ProtocolError saying what is wrong with it. [any thread]"""
    try:
        return _requests.decode(frame)
    except _UNREADABLE as error:
        raise ProtocolError(str(error)) from None


def decode_reply(frame: bytes) -> Reply:
    """A frame from the engine; ProtocolError saying what is wrong with it. [any thread]"""
    try:
        return _replies.decode(frame)
    except _UNREADABLE as error:
        raise ProtocolError(str(error)) from None
