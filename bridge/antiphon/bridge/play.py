"""`antiphon play`: starts the engine and the performer, shows what happens, keeps what was played.

The supervisor. It may be slow, it may draw; no note waits for it. It sees to it that the engine
comes back, and that everything heard is in the files when it ends.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

from antiphon.engine.errors import AntiphonError, MachineError, NoMidiSystem, UserError
from antiphon.engine.notes import Note, shortened

from . import link, midifile, results
from .clock import SystemClock
from .config import Settings
from .engine_process import EngineProcess
from .performer import Order
from .performer_process import PerformerProcess
from .phrase_player import bar_of
from .ports import list_inputs
from .recording import ANSWER, PLAYER, Recording
from .screen import Screen, open_screen
from .timeline import Timeline

POLL_S = 0.03
LEAD_NS = 400_000_000
"""Time for the phrase's process to start before its first bar."""
PATIENCE_NS = 15_000_000_000
"""How long a phrase may go without an answer before playing it is given up."""
NOT_KEYBOARDS = ("Antiphon", "Midi Through", "system:midi_capture", "PipeWire")
HELP = "space: your turn / stop   p: panic   q: end"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play, with what, and where to keep it."""

    settings: Settings
    phrase: Path | None = None
    """A file to play in the player's place."""
    source: str | None = None
    out: str | None = None
    folder: Path = Path("out")
    bundle: Path | None = None
    sound: bool = True
    headless: bool = False
    title: str = "Antiphon"


@dataclass(slots=True)
class Scene:
    """What the supervisor knows of the conversation."""

    recording: Recording | None = None
    planned: list[Note] = field(default_factory=list)
    state: str = "idle"
    engine: bool = False
    model: str = ""
    answers: int = 0
    farewell: link.Farewell | None = None
    error: AntiphonError | None = None
    """Why it cannot go on."""


def play(plan: Plan) -> list[Path]:
    """Play until the phrase is answered, or the player ends it; returns the files kept. Blocks."""
    phrase = midifile.read(plan.phrase) if plan.phrase else None
    settings = plan.settings
    if phrase and settings.bpm is None:
        settings = replace(settings, bpm=phrase.tempo_bpm, metre=phrase.metre)
    with contextlib.ExitStack() as stack:
        engine = EngineProcess(plan.bundle)
        stack.callback(engine.close)
        pipe = os.pipe() if phrase else None
        order = Order(
            engine.endpoint, settings, plan.source, pipe[0] if pipe else None, plan.out, plan.sound
        )
        performer = PerformerProcess(order)
        screen = stack.enter_context(open_screen(plan.headless))
        supervisor = Supervisor(engine, performer, screen, settings)
        try:
            supervisor.run(
                _phrase_player(plan.phrase, phrase.metre, pipe)
                if plan.phrase and phrase and pipe
                else None
            )
        except KeyboardInterrupt:
            pass
        finally:
            supervisor.end()
    kept = _keep(supervisor.scene, plan, settings, phrase)
    if supervisor.scene.error is not None:
        raise supervisor.scene.error
    return kept


def choose_source() -> tuple[str | None, str]:
    """The keyboard to listen to, or None and why there is none. [may block]"""
    try:
        found = [name for name in list_inputs() if not any(w in name for w in NOT_KEYBOARDS)]
    except NoMidiSystem as error:
        return None, str(error)
    if not found:
        return None, "No keyboard was found."
    return found[0], ""


StartPlayer = Callable[[Timeline], "subprocess.Popen[bytes]"]


