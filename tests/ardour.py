"""Ardour for tests, without screen and sound card: a session of ours, keys to play and an ear."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import soundfile

import jackd
import preload
from antiphon.bridge import midi, ports
from antiphon.engine.errors import NoMidiSystem

ROOT = Path(__file__).parent.parent
HOST = ROOT / "tests" / "plugins" / "ardour_host.lua"
SCRIPT = ROOT / "plugin-templates" / "ardour" / "antiphon_session.lua"
MENDED = HOST.with_name("ardour_mended.c")
LIBRARIES = "/usr/lib/ardour7"
FRAMES = 256
KEYBOARDS = ("ardour:You/midi_in", "ardour:Antiphon/midi_in")
EAR = "ardour:Antiphon/midi_out"
PATIENCE_S = 30.0
KEY_S = 0.1
EXPORTS = 5
STARTS = 3


class Note(NamedTuple):
    """A recorded note; times and places in quarter notes."""

    time: float
    """Since the recording began."""
    place: float
    """In the song."""
    key: int


@contextmanager
def jack_server() -> Iterator[None]:
    """A JACK server of our own, the default one for this process and its children."""
    name = f"antiphon-ardour-{os.getpid()}-{time.monotonic_ns() % 10**6}"
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = name
    server = subprocess.Popen(
        jackd.command(name, FRAMES), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        _await(lambda: _there(ports.list_outputs))
        yield
    finally:
        server.terminate()
        server.wait(10)
        del os.environ["JACK_DEFAULT_SERVER"]
        if before is not None:
            os.environ["JACK_DEFAULT_SERVER"] = before


def install(home: Path, kind: str, built: Path) -> None:
    """Install the plugins as users do, and of their formats leave only `kind` to be found."""
    command = [sys.executable, "-m", "antiphon.bridge", "plugin", "install", "--from", str(built)]
    env = environment(home)
    subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    if kind == "VST3":
        shutil.rmtree(home / ".lv2")
        scan = [f"{LIBRARIES}/ardour-vst3-scanner", str(home / ".vst3" / "antiphon-effect.vst3")]
        found = subprocess.run(
            scan, env={**env, "LD_LIBRARY_PATH": LIBRARIES}, capture_output=True, text=True
        )
        assert found.returncode == 0, found.stderr


def export(home: Path, folder: Path) -> np.ndarray:
    """What Ardour makes of a session that is closed: frames and channels of its sound file.

    Ardour 7.3 sometimes writes silence, of one session 8 times in 80. So it is asked again.
    """
    for _ in range(EXPORTS):
        sound: np.ndarray = soundfile.read(_exported(home, folder))[0]
        if sound.any():
            break
    return sound


def _exported(home: Path, folder: Path) -> Path:
    sound = home / "jam.wav"
    sound.unlink(missing_ok=True)
    command = ["ardour7-export", "-o", str(sound), str(folder), "jam"]
    # Not judged by its exit code: Ardour 7.3 may break when all is written and it tidies up.
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True)
    assert sound.exists(), done.stderr
    return sound


def environment(home: Path) -> dict[str, str]:
    """What a user has whose home is this folder, and who never started Ardour before."""
    strange = ("ARDOUR", "LV2", "VST", "XDG")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(strange)}
    return {**kept, "HOME": str(home), "JACK_NO_START_SERVER": "1"}


class Ardour:
    """A running Ardour with a session that the script for users has set up.

    with Ardour(home, folder) as daw:
        daw.do("roll()")
        daw.phrase(60, 64, 67)
    """

    def __init__(self, home: Path, folder: Path) -> None:
        self.home, self.folder = home, folder
        self.heard: list[bytes] = []
        """All that the track of the answers was sent."""

    def __enter__(self) -> Self:
        """Start it; Ardour 7.3 sometimes hangs or breaks while it makes a session."""
        mended = preload.built(MENDED, self.home)
        for _ in range(STARTS - 1):
            try:
                self._start(mended)
            except AssertionError as error:
                print(f"Ardour is started again: {error}", file=sys.stderr)  # noqa: T201
                shutil.rmtree(self.folder, ignore_errors=True)
            else:
                return self
        self._start(mended)
        return self

    def _start(self, mended: str) -> None:
        command = ["ardour7-lua", str(HOST), str(SCRIPT), str(self.folder)]
        with (self.home / "ardour.log").open("a") as log:
            self._process = subprocess.Popen(
                command, env={**environment(self.home), "LD_PRELOAD": mended}, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
            )  # fmt: skip
        try:
            self.do("create()")
            self._connect()
        except BaseException:
            self._process.kill()
            self._process.communicate()
            raise

    def __exit__(self, *_: object) -> None:
        self._disconnect()
        try:
            self._process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise

    def do(self, lua: str) -> Any:
        """What a Lua expression comes to, in Ardour."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(lua + "\n")
        self._process.stdin.flush()
        watch = threading.Timer(PATIENCE_S, self._process.kill)
        watch.start()
        try:
            for line in self._process.stdout:
                assert not line.startswith("! "), line
                if line.startswith("= "):
                    return json.loads(line[2:])
        finally:
            watch.cancel()
        log = (self.home / "ardour.log").read_text()
        raise AssertionError(f"{lua}: Ardour ended with {self._process.wait()}; {log}")

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Save the session, and close it for a while."""
        self._disconnect()
        self.do("close()")
        try:
            yield
        finally:
            self.do("reopen()")
            self._connect()

    def phrase(self, *keys: int) -> None:
        """Play keys, each until the next is down, so that no load makes a pause between them."""
        held = None
        for key in keys:
            self._play(midi.note_on(0, key, 90))
            if held is not None:
                self._play(midi.note_off(0, held))
            held = key
            self.listen(KEY_S)
        if held is not None:
            self._play(midi.note_off(0, held))

    def listen(self, seconds: float) -> None:
        """Hear what comes out in the next while."""
        until = time.monotonic() + seconds
        self.until(lambda: time.monotonic() >= until)

    def until(self, there: Callable[[], object]) -> None:
        """Let time pass until something is there."""

        def heard_and_there() -> bool:
            while message := self._ear.receive():
                self.heard.append(message)
            return bool(there())

        _await(heard_and_there)

    def until_place(self, quarter: float) -> None:
        """Let the transport roll to a place."""
        self.until(lambda: self.do("place()") >= quarter)

    def sounding(self) -> Counter[tuple[int, int]]:
        """Note-ons without a note-off, by channel and key; what is even is left out."""
        held: Counter[tuple[int, int]] = Counter()
        for message in self.heard:
            if midi.kind(message) in (midi.NOTE_ON, midi.NOTE_OFF):
                strikes = midi.kind(message) == midi.NOTE_ON
                held[midi.channel(message), message[1]] += 1 if strikes else -1
        return Counter({key: n for key, n in held.items() if n})

    def stop(self) -> None:
        """Stop the transport, and wait until nothing sounds any more."""
        self.do("stop()")
        self.until(lambda: not self.sounding())

    def notes(self, track: str, begin: float, end: float) -> list[Note]:
        """What a track has recorded between two places, in order of time."""
        return sorted(Note(*note) for note in self.do(f"notes('{track}', {begin}, {end})"))

    def _connect(self) -> None:
        _await(lambda: _there(ports.list_outputs, *KEYBOARDS) and _there(ports.list_inputs, EAR))
        self._keys = [ports.open_output(name) for name in KEYBOARDS]
        self._ear = ports.open_input(EAR)

    def _disconnect(self) -> None:
        for port in (*self._keys, self._ear):
            port.close()

    def _play(self, message: bytes) -> None:
        for port in self._keys:
            port.send(message)


def _there(names: Callable[[], list[str]], *wanted: str) -> bool:
    """Whether there are ports whose names begin so."""
    try:
        known = names()
    except NoMidiSystem:
        return False
    return all(any(name.startswith(one) for name in known) for one in wanted)


def _await(there: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not there():
        assert time.monotonic() - began < PATIENCE_S, "what was waited for in Ardour does not come"
        time.sleep(0.005)
