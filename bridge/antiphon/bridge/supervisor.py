"""Watches over the engine, the performer and the phrase's player, and shows what they do.

It may be slow, it may draw; no note waits for it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from antiphon.engine.errors import AntiphonError, MachineError

from . import link
from .bindings import Trigger
from .clock import SystemClock
from .ending import Wish
from .engine_process import EngineProcess
from .performer_process import PerformerProcess
from .preferences import keep_learnt
from .recording import ANSWER, PLAYER
from .scene import Scene
from .screen import ESCAPE, Screen
from .timeline import Timeline
from .together import COMMIT_NS

POLL_S = 0.03
PATIENCE_NS = 15_000_000_000
"""How long a phrase may go without an answer before playing it is given up."""
FROZEN_NS = 1_000_000_000
"""How long the performer may miss an engine that lives before another takes its place."""
HELP = (
    "space: your turn / stop   r: another   tab: next version   k: keep   x: reject   u: undo   "
    "l: lock bar   m: together / in turn   b: bind a pedal or pad   p: panic   q: end   ?: this"
)
LEARNING = "Bind: press the key here of what a pedal or pad shall do."
KEYS = {
    " ": "handover", "r": "reroll", "\t": "other", "k": "keep", "x": "reject", "u": "undo",
    "l": "lock", "m": "mode", "p": "panic", ESCAPE: "panic",
}  # fmt: skip
"""What each key of the terminal does."""

StartPlayer = Callable[[Timeline], "subprocess.Popen[bytes]"]


class Supervisor:
    """Sees to it that the engine comes back, and knows when it is over."""

    def __init__(
        self,
        engine: EngineProcess,
        performer: PerformerProcess,
        screen: Screen,
        scene: Scene,
        wish: Wish,
    ) -> None:
        self._engine, self._performer, self._screen = engine, performer, screen
        self._scene, self._wish = scene, wish
        self._clock = SystemClock()
        self._learning = False
        self._missing_ns: int | None = None
        self._player: subprocess.Popen[bytes] | None = None
        self._player_done_ns: int | None = None

    def run(self, start_player: StartPlayer | None) -> None:
        """Until the phrase has been answered, or someone wants it to end. Blocks."""
        try:
            while not self._over(phrase=start_player is not None):
                self._hear(POLL_S)
                self._revive()
                self._start(start_player)
                for key in self._screen.typed():
                    self._obey(key)
                self._draw()
        except AntiphonError as error:
            self._scene.error = error

    def end(self) -> None:
        """End the performer, which releases every note, and hear its last words."""
        if self._player:
            self._player.kill()
            self._player.communicate()
        for message in self._performer.close():
            self._take(message)

    def _hear(self, timeout_s: float) -> None:
        for message in self._performer.messages(timeout_s):
            self._take(message)

    def _revive(self) -> None:
        """Replace an engine that died, or one that lives and says nothing."""
        missing_ns = self._missing_ns
        frozen = missing_ns is not None and self._clock.now_ns() - missing_ns > FROZEN_NS
        if not self._engine.revive(force=frozen):
            return
        # The new one has as long to be found as the old one had to speak.
        self._missing_ns = self._clock.now_ns() if missing_ns is not None else None
        what = "froze" if frozen else "died"
        self._screen.say(f"The engine {what} and was started again.")

    def _start(self, start_player: StartPlayer | None) -> None:
        """Start the phrase as soon as everyone is there."""
        scene = self._scene
        if start_player and self._player is None and scene.recording and scene.engine:
            self._player = start_player(scene.recording.timeline)

    def _over(self, phrase: bool) -> bool:
        if self._wish.made or self._scene.error is not None:
            return True
        if not self._performer.alive:
            self._scene.error = MachineError("The performer ended; what was played is kept.")
            return True
        if not phrase or self._player is None or self._player.poll() is None:
            return False
        return self._answered()

    def _answered(self) -> bool:
        """Whether the answer to the phrase is over, or will not come."""
        scene, now_ns = self._scene, self._clock.now_ns()
        if scene.answers and scene.state == "idle":
            return True
        busy = scene.state in ("answering", "recovering") or not scene.engine
        if busy or self._player_done_ns is None:
            self._player_done_ns = now_ns
        if now_ns - self._player_done_ns > PATIENCE_NS:
            seconds = PATIENCE_NS // 1_000_000_000
            scene.error = MachineError(f"No answer came within {seconds} s.")
        return scene.error is not None

    def _take(self, message: link.Message) -> None:
        before = self._scene.state
        self._scene.take(message)
        match message:
            case link.Ready():
                self._introduce(message)
            case link.EngineIs(present):
                self._missing_ns = None if present else self._clock.now_ns()
            case link.Learnt():
                self._keep(message)
            case link.Troubled(text, None):
                self._screen.say(text)
            case link.Turned(_, _, state):
                self._screen.say(_LEFT_OUT if (before, state) == _CUT_SHORT else _SAYINGS[state])

    def _introduce(self, ready: link.Ready) -> None:
        say = self._screen.say
        say(f"Listening on {ready.source}." if ready.source != "pipe" else "Playing the phrase.")
        say(f"MIDI out: {ready.port}." if ready.port else f"MIDI out: none. {ready.why_no_port}")
        say(f"Sound: {ready.sound}." if ready.sound else f"Sound: none. {ready.why_no_sound}")
        if self._screen.live:
            say(HELP)

    def _obey(self, key: str) -> None:
        action, learning = KEYS.get(key), self._learning
        if key == ESCAPE:
            self._performer.learn("")  # whatever was to be learnt
        self._learning = key == "b" and not learning
        if self._learning:
            self._screen.say(LEARNING)
        elif learning and action:
            self._performer.learn(action)
            self._screen.say(f"Now press the pedal, pad or key for {action}.")
        elif key == "?":
            self._screen.say(HELP)
        elif key == "q":
            self._wish.make()
        elif action:
            self._performer.act(action)

    def _keep(self, learnt: link.Learnt) -> None:
        """What was learnt holds for good."""
        self._screen.say(f"{learnt.trigger} is {learnt.action} from now on.")
        try:
            keep_learnt(learnt.action, Trigger.parse(learnt.trigger))
        except AntiphonError as error:
            self._screen.say(str(error))

    def _draw(self) -> None:
        recording, now_ns = self._scene.recording, self._clock.now_ns()
        if recording is None or not self._screen.due(now_ns):
            return
        tick = recording.timeline.tick_at(now_ns)
        parts = {PLAYER: recording.player.at(tick), ANSWER: self._scene.planned}
        committed = recording.timeline.tick_at(now_ns + COMMIT_NS) - tick
        self._screen.draw(now_ns, parts, tick, self._scene.state, committed)


_SAYINGS = {
    "idle": "Your turn.",
    "listening": "Listening …",
    "answering": "Answering …",
    "recovering": "The engine is gone; waiting for it …",
    "together": "Together …",
}
_CUT_SHORT = ("recovering", "idle")
_LEFT_OUT = "The rest of the answer is left out. Your turn."
