"""`antiphon play`: starts the engine and the performer, shows what happens, keeps what was played.

Everything heard is in the files when it ends, however that comes about: answered, Ctrl-C, SIGTERM,
a closed terminal, an error. After kill -9 it is in the journal, see `antiphon save`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from antiphon.engine.errors import EngineLost, NoMidiSystem

from . import folders, midifile, results, sessions
from .clock import SystemClock
from .config import Clock, Settings
from .ending import Wish, wish_to_end
from .engine_process import ANY_PORT, EngineProcess, free_endpoint
from .fingerprint import fingerprint
from .performer import Order
from .performer_process import PerformerProcess
from .phrase_player import bar_of
from .ports import list_inputs
from .scene import Scene
from .screen import Screen, open_screen
from .supervisor import StartPlayer, Supervisor
from .timeline import Timeline

LEAD_NS = 400_000_000
"""Time for the phrase's process to start before its first bar."""
NOT_KEYBOARDS = ("Antiphon", "Midi Through", "system:midi_capture", "PipeWire")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to play, with what, and where to keep it."""

    settings: Settings
    phrase: Path | None = None
    """A file to play in the player's place."""
    sources: tuple[str, ...] = ("virtual",)
    """Inputs, as `inputs.py` reads them."""
    out: str | None = None
    loop: bool | None = None
    """Whether what goes out comes back in; None: found out where both ports bear one name."""
    folder: Path = Path("out")
    bundle: Path | None = None
    sound: bool = True
    headless: bool = False
    title: str = "Antiphon"
    journal: Path | None = None
    """Folder that the session is recorded in; None is the usual one, see `sessions.py`."""


def play(plan: Plan) -> list[Path]:
    """Play until the phrase is answered, or someone ends it; returns the files kept. Blocks.

    Before anything is started it raises NoMidiSystem if a keyboard is to be heard and none can be,
    and FileRefused if nothing could be kept.
    """
    folders.check(plan.folder)
    phrase = midifile.read(plan.phrase) if plan.phrase else None
    if phrase is None:
        list_inputs()  # raises at once where there is no MIDI system
    else:
        plan = replace(plan, settings=_for_file(plan.settings, phrase))
    scene = Scene(plan.settings.tempo_bpm, plan.settings.programs)
    with ExitStack() as stack:
        engine = _engine(plan.bundle)
        wish = stack.enter_context(wish_to_end())
        stack.callback(engine.close)  # before the signals are what they were
        try:
            _converse(plan, phrase, engine, scene, wish)
        finally:
            kept = _keep(scene, plan)
    if scene.error is not None:
        raise scene.error
    return kept


def _for_file(settings: Settings, phrase: midifile.Phrase) -> Settings:
    """The settings where a file plays: it says its tempo, and has no way in."""
    settings = replace(settings, latency=replace(settings.latency, input_ns=0))
    if settings.guesses:
        settings = replace(settings, clock=Clock.INTERNAL)
    if settings.bpm is None:
        settings = replace(settings, bpm=phrase.tempo_bpm, metre=phrase.metre)
    return settings


def _engine(bundle: Path | None) -> EngineProcess:
    """Where plugins look, or elsewhere if somebody is there or comes there first."""
    endpoint = free_endpoint()
    try:
        return EngineProcess(bundle, endpoint)
    except EngineLost:
        if endpoint == ANY_PORT:
            raise
        return EngineProcess(bundle)


def choose_source() -> tuple[str | None, str]:
    """The keyboard to listen to, or None and why there is none, with what helps. [may block]"""
    try:
        found = [name for name in list_inputs() if not any(w in name for w in NOT_KEYBOARDS)]
    except NoMidiSystem:
        return None, "No keyboard can be heard here."  # what helps is told of the MIDI output
    if not found:
        return None, "No keyboard was found; `antiphon play --in virtual` waits for one."
    return found[0], ""


def _converse(
    plan: Plan, phrase: midifile.Phrase | None, engine: EngineProcess, scene: Scene, wish: Wish
) -> None:
    """Play from beginning to end; what happens is in the scene."""
    pipe = os.pipe() if phrase else None
    start_player = None
    if plan.phrase and phrase and pipe:
        start_player = _phrase_player(plan.phrase, phrase.metre, pipe)
    order = Order(
        engine.endpoint,
        plan.settings,
        plan.sources,
        pipe[0] if pipe else None,
        plan.out,
        plan.loop,
        plan.sound,
        journal=str((plan.journal or sessions.folder()).resolve()),
        bundle=str(plan.bundle.resolve()) if plan.bundle else None,
        fingerprint=fingerprint(plan.bundle),
        title=plan.title,
    )
    performer = PerformerProcess(order)
    with open_screen(plan.headless) as screen:
        supervisor = Supervisor(engine, performer, screen, scene, wish)
        try:
            supervisor.run(start_player)
        finally:
            supervisor.end()


def _phrase_player(path: Path, metre: tuple[int, int], pipe: tuple[int, int]) -> StartPlayer:
    def start(timeline: Timeline) -> subprocess.Popen[bytes]:
        bar = bar_of(metre)
        soon = timeline.tick_at(SystemClock().now_ns() + LEAD_NS)
        start_ns = timeline.time_at((soon // bar + 1) * bar)
        module = "antiphon.bridge.phrase_player"
        command = [sys.executable, "-m", module, str(path), str(timeline.bpm), str(start_ns)]
        # Its own group: Ctrl-C is for the one who started it. It ends when its input closes.
        player = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=pipe[1], start_new_session=True
        )
        for fd in pipe:
            os.close(fd)
        return player

    return start


def _keep(scene: Scene, plan: Plan) -> list[Path]:
    """Write down what was played, then show it; nothing to write is nothing to keep."""
    tracks = scene.recording.tracks() if scene.recording else {}
    if scene.recording is None or not any(tracks.values()):
        return []
    piece = results.conversation(scene.recording, plan.settings, plan.title)
    screen = Screen(live=False)
    stem = plan.phrase.stem if plan.phrase else "play"
    kept = results.save(piece, plan.folder, stem, screen.say)
    screen.show(tracks)
    if scene.farewell is not None and scene.farewell.sent:
        screen.say(scene.farewell.text())
    return kept