def _phrase_player(path: Path, metre: tuple[int, int], pipe: tuple[int, int]) -> StartPlayer:
    def start(timeline: Timeline) -> subprocess.Popen[bytes]:
        bar = bar_of(metre)
        soon = timeline.tick_at(SystemClock().now_ns() + LEAD_NS)
        start_ns = timeline.time_at((soon // bar + 1) * bar)
        module = "antiphon.bridge.phrase_player"
        command = [sys.executable, "-m", module, str(path), str(timeline.bpm), str(start_ns)]
        player = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe[1])
        for fd in pipe:
            os.close(fd)
        return player

    return start


class Supervisor:
    """Watches over the processes, and shows what they do."""

    def __init__(
        self, engine: EngineProcess, performer: PerformerProcess, screen: Screen, settings: Settings
    ) -> None:
        self.scene = Scene()
        self._engine, self._performer, self._screen = engine, performer, screen
        self._settings = settings
        self._clock = SystemClock()
        self._player: subprocess.Popen[bytes] | None = None
        self._player_done_ns: int | None = None

    def run(self, start_player: StartPlayer | None) -> None:
        """Until the phrase has been answered, or a key says so. Blocks."""
        while not self._over(phrase=start_player is not None):
            for message in self._performer.messages(POLL_S):
                self._take(message)
            if self._engine.revive():
                self._screen.say("The engine died and was started again.")
            recording = self.scene.recording
            if start_player and self._player is None and recording and self.scene.engine:
                self._player = start_player(recording.timeline)
            self._obey(self._screen.key())
            self._draw()

    def end(self) -> None:
        """End the performer, which releases every note, and hear its last words."""
        if self._player and self._player.poll() is None:
            self._player.terminate()
            self._player.wait()
        for message in self._performer.close():
            self._take(message)

    def _over(self, phrase: bool) -> bool:
        if self.scene.error is not None:
            return True
        if not self._performer.alive:
            self._screen.say("The performer ended; what was played is kept.")
            return True
        if not phrase or self._player is None or self._player.poll() is None:
            return False
        if self._player_done_ns is None:
            self._player_done_ns = self._clock.now_ns()
        if self.scene.answers and self.scene.state == "idle":
            return True
        waiting = self.scene.state != "answering"
        return waiting and self._clock.now_ns() - self._player_done_ns > PATIENCE_NS

    def _take(self, message: link.Message) -> None:
        scene = self.scene
        match message:
            case link.Ready():
                scene.recording = Recording(
                    Timeline.at(self._settings.tempo_bpm, message.origin_ns)
                )
                self._introduce(message)
            case link.EngineIs(present, model):
                scene.engine, scene.model = present, model
            case link.Troubled(text, exit_code):
                if exit_code is not None:
                    scene.error = _error(text, exit_code)
                else:
                    self._screen.say(text)
            case link.Farewell():
                scene.farewell = message
            case link.Turned(_, _, state):
                scene.state = state
                scene.answers += state == "answering"
                self._screen.say(_SAYINGS[state])
            case _ if scene.recording:
                self._record(scene.recording, message)

    def _record(self, recording: Recording, message: link.Message) -> None:
        match message:
            case link.Played(at_ns, data):
                recording.played(at_ns, data)
            case link.Planned(note, channel):
                recording.answers_on(channel, note.instrument)
                self.scene.planned.append(note)
            case link.Sounded(wanted_ns, _, data):
                recording.sounded(wanted_ns, data)
            case link.Released(at_ns):
                tick = recording.timeline.tick_at(at_ns)
                kept = [note for note in self.scene.planned if note.onset < tick]
                self.scene.planned = [
                    shortened(note, tick) if note.end > tick else note for note in kept
                ]

    def _introduce(self, ready: link.Ready) -> None:
        say = self._screen.say
        say(f"Listening on {ready.source}." if ready.source != "pipe" else "Playing the phrase.")
        say(f"MIDI out: {ready.port}." if ready.port else f"MIDI out: none. {ready.why_no_port}")
        say(f"Sound: {ready.sound}." if ready.sound else f"Sound: none. {ready.why_no_sound}")
        if self._screen.live:
            say(HELP)

    def _obey(self, key: str) -> None:
        if key == "q":
            raise KeyboardInterrupt
        if key == " ":
            self._performer.handover()
        elif key in ("p", "\x1b"):
            self._performer.panic()

    def _draw(self) -> None:
        recording = self.scene.recording
        if recording is None:
            return
        now_ns = self._clock.now_ns()
        tick = recording.timeline.tick_at(now_ns)
        parts = {PLAYER: recording.player.at(tick), ANSWER: self.scene.planned}
        self._screen.draw(now_ns, parts, tick, self.scene.state)


def _error(text: str, exit_code: int) -> AntiphonError:
    """What a child ended with, as an error of our own."""
    kind = UserError if exit_code == UserError.exit_code else MachineError
    return kind(text)


_SAYINGS = {
    "idle": "Your turn.",
    "listening": "Listening …",
    "answering": "Answering …",
    "recovering": "The engine is gone; waiting for it …",
}


def _keep(
    scene: Scene, plan: Plan, settings: Settings, phrase: midifile.Phrase | None
) -> list[Path]:
    """Write down what was played; nothing to write is nothing to keep."""
    recording = scene.recording
    if recording is None:
        raise scene.error or MachineError("The performer did not start.")
    tracks = recording.tracks()
    if not any(tracks.values()):
        return []
    metre = phrase.metre if phrase else results.METRE
    piece = results.Piece(recording, settings.tempo_bpm, metre, plan.title)
    screen = Screen(live=False)
    screen.show(tracks)
    stem = plan.phrase.stem if plan.phrase else "play"
    return results.save(piece, plan.folder, stem, screen.say)
