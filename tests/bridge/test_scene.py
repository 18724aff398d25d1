from __future__ import annotations

from antiphon.bridge import link, midi
from antiphon.bridge.scene import Scene
from antiphon.engine.errors import MachineError
from antiphon.engine.notes import Note

TICK_NS = 1_000_000_000 // 96


def begun() -> Scene:
    scene = Scene(120)
    scene.take(link.Ready(0, "pipe", None, "", None, "", False))
    return scene


def test_what_was_heard_is_in_the_recording() -> None:
    scene = begun()
    scene.take(link.Played(0, midi.note_on(0, 60, 80)))
    scene.take(link.Played(48 * TICK_NS, midi.note_off(0, 60)))
    assert scene.recording is not None
    assert [note.pitch for note in scene.recording.tracks()["you"]] == [60]


def test_what_was_released_is_no_longer_planned() -> None:
    scene = begun()
    for onset in (0, 40, 96):
        scene.take(link.Planned(Note(onset, 0, 60, 48, 80), 1))
    scene.take(link.Released(51 * TICK_NS))
    assert [(note.onset, note.end) for note in scene.planned] == [(0, 48), (40, 50)]


def test_trouble_ends_it_only_with_an_exit_code() -> None:
    scene = begun()
    scene.take(link.Troubled("It rains."))
    assert scene.error is None
    scene.take(link.Troubled("The guard ended.", 3))
    assert isinstance(scene.error, MachineError)


def test_answers_are_counted_when_they_begin() -> None:
    scene = begun()
    for state in ("listening", "answering", "idle", "answering"):
        scene.take(link.Turned(0, 0, state))
    assert (scene.answers, scene.state) == (2, "answering")


def test_the_farewell_says_how_it_went_in_a_line() -> None:
    text = link.Farewell(12, 0, 0, 0, 2300, 1, 0).text()
    assert text == "12 events sent, 2.3 ms late at worst, 1 dropped."
