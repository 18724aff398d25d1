"""What Live installs: the device that is built, its script, and the Remote Script for clips."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from py2max import m4l

import live_set
from engines import EngineProcess
from live_set import CInstance, Clip, ClipSlot, Device, MidiNoteSpecification, Song, Track

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
ABLETON = HERE.parents[1] / "plugin-templates" / "ableton"
KEYS = (60, 62, 64, 65, 67, 69, 71, 72)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("ableton")
    subprocess.run([sys.executable, str(ABLETON / "build.py"), str(out)], check=True)
    return out


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess() as process:
        yield process


def test_the_remote_script_needs_no_package(tmp_path: Path) -> None:
    (tmp_path / "py2max.py").write_text("raise ModuleNotFoundError(name='py2max')")
    done = subprocess.run(
        [sys.executable, str(ABLETON / "build.py"), str(tmp_path / "built")],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.startswith("The Remote Script is built. For the Max device")
    assert len(done.stderr.splitlines()) == 1
    assert (tmp_path / "built/remote-script/Antiphon/__init__.py").exists()


# The Max for Live device.


def test_the_device_is_a_midi_effect_with_sound_connections(built: Path) -> None:
    device, kind = m4l.read_amxd(built / "max" / "Antiphon.amxd")
    patcher = device["patcher"]
    boxes = {entry["box"]["id"]: entry["box"] for entry in patcher["boxes"]}
    texts = [box.get("text", "") for box in boxes.values()]

    assert kind == "midi_effect"
    assert patcher["openinpresentation"] == 1
    for line in patcher["lines"]:
        (source, outlet), (target, inlet) = (
            line["patchline"][end] for end in ("source", "destination")
        )
        assert outlet < boxes[source]["numoutlets"]
        assert inlet < boxes[target]["numinlets"]
    (script,) = [text.split()[1] for text in texts if text.startswith("node.script ")]
    assert (built / "max" / script).exists()


def test_messages_of_the_device_are_those_of_its_script(built: Path) -> None:
    device, _ = m4l.read_amxd(built / "max" / "Antiphon.amxd")
    texts = [entry["box"].get("text", "") for entry in device["patcher"]["boxes"]]
    said = {text.split()[1] for text in texts if text.startswith("prepend ")} - {"set"}
    (heard,) = [set(text.split()[1:]) for text in texts if text.startswith("route ")]
    script = (built / "max" / "antiphon_m4l.js").read_text()

    assert said
    assert all(f"  {name}: (" in script for name in said)
    assert all(f"outlet('{name}'" in script for name in heard)


def test_the_script_answers_what_max_tells_it(built: Path, engine: EngineProcess) -> None:
    environment = {
        **os.environ,
        "ANTIPHON_PORT": str(engine.port),
        "DEVICE": str(built / "max"),
        "NODE_PATH": str(HERE / "max" / "stubs"),
    }
    done = subprocess.run(
        ["node", "--test", str(HERE / "max")],
        env=environment, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "# fail 0" in done.stdout
    assert "# pass 0" not in done.stdout


# The Remote Script.


class Live:
    """The Remote Script in a set with one track, as Live loads it."""

    def __init__(self, package: Any, *clips: Clip | None, track: Track | None = None) -> None:
        self.track = track or Track()
        self.track.clip_slots += [ClipSlot(self.track, clip) for clip in clips]
        self.song = Song([self.track])
        self.song.view.highlighted_clip_slot = self.track.clip_slots[0]
        self.c_instance = CInstance(self.song)
        self.script = package.create_instance(self.c_instance)

    def run(self, seconds: float = 20, pause: float = 0.005) -> str:
        """Call the script as Live does, until it has said something; what it said."""
        until = time.monotonic() + seconds
        try:
            while not self.c_instance._messages and time.monotonic() < until:
                self.script.update_display()
                time.sleep(pause)
        finally:
            self.script.disconnect()
        return self.c_instance._messages.pop()


@pytest.fixture
def package(built: Path, engine: EngineProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setitem(sys.modules, "Live", live_set.module())
    monkeypatch.syspath_prepend(built / "remote-script")
    monkeypatch.setenv("ANTIPHON_PORT", str(engine.port))
    yield importlib.import_module("Antiphon")
    for name in [name for name in sys.modules if name.split(".")[0] == "Antiphon"]:
        del sys.modules[name]


def scale(name: str = "Verse >2") -> Clip:
    notes = [MidiNoteSpecification(key, i / 2, 0.5, 80) for i, key in enumerate(KEYS)]
    return Clip(name, _notes=notes)


def test_a_clip_is_continued_in_the_next_free_slot(package: Any) -> None:
    live = Live(package, scale(), Clip("other"), None, None)

    assert live.run() == "Antiphon: Verse goes on."
    asked, other, answer, empty = (slot.clip for slot in live.track.clip_slots)
    assert asked
    assert answer
    assert (asked.name, other, empty) == ("Verse", Clip("other"), None)
    assert (answer.name, answer.loop_end) == ("Verse (Antiphon)", 8)
    assert answer._notes
    for note in answer._notes:
        assert 0 <= note.start_time < note.start_time + note.duration <= 8
    assert live.song._undo == ["begin", "end"]


def test_an_undo_step_ends_even_if_live_refuses_the_clip(
    package: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(slot: ClipSlot, length: float) -> Clip:
        raise RuntimeError

    monkeypatch.setattr(ClipSlot, "create_clip", refuse)
    live = Live(package, scale(), None)

    with pytest.raises(RuntimeError):
        live.run()
    assert live.song._undo == ["begin", "end"]


def test_where_no_slot_is_free_there_is_a_new_scene(package: Any) -> None:
    live = Live(package, scale("Verse>"))
    live.run()

    answer = live.track.clip_slots[1].clip
    assert answer
    assert answer.loop_end == 16


def test_only_what_plays_of_a_clip_is_heard(package: Any) -> None:
    clips = importlib.import_module("Antiphon.clips")
    clip = scale()
    clip.loop_start, clip.loop_end = 1.0, 2.25
    clip._notes[3].mute = True

    assert clips.notes_of(clip, 5) == [[0, 5, 64, 24, 80], [48, 5, 67, 12, 80]]


def test_releases_come_before_strikes(package: Any) -> None:
    clips = importlib.import_module("Antiphon.clips")

    events = clips.events_of([[0, 0, 60, 24, 80], [24, 0, 60, 24, 80]])

    assert [event[:2] for event in events] == [["on", 0], ["off", 24], ["on", 24], ["off", 48]]


@pytest.mark.parametrize(
    ("track", "instrument"),
    [
        (Track("1-MIDI"), "piano"),
        (Track("Slap Bass"), "bass"),
        (Track("Strings", (Device(), Device(can_have_drum_pads=True))), "drums"),
    ],
)
def test_a_track_says_what_plays(package: Any, track: Track, instrument: str) -> None:
    clips = importlib.import_module("Antiphon.clips")

    assert clips.INSTRUMENTS[clips.instrument_of(track)] == instrument


@pytest.mark.parametrize(
    ("name", "asks"),
    [
        ("Verse", None),
        ("", None),
        ("a > b", None),
        (">", ("", 4)),
        ("Verse >", ("Verse", 4)),
        ("Verse>2", ("Verse", 2)),
        ("A > B >16 ", ("A > B", 16)),
        ("Verse >0", ("Verse", 1)),
        ("Verse >999", ("Verse", 64)),
    ],
)
def test_a_name_asks_or_is_just_a_name(
    package: Any, name: str, asks: tuple[str, int] | None
) -> None:
    assert importlib.import_module("Antiphon.wish").wish(name) == asks


def test_what_the_engine_refuses_is_said_in_a_sentence(package: Any) -> None:
    clip = scale()
    clip.signature_numerator = 99
    live = Live(package, clip, None)

    assert live.run().startswith("Antiphon: ")
    assert not live.track.clip_slots[1].has_clip


def test_an_absent_engine_is_missed(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("ANTIPHON_PORT", str(taken.getsockname()[1]))
    live = Live(package, scale(), None)

    assert live.run() == "Antiphon: no engine is there. Start it with: antiphon serve"


def test_an_engine_that_dies_changes_nothing(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with EngineProcess() as engine:
        monkeypatch.setenv("ANTIPHON_PORT", str(engine.port))
        live = Live(package, scale("Verse >64"), None)
        while not live.script._asked:
            live.script.update_display()
            time.sleep(0.005)
        engine.kill()

        assert live.run() == "Antiphon: the engine went away. Nothing was changed."
    assert not live.track.clip_slots[1].has_clip


@pytest.mark.parametrize("kind", [Clip, ClipSlot, Device, MidiNoteSpecification, Song, Track])
def test_the_stand_in_has_nothing_that_live_lacks(kind: type[Any]) -> None:
    file = "Clip" if kind is MidiNoteSpecification else kind.__name__
    known = published(file, kind.__name__)
    offered = {field.name for field in dataclasses.fields(kind)} | {*vars(kind)}

    assert {name for name in offered if not name.startswith("_")} <= known


def test_the_view_has_nothing_that_live_lacks() -> None:
    assert "highlighted_clip_slot" in published("Song", "View")


def published(file: str, kind: str) -> set[str]:
    """Names of a class in the stubs of Live's API, parameters of its constructor among them."""
    (stubs,) = (Path(p) / "Live-stubs" for p in sys.path if (Path(p) / "Live-stubs").exists())
    classes = [
        node
        for node in ast.walk(ast.parse((stubs / f"{file}.pyi").read_text()))
        if isinstance(node, ast.ClassDef) and node.name == kind
    ]
    functions = [f for c in classes for f in c.body if isinstance(f, ast.FunctionDef)]
    parameters = {a.arg for f in functions if f.name == "__init__" for a in f.args.args}
    return {f.name for f in functions} | parameters


@pytest.mark.slow
def test_types_agree_with_the_stubs_of_live(built: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(tmp_path), "-p", "Antiphon"],
        cwd=built / "remote-script", capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout
