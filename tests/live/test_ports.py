"""The main job on a real MIDI system: JACK, two processes, the shipped model."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from statistics import median

import pytest

from antiphon.bridge import midi, midifile
from antiphon.bridge.latency import measure
from band import Band, band, descendants, is_answer, kill, left_of
from standstill import Span, watched

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

PHRASE = (69, 72, 71, 69, 64, 65, 69, 67)
KILLS = int(os.environ.get("ENGINE_KILLS", "20"))
BRIDGE_KILLS = int(os.environ.get("BRIDGE_KILLS", "5"))
RELEASED_WITHIN_NS = 50_000_000
SILENT_WITHIN_NS = 600_000_000
FROZEN_WITHIN_S = 0.4
BURST = 12
"""More note-ons than this within a tenth of a second are no music."""


def answered(b: Band) -> None:
    """Play a phrase and hand over, until a note of the answer sounds."""
    b.play(*PHRASE)
    b.pedal()
    b.next_answer()
    while not b.sounding():
        b.listen(0.01)


def freeze_the_engine(b: Band) -> int:
    """Stop it in its answer, long enough to be missed; its process id."""
    answered(b)
    frozen = b.child("antiphon.engine")
    os.kill(frozen, signal.SIGSTOP)
    b.listen(FROZEN_WITHIN_S)
    assert b.sounding() == set(), "a note is stuck"
    return frozen


def test_a_phrase_played_into_the_port_is_answered_and_every_note_is_closed(tmp_path: Path) -> None:
    with band(tmp_path, "--answer", "4") as b:
        b.play(*PHRASE)
        b.next_answer()
        b.listen(4)
        answered = [m for _, m in b.heard if is_answer(m) and midi.kind(m) == midi.NOTE_ON]
        assert len(answered) >= 3
        assert b.sounding() == set()
        thru = [m for _, m in b.heard if not is_answer(m) and midi.kind(m) == midi.NOTE_ON]
        assert [m[1] for m in thru] == list(PHRASE)

    (kept,) = tmp_path.glob("*.mid")
    notes = midifile.read(kept).notes
    assert len(notes) == len(PHRASE) + len(answered)
    assert {path.suffix for path in tmp_path.iterdir()} == {".mid", ".wav", ".png"}


def test_the_pedal_brings_the_answer_at_once() -> None:
    latency = measure(20, None, lambda _: None)

    assert latency.through == "ports"
    assert latency.missed == 0
    assert median(latency.answers_ns) <= 30_000_000


def test_the_player_can_interrupt_at_any_note(tmp_path: Path) -> None:
    with band(tmp_path) as b:
        for _ in range(5):
            b.play(*PHRASE)
            b.pedal()
            b.next_answer()
            b.listen(random.random())
            b.play(60)
            b.listen(0.05)
            assert b.sounding() == set()
            b.pedal()
            b.next_answer()
            b.pedal()
            b.listen(0.1)


def test_an_engine_killed_in_an_answer_leaves_no_note_and_play_goes_on(tmp_path: Path) -> None:
    released: list[Span] = []
    with watched() as machine, band(tmp_path) as b:
        for _ in range(KILLS):
            b.play(*PHRASE)
            b.pedal()
            b.next_answer()
            b.listen(random.random() * 0.8)
            held = b.sounding()
            killed_ns = kill(b.child("antiphon.engine"))
            after = [item for item in b.listen(0.3) if is_answer(item[1])]
            assert b.sounding() == set(), "a note is stuck"
            offs = [at for at, m in after if midi.kind(m) == midi.NOTE_OFF]
            if held:
                released.append((killed_ns, max(offs)))
            before = len(b.heard)
            b.play(*PHRASE[:3])
            thru = [m for _, m in b.heard[before:] if not is_answer(m)]
            struck = [m[1] for m in thru if midi.kind(m) == midi.NOTE_ON]
            assert struck == list(PHRASE[:3]), "the player is not heard"
            b.next_answer()
            b.pedal()
            b.listen(0.2)
    took_ns = sorted(machine.took_ns(*span) for span in released)
    assert took_ns, "no note was held at any kill"
    print("killed to last note-off, ms:", [ns // 10**6 for ns in took_ns])  # noqa: T201
    assert took_ns[-1] <= RELEASED_WITHIN_NS


def test_a_frozen_engine_is_replaced_and_leaves_no_note(tmp_path: Path) -> None:
    with band(tmp_path) as b:
        frozen = freeze_the_engine(b)
        assert left_of([frozen], 5) == []
        assert b.child("antiphon.engine") != frozen
        b.play(*PHRASE[:3])
        b.next_answer()
        b.pedal()
        b.listen(0.2)
        assert b.sounding() == set()


def test_an_engine_that_was_frozen_for_a_moment_does_not_play_what_is_over(tmp_path: Path) -> None:
    with band(tmp_path) as b:
        frozen = freeze_the_engine(b)
        os.kill(frozen, signal.SIGCONT)
        after = [at for at, m in b.listen(1.5) if is_answer(m) and midi.kind(m) == midi.NOTE_ON]
        bursts = [sum(at <= one < at + 100_000_000 for one in after) for at in after]
        assert max(bursts, default=0) <= BURST
        assert b.child("antiphon.engine") == frozen, "it came back in time"
        b.play(PHRASE[0])  # ends the answer, if that has not ended by itself
        b.listen(0.2)
        assert b.sounding() == set()


def test_a_killed_performer_leaves_the_far_side_silent(tmp_path: Path) -> None:
    released: list[Span] = []
    with watched() as machine:
        for number in range(BRIDGE_KILLS):
            with band(tmp_path / str(number)) as b:
                b.play(*PHRASE[:4])
                b.pedal()
                b.next_answer()
                b.listen(random.random() * 0.6)
                killed_ns = kill(b.child("antiphon.bridge.performer"))
                after = b.listen(0.8)
                offs = [at for at, m in after if midi.kind(m) == midi.NOTE_OFF]
                assert b.sounding() == set(), "a note is stuck"
                released.append((killed_ns, max(offs, default=killed_ns)))
    took_ns = [machine.took_ns(*span) for span in released]
    assert max(took_ns) <= SILENT_WITHIN_NS
    assert median(took_ns) <= RELEASED_WITHIN_NS


def test_a_killed_supervisor_leaves_no_process_and_no_note(tmp_path: Path) -> None:
    with band(tmp_path) as b:
        answered(b)
        pids = descendants(b.process.pid)
        assert len(pids) >= 3
        b.process.kill()
        b.listen(1)
        assert b.sounding() == set(), "a note is stuck"
        assert left_of(pids, 2) == []


def test_ctrl_c_ends_everything_and_keeps_what_was_played(tmp_path: Path) -> None:
    with band(tmp_path) as b:
        b.play(*PHRASE)
        b.pedal()
        b.next_answer()
        pids = [
            b.child(f"antiphon.{name}") for name in ("engine", "bridge.performer", "bridge.guard")
        ]
    time.sleep(0.2)

    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert b.process.returncode == 0
    assert len(list(tmp_path.glob("*.mid"))) == 1
