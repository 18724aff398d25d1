"""Ways that take their time: what is sent sooner and dated back is heard and remembered in time."""

from __future__ import annotations

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

import pytest

from antiphon.bridge import journal, link, midi, ports, sessions
from antiphon.bridge.clock import SystemClock
from antiphon.bridge.midi_clock import PULSES_PER_BEAT
from antiphon.bridge.replay import replay
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import TICKS_PER_BEAT
from band import is_answer
from clock_at_a_distance import PULSE, Ears, ears
from loop import loop

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("jack")]

MS = 1_000_000
BPM, OUT_MS, IN_MS = 120, 52, 35
PHRASE = (69, 72, 71, 69, 64, 65, 69, 67)
PATIENCE_NS = 30_000 * MS
NEAR_NS = 8 * MS
"""Less than a tick; what two more ports take is in it."""
Timed = list[tuple[int, bytes]]


def play(name: str) -> Timed:
    """Play half a beat a key, and hand over; when each message was sent."""
    keys, clock, sent = ports.open_output(name), SystemClock(), []
    start_ns = clock.now_ns() + 300 * MS
    messages = [m for key in PHRASE for m in (midi.note_on(0, key, 80), midi.note_off(0, key))]
    messages += [midi.control(0, midi.SOFT, value) for value in (127, 0)]
    for number, message in enumerate(messages):
        clock.sleep_until(start_ns + number * 125 * MS)
        sent.append((clock.now_ns(), message))
        keys.send(message)
    keys.close()
    return sent


def conversed(folder: Path, listener: Ears) -> tuple[Timed, Timed, journal.Journal]:
    """What was played behind a slow way in, what was heard behind a slow way out, the journal."""
    command = [sys.executable, "-m", "antiphon.bridge", "play", "--no-sound", "--headless"]
    options = ["--tempo", str(BPM), "--grid", "beat", "--answer", "8", "--clock-out"]
    latency = ["--latency-out", str(OUT_MS), "--latency-in", str(IN_MS)]
    with loop("Slow way in", IN_MS) as way_in:
        where = ["--in", way_in, "--out", "far side", "--folder", str(folder)]
        playing = subprocess.Popen([*command, *options, *latency, *where])
        try:
            ticking_ns, _ = next(listener.heard(SystemClock().now_ns() + PATIENCE_NS))
            with ThreadPoolExecutor() as beside:
                until_ns = ticking_ns + 10_000 * MS
                hearing = beside.submit(lambda: list(listener.heard(until_ns)))
                # The engine greets within a blink of the clock's first pulse.
                SystemClock().doze_until(ticking_ns + 500 * MS)
                sent = play(way_in)
                heard = hearing.result()
        finally:
            playing.send_signal(signal.SIGINT)
            playing.wait(timeout=20)
    found = journal.read(sessions.find(sessions.folder(), None).read_bytes())
    assert found is not None
    # The way out: whoever listens there hears everything so much later.
    return sent, [(at + OUT_MS * MS, message) for at, message in heard], found


def test_what_is_far_away_is_heard_and_remembered_in_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with ears("far side") as listener:
        sent, heard, found = conversed(tmp_path / "out", listener)
    line = Timeline.at(BPM, found.began.origin_ns)

    played = [event for event in found.events if isinstance(event, link.Played)]
    keys = [(at, message) for at, message in sent if midi.kind(message) != midi.CONTROL]
    assert [event.message for event in played] == [message for _, message in keys]
    dated = [event.at_ns - at for event, (at, _) in zip(played, keys, strict=True)]
    assert abs(median(dated)) <= NEAR_NS, dated

    planned = [event.note for event in found.events if isinstance(event, link.Planned)]
    due = sorted(line.time_at(note.onset) for note in planned)
    strikes = [at for at, m in heard if is_answer(m) and midi.kind(m) == midi.NOTE_ON]
    assert planned[0].onset % TICKS_PER_BEAT == 0
    assert len(strikes) == len(due) >= 3
    late = [at - due_ns for at, due_ns in zip(strikes, due, strict=True)]
    assert abs(median(late)) <= NEAR_NS, late

    pulses = [at for at, message in heard if message == PULSE]
    assert len(pulses) > 100
    period_ns = line.ns_per_beat // PULSES_PER_BEAT
    off = [
        (at - line.time_origin_ns + period_ns // 2) % period_ns - period_ns // 2 for at in pulses
    ]
    assert abs(median(off)) <= NEAR_NS, off
    assert replay(found).differing == 0
