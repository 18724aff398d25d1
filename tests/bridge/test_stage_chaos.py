"""Whatever happens in whatever order: every note-on has its note-off, and nothing is forgotten."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.bridge import midi
from antiphon.bridge.actions import Action
from antiphon.bridge.config import Mode, Settings
from antiphon.bridge.grid import Grid
from antiphon.engine.notes import INSTRUMENTS, Note, NoteOn
from antiphon.engine.protocol import Answer, Done, Heard, Infill, Notes
from theatre import MS, PEDAL, Theatre, remembered

BASS = INSTRUMENTS.index("bass")

NOTES = st.tuples(st.just("notes"), st.lists(st.integers(0, 40), min_size=1, max_size=4))
PRELUDE: list[tuple[int, tuple[str, Any]]] = [
    (0, ("key", 60)), (100, ("let go", 60)), (480, ("notes", [5, 10, 20])),
]  # fmt: skip
"""A phrase, and an answer that has begun."""
moments = st.lists(
    st.tuples(
        st.one_of(st.integers(0, 60), st.integers(0, 700)),
        st.one_of(
            NOTES,
            NOTES,
            st.tuples(st.just("act"), st.sampled_from(Action)),
            st.tuples(st.just("act"), st.sampled_from(Action)),
            st.tuples(st.just("key"), st.integers(58, 62)),
            st.tuples(st.just("let go"), st.integers(58, 62)),
            st.tuples(st.just("pedal"), st.booleans()),
            st.tuples(st.just("soft"), st.none()),
            st.tuples(st.just("done"), st.none()),
            st.tuples(st.just("gone"), st.none()),
            st.tuples(st.just("back"), st.none()),
            st.tuples(st.just("tempo"), st.sampled_from([60, 97, 125, 174])),
        ),
    ),
    min_size=4,
    max_size=40,
).map(lambda happening: PRELUDE + happening)
wishes = st.builds(
    Settings,
    mode=st.sampled_from(Mode),
    grid=st.sampled_from(Grid),
    takes=st.integers(1, 3),
    bpm=st.sampled_from([None, 125.0]),
    metre=st.sampled_from([None, (3, 4)]),
)


class Chaos(Theatre):
    """A stage to which anything may happen; an honest engine says nothing out of date."""

    def __init__(self, wanted: Settings, *, honest: bool = False) -> None:
        super().__init__(wanted)
        self._honest = honest
        self._over: set[int] = set()
        self._decided: dict[tuple[int, int], int] = {}

    def happen(self, what: str, how: Any) -> None:
        """One of the `moments`, now."""
        now = self.now_ns / MS
        match what:
            case "key":
                self.at(now, midi.note_on(0, how, 80))
            case "let go":
                self.at(now, midi.note_off(0, how))
            case "pedal":
                self.at(now, midi.control(0, midi.SUSTAIN, 127 * how))
            case "soft":
                self.at(now, *PEDAL)
            case "notes" | "done":
                self._reply(how)
            case "gone" | "back":
                self.engine.present = what == "back"
                self.turns.append(self.now_ns // (10 * MS))
            case "act":
                self.stage.act(self.now_ns, how)
            case "tempo":
                timeline = self.stage.session.timeline
                tick = timeline.tick_at(self.now_ns) + 1
                self.stage.retime(self.now_ns, timeline.with_tempo(how, tick))
        self.at(now)

    def _reply(self, gaps: list[int] | None) -> None:
        """What an engine could say to its latest request: onsets never fall."""
        requests = [r for r in self.engine.told if isinstance(r, Answer | Infill)]
        latest = next((r for r in reversed(self.engine.told) if not isinstance(r, Heard)), None)
        if not requests or (self._honest and latest is not requests[-1]):
            return
        request = requests[-1]
        if self._honest and request.generation in self._over:
            return
        if gaps is None:
            self._over.add(request.generation)
        takes = max(1, request.takes) if isinstance(request, Answer) else 1
        for take in range(takes):
            if gaps is None:
                done = Done(1, request.generation, "until", 1, 1, 1, take)
                self.engine.replies.append(done)
                continue
            at = self._decided.get((request.generation, take), request.start)
            notes = []
            for gap in gaps:
                at += gap
                notes.append(Note(at, BASS, 40 + gap % 5, 1 + 2 * gap, 80))
            self._decided[request.generation, take] = at
            self.engine.replies.append(Notes(1, request.generation, tuple(notes), take))
            self.engine.made.setdefault((request.generation, take), []).extend(notes)


def balance(t: Theatre) -> dict[tuple[int, int], list[str]]:
    """The note messages of the answer's channels, by channel and key."""
    found: dict[tuple[int, int], list[str]] = {}
    for _, word, channel, pitch in t.answered():
        found.setdefault((channel, pitch), []).append(word)
    return found


@given(wishes, moments)
@settings(max_examples=300, deadline=None)
def test_every_note_on_has_exactly_one_note_off(
    wanted: Settings, happening: list[tuple[int, tuple[str, Any]]]
) -> None:
    t = Chaos(wanted)
    for wait_ms, (what, how) in happening:
        t.at(t.now_ns / MS + wait_ms)
        t.happen(what, how)
    t.stage.silence(t.now_ns)
    t.stage.turn(t.now_ns)

    for words in balance(t).values():
        assert words == ["on", "off"] * (len(words) // 2)
    assert not t.stage.scheduler.sounding
    assert t.stage.scheduler.planned == 0


PLAIN = ("key", "let go", "pedal", "soft", "notes", "done", "gone", "back")
"""What leaves everything in its place in time."""


@given(wishes, moments)
@settings(max_examples=500, deadline=None)
def test_the_engine_remembers_what_was_heard_and_nothing_else(
    wanted: Settings, happening: list[tuple[int, tuple[str, Any]]]
) -> None:
    t = Chaos(wanted, honest=True)
    for wait_ms, (what, how) in happening:
        if what in PLAIN:
            t.at(t.now_ns / MS + wait_ms)
            t.happen(what, how)
    t.engine.present = True
    t.stage.turn(t.now_ns)
    t.at(t.now_ns / MS + 20)
    t.stage.silence(t.now_ns)
    t.at(t.now_ns / MS + 1)

    own = {
        (round(ms) // 10, key) for ms, word, channel, key in t.out if (word, channel) == ("on", 0)
    }
    heard = own | set(t.struck)
    # A note that begins in the very tick in which it is cut off may count as heard or not.
    cut = {turn + by for turn in t.turns for by in (-1, 0, 1)}
    odd = {note for note in heard ^ set(remembered(t)) if note[0] not in cut}
    assert not odd & heard
    assert len(odd) <= t.stage.scheduler.late, "only what came too late to sound"


@given(wishes, moments)
@settings(max_examples=300, deadline=None)
def test_the_engine_and_we_remember_the_same(
    wanted: Settings, happening: list[tuple[int, tuple[str, Any]]]
) -> None:
    t = Chaos(wanted, honest=True)
    for wait_ms, (what, how) in happening:
        if what != "tempo":
            t.at(t.now_ns / MS + wait_ms)
            t.happen(what, how)
    t.engine.present = True
    t.at(t.now_ns / MS + 20)
    t.stage.act(t.now_ns, Action.PANIC)
    t.at(t.now_ns / MS + 1)

    known = t.stage.session.known
    ours = {(e.tick, e.pitch) for e in known if isinstance(e, NoteOn)}
    assert ours == set(remembered(t))
    assert [e.tick for e in known] == sorted(e.tick for e in known)
    assert all(e.tick <= t.now_ns // (10 * MS) for e in known), "nobody remembers the future"
