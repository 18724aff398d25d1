"""The ReaScripts in a stand-in for Reaper that knows only what the real API documents."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from engines import EngineProcess

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
REAPER = HERE.parents[1] / "plugin-templates" / "reaper"
INPUTS = ["2", "3", "", "piano", "0.95"]
SCALE = [[i / 2, i / 2 + 0.5, 0, key, 80] for i, key in enumerate((60, 62, 64, 65, 67, 69, 71, 72))]

Project = dict[str, Any]


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess() as process:
        yield process


def lua(value: Any) -> str:
    """A value as Lua writes it."""
    match value:
        case None:
            return "nil"
        case bool():
            return str(value).lower()
        case dict():
            return "{" + ",".join(f"[{lua(k)}]={lua(v)}" for k, v in value.items()) + "}"
        case list():
            return "{" + ",".join(map(lua, value)) + "}"
        case _:
            return json.dumps(value)


def run(script: str, port: int, **project: Any) -> Project:
    """What has become of a project once the script is over."""
    project["ext"] = {"port": str(port), **project.get("ext", {})}
    done = subprocess.run(
        ["lua5.4", str(HERE / "reaper_host.lua"), str(REAPER / script), lua(project)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: Project = json.loads(done.stdout)
    assert result["frozen"] == 0
    return result


def item(start: float, end: float, notes: list[list[float]] | None = None, **more: Any) -> Project:
    return {"from": start, "to": end, "notes": notes or [], **more}


def continued(port: int, **changes: Any) -> Project:
    track = {"items": [item(0, 4, SCALE, selected=True)]}
    return run("antiphon_continue.lua", port, **{"tracks": [track], "inputs": INPUTS, **changes})


def test_the_answers_are_takes_of_one_new_item_behind(engine: EngineProcess) -> None:
    after = continued(engine.port)

    asked, answer = after["tracks"][0]
    assert (asked["from"], asked["to"], asked["selected"]) == (0, 4, False)
    assert (answer["from"], answer["to"], answer["selected"]) == (4, 12, True)
    assert [take["name"] for take in answer["takes"]] == ["Antiphon 1", "Antiphon 2", "Antiphon 3"]
    assert any(take["notes"] for take in answer["takes"])
    for take in answer["takes"]:
        assert take["sorted"]
        assert all(4 <= start < end <= 12 for start, end, *_ in take["notes"])
    assert after["undo"] == ["begin", "Antiphon: continue the selected item"]
    assert after["messages"] == []


def test_a_change_of_tempo_and_a_waltz_move_nothing(engine: EngineProcess) -> None:
    after = continued(engine.port, metre=[3, 4], turn=5.0, later_bpm=73.0)

    answer = after["tracks"][0][1]
    assert (answer["from"], answer["to"]) == (pytest.approx(4), pytest.approx(10))
    onsets = [48 * start for take in answer["takes"] for start, *_ in take["notes"]]
    assert onsets == pytest.approx([round(onset) for onset in onsets])


def test_one_take_needs_no_imploding(engine: EngineProcess) -> None:
    after = continued(engine.port, inputs=["1", "1", "hymn", "strings", "0.5"])

    assert len(after["tracks"][0][1]["takes"]) == 1
    assert after["ext"]["style"] == "hymn"


def test_several_items_are_one_phrase_and_the_last_track_gets_the_answer(
    engine: EngineProcess,
) -> None:
    drums = [[i, i + 0.25, 9, 36, 100] for i in range(6)]
    tracks = [
        {"items": [item(0, 4, SCALE, selected=True)]},
        {"items": [item(0, 6, drums, selected=True), item(0, 6, audio=True, selected=True)]},
    ]
    after = continued(engine.port, tracks=tracks)

    assert [len(track) for track in after["tracks"]] == [1, 3]
    answer = after["tracks"][1][2]
    assert (answer["from"], answer["to"]) == (6, 14)
    assert {note[2] for take in answer["takes"] for note in take["notes"]} <= {0, 9}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tracks": []}, "Select a MIDI item that is to be continued."),
        ({"inputs": ["2", "9", "", "piano", "1"]}, "Takes (1 to 8): a number from 1 to 8."),
        ({"inputs": ["2", "x", "", "piano", "1"]}, "Takes (1 to 8): a number from 1 to 8."),
        (
            {"inputs": ["2", "1", "", "kazoo", "1"]},
            'There is no instrument "kazoo"; there are piano, chromatic, organ, guitar, bass, '
            "strings, ensemble, brass, reed, pipe, lead, pad, effects, ethnic, percussive, sfx, "
            "drums.",
        ),
        (
            {"tracks": [{"items": [item(0, 4, selected=True)]}]},
            "There are no notes in the selected item.",
        ),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    changes: Project, message: str, engine: EngineProcess
) -> None:
    after = continued(engine.port, **changes)

    assert after["messages"] == [message]
    assert after["undo"] == []


def test_who_thinks_better_of_it_is_told_nothing(engine: EngineProcess) -> None:
    after = continued(engine.port, inputs=None)

    assert (after["messages"], after["undo"], after["turns"]) == ([], [], 0)


def test_a_style_that_the_engine_lacks_is_the_engine_s_to_refuse(engine: EngineProcess) -> None:
    after = continued(engine.port, inputs=["2", "3", "polka", "piano", "1"])

    assert len(after["messages"]) == 1
    assert after["messages"][0].startswith("The Antiphon engine says: ")
    assert "polka" in after["messages"][0]
    assert after["undo"] == []


def test_an_absent_engine_is_missed_without_blocking() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    after = continued(port, haste=30)

    assert after["messages"] == [
        f"No Antiphon engine is there on port {port}. Start it with: antiphon serve"
    ]
    assert after["turns"] > 5


def test_missing_sockets_are_asked_for() -> None:
    after = continued(1, no_sockets=True)

    assert len(after["messages"]) == 1
    assert after["messages"][0].startswith("Antiphon needs Mavriq Lua Sockets: Extensions > ")


def test_sockets_are_found_where_reapack_puts_them(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets/socket"
    folder.mkdir(parents=True)
    search = "print(package.searchpath('socket.core', package.cpath))"
    core = subprocess.run(
        ["lua5.4", "-e", search], capture_output=True, text=True, check=True
    ).stdout.strip()
    (folder / "core.so").symlink_to(core)

    after = continued(engine.port, no_sockets=True, resources=str(tmp_path))

    assert after["messages"] == []
    assert len(after["tracks"][0]) == 2


def filled(port: int, **changes: Any) -> Project:
    project = {"time_selection": [4, 8], "inputs": ["", "piano", "0.95"], **changes}
    return run("antiphon_fill.lua", port, **project)


LATER = [[start + 8, end + 8, channel, key, 80] for start, end, channel, key, _ in SCALE]


def test_a_gap_between_items_becomes_a_new_item(engine: EngineProcess) -> None:
    track = {"items": [item(0, 4, SCALE, selected=True), item(8, 12, LATER)]}
    after = filled(engine.port, tracks=[track])

    assert after["messages"] == []
    gap = after["tracks"][0][2]
    assert (gap["from"], gap["to"]) == (4, 8)
    assert all(4 <= start < end <= 8 for start, end, *_ in gap["takes"][0]["notes"])
    assert after["undo"] == ["begin", "Antiphon: fill the time selection"]


def test_inside_an_item_what_displeases_is_replaced(engine: EngineProcess) -> None:
    doomed = [[4.0, 4.5, 0, 1, 80], [7.75, 8.0, 0, 2, 80]]
    whole = item(0, 12, [*SCALE, *doomed, *LATER])
    after = filled(engine.port, tracks=[{"items": [whole], "selected": True}])

    assert len(after["tracks"][0]) == 1
    notes = after["tracks"][0][0]["takes"][0]["notes"]
    outside = [note for note in notes if not 4 <= note[0] < 8]
    assert outside == [*SCALE, *LATER]
    assert not {1, 2} & {note[3] for note in notes}


@pytest.mark.parametrize("script", [continued, filled])
def test_a_track_that_is_deleted_meanwhile_is_missed(
    script: Callable[..., Project], engine: EngineProcess
) -> None:
    track = {"items": [item(0, 4, SCALE, selected=True)]}
    after = script(engine.port, tracks=[track], deleted="tracks")

    assert after["messages"] == ["The track is gone. Nothing was changed."]
    assert after["undo"] == []


def test_an_item_that_is_deleted_meanwhile_is_not_written_to(engine: EngineProcess) -> None:
    whole = item(0, 12, [*SCALE, *LATER], selected=True)
    after = filled(engine.port, tracks=[{"items": [whole]}], deleted="items")

    (gap,) = after["tracks"][0]
    assert (gap["from"], gap["to"]) == (4, 8)
    assert after["undo"] == ["begin", "Antiphon: fill the time selection"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_selection": [0, 0]}, "Select the time that is to be filled."),
        (
            {"tracks": [{"items": []}]},
            "Select the track, or an item on it, that is to be filled.",
        ),
    ],
)
def test_nothing_to_fill_is_said_in_a_sentence(
    changes: Project, message: str, engine: EngineProcess
) -> None:
    assert filled(engine.port, **changes)["messages"] == [message]


def test_what_reapack_installs_is_complete(engine: EngineProcess, tmp_path: Path) -> None:
    written = subprocess.run(
        [sys.executable, str(REAPER / "make_index.py"), REAPER.parent.as_uri() + "/", "1.2"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    index = ElementTree.fromstring(written)
    assert index.attrib == {"version": "1", "name": "Antiphon"}
    (version,) = index.iter("version")
    assert version.get("name") == "1.2"
    for source in version:
        target = tmp_path / source.attrib["file"]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(Path((source.text or "").removeprefix("file://")).read_bytes())
    actions = {source.attrib["file"] for source in version if source.get("main") == "main"}
    effects = {source.attrib["file"] for source in version if source.get("type") == "effect"}

    assert actions == {path.name for path in REAPER.glob("*.lua")}
    assert effects == {path.name for path in REAPER.glob("*.jsfx")}
    tracks = [{"items": [item(0, 4, SCALE, selected=True)]}]
    for action in sorted(actions - {"antiphon_live.lua"}):
        inputs = INPUTS if "continue" in action else INPUTS[2:]
        after = run(
            str(tmp_path / action), engine.port, tracks=tracks, inputs=inputs, time_selection=[4, 8]
        )
        assert len(after["tracks"][0]) == 2


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("reaper.ShowMessage('x')", "Reaper has no reaper.ShowMessage"),
        ("reaper.MB('x')", "reaper.MB takes no 1 arguments"),
        ("reaper.UpdateArrange(0)", "reaper.UpdateArrange takes no 1 arguments"),
    ],
)
def test_the_stand_in_knows_what_reaper_lacks(script: str, complaint: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.lua"
    path.write_text(script)

    with pytest.raises(AssertionError, match=re.escape(complaint)):
        run(str(path), 1)
