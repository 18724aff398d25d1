"""A stage without devices: keys from a list, an engine in the test's hand, a full record."""

from __future__ import annotations

from collections import deque

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.bridge.effects import Turned
from antiphon.bridge.hand import Hands, obey
from antiphon.bridge.session import Session
from antiphon.bridge.stage import Stage
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import Note, NoteOn
from antiphon.engine.protocol import (
    Answer,
    Done,
    Error,
    Keep,
    Listen,
    Notes,
    Open,
    Reply,
    Request,
    Rewind,
)
from witness import SilentWitness

MS = 1_000_000
PEDAL = midi.control(0, midi.SOFT, 127), midi.control(0, midi.SOFT, 0)
"""The soft pedal, pressed and let go: the player hands over, or stops an answer."""


class FakeEngine:
    """An engine in the test's hand: replies are put in `replies`, requests are found in `told`."""

    def __init__(self) -> None:
        self.present = True
        self.full = False
        self.renewed: list[float] = []
        """When (ms) the connection was begun anew."""
        self.told: list[Request] = []
        self.replies: deque[Reply] = deque()
        self.made: dict[tuple[int, int], list[Note]] = {}
        """Notes of each answer, by its number and that of the take."""

    def send(self, request: Request) -> bool:
        if self.present and not self.full:
            self.told.append(request)
        return not self.full

    def renew(self, now_ns: int) -> None:
        self.full = self.present = False
        self.renewed.append(now_ns / MS)

    def poll(self, now_ns: int) -> list[Reply]:
        replies = list(self.replies) if self.present else []
        self.replies.clear()
        return replies

    @property
    def asked(self) -> Answer:
        """The latest request for an answer."""
        return next(r for r in reversed(self.told) if isinstance(r, Answer))

    def answers(self, *notes: Note, done: bool = True) -> None:
        """Reply to the latest request with these notes."""
        generation = self.asked.generation
        self.made.setdefault((generation, 0), []).extend(notes)
        self.replies.append(Notes(1, generation, notes))
        if done:
            self.replies.append(Done(1, generation, "until", 3, 1, 1))

    def fails(self, code: str) -> None:
        """Reply with an error."""
        self.replies.append(Error(code, "engine", f"{code} it was", 1))

    def heard_events(self) -> list[object]:
        """Every event of every listen, in order."""
        return [e for r in self.told if isinstance(r, Listen) for e in r.events]

    def openings(self) -> list[Open]:
        return [r for r in self.told if isinstance(r, Open)]


class Theatre(SilentWitness):
    """A stage, its clock in milliseconds, and a list of everything that came out of it."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.engine = FakeEngine()
        self.out: list[tuple[float, str, int, int]] = []
        """(ms, "on" or "off", channel, pitch) of each note message, in order."""
        self.sent: list[bytes] = []
        """Every message that came out."""
        self.struck: list[tuple[int, int]] = []
        """(tick, pitch) of every note of the answer that sounded."""
        self.states: list[str] = []
        self.turns: list[int] = []
        """Tick of each of them."""
        self.troubles: list[str] = []
        self.sentences: list[str] = []
        self._keys: deque[bytes] = deque()
        self.now_ns = 0
        settings = settings or Settings()
        session = Session(settings, Timeline.at(125, 0))  # a tick is 10 ms
        self._hands = Hands(self, dict(settings.bound))
        self.stage = Stage(session, self._hands, self, self.engine, self)
        self.stage.turn(0)

    def at(self, ms: float, *messages: bytes) -> None:
        """Let time pass to `ms`, a turn each millisecond, then play these messages."""
        while self.now_ns < ms * MS:
            self.now_ns += MS
            self._turn()
        self._keys.extend(messages)
        self._turn()

    def _turn(self) -> None:
        self.stage.turn(self.now_ns)
        for command in self._hands.commands():
            obey(command, self.stage, self.now_ns)

    def play(self, start_ms: float, *pitches: int, step_ms: float = 100) -> float:
        """Play keys one after the other, legato; returns when the last was let go."""
        for pitch in pitches:
            self.at(start_ms, midi.note_on(0, pitch, 80))
            start_ms += step_ms
            self.at(start_ms, midi.note_off(0, pitch))
        return start_ms

    def answered(self) -> list[tuple[float, str, int, int]]:
        """What came out on other channels than the player's."""
        return [item for item in self.out if item[2] != 0]

    def receive(self) -> bytes | None:
        return self._keys.popleft() if self._keys else None

    def send(self, message: bytes) -> None:
        self.sent.append(message)
        kind = midi.kind(message)
        if kind in (midi.NOTE_ON, midi.NOTE_OFF):
            word = "on" if kind == midi.NOTE_ON else "off"
            self.out.append((self.now_ns / MS, word, midi.channel(message), message[1]))

    def sounded(self, wanted_ns: int, done_ns: int, message: bytes) -> None:
        if midi.kind(message) == midi.NOTE_ON:
            self.struck.append((wanted_ns // (10 * MS), message[1]))

    def turned(self, now_ns: int, turned: Turned) -> None:
        self.states.append(turned.state.value)
        self.turns.append(now_ns // (10 * MS))

    def troubled(self, now_ns: int, error: Error) -> None:
        self.troubles.append(error.text)

    def said(self, now_ns: int, text: str) -> None:
        self.sentences.append(text)


def asked(theatre: Theatre) -> Answer:
    """The latest request for an answer."""
    return theatre.engine.asked


def remembered(t: Theatre) -> list[tuple[int, int]]:
    """(tick, pitch) of every note that the engine remembers, by what it was told and made."""
    strikes: list[tuple[int, int]] = []
    made: dict[tuple[int, int], list[Note]] = {k: [*v] for k, v in t.engine.made.items()}
    current: tuple[int, int] | None = None
    for request in t.engine.told:
        match request:
            case Listen(_, events):
                strikes += [(e.tick, e.pitch) for e in events if isinstance(e, NoteOn)]
            case Answer(takes=0):
                current = (request.generation, 0)
                strikes += [(n.onset, n.pitch) for n in made.get(current, [])]
            case Keep(_, generation, take):
                strikes += [(n.onset, n.pitch) for n in made.get((generation, take), [])]
            case Rewind(_, tick):
                strikes = [(at, pitch) for at, pitch in strikes if at < tick]
            case Open():
                strikes = []
    return sorted(strikes)
