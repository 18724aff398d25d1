"""A kept MIDI file, read back: every note when it sounded, every bar where it was heard."""

from __future__ import annotations

from pathlib import Path

import mido
import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi, results
from antiphon.bridge.clock_follower import ClockFollower
from antiphon.bridge.conductor import Conductor
from antiphon.bridge.config import Clock, Settings
from antiphon.bridge.grid import Bars
from antiphon.bridge.latest import Length, latest
from antiphon.bridge.recording import Recording
from antiphon.bridge.timeline import Timeline

S = 1_000_000_000
BEAT = 480
"""Of the file, in its ticks."""
NEAR_NS = 2_000_000
"""How far from its moment a tick may be in the file."""


class Take:
    """A recording, and what a file of it says."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.recording = Recording(Timeline.at(settings.tempo_bpm, 0))
        self.sounded_ns: list[int] = []
        self.slowest_tick_ns = 0

    def retime(self, at_ns: int, timeline: Timeline) -> None:
        self.recording.retimed(at_ns, timeline)

    def strike(self, at_ns: int) -> None:
        """A short note of the player's."""
        tick_ns = self.recording.timeline.ns_per_beat // 48
        self.slowest_tick_ns = max(self.slowest_tick_ns, tick_ns)
        self.recording.played(at_ns, midi.note_on(0, 60, 80))
        self.recording.played(at_ns + tick_ns, midi.note_off(0, 60))
        self.sounded_ns.append(at_ns)

    def kept(self, folder: Path, last: str = "all") -> mido.MidiFile:
        piece = results.conversation(self.recording, self.settings, "x")
        recording = latest(piece.recording, Length.parse(last), piece.metre)
        path = folder / "kept.mid"
        results.write(results.Piece(recording, piece.tempo_bpm, piece.metre), path)
        return mido.MidiFile(path)


def struck_ns(file: mido.MidiFile) -> list[float]:
    """When each note begins, by mido's own reckoning."""
    at, found = 0.0, []
    for message in file:
        at += message.time * S
        if message.type == "note_on" and message.velocity:
            found.append(at)
    return found


def meta(file: mido.MidiFile, kind: str) -> list[tuple[int, mido.MetaMessage]]:
    """(tick of the file, message) of one kind."""
    at, found = 0, []
    for message in file.tracks[0]:
        at += message.time
        if message.type == kind:
            found.append((at, message))
    return found


def assert_in_time(take: Take, file: mido.MidiFile) -> None:
    """All that sounded sounds as far apart, but for the tick that each of two is in."""
    times = struck_ns(file)
    assert len(times) == len(take.sounded_ns)
    for ns, then_ns in zip(times, take.sounded_ns, strict=True):
        off = (ns - times[0]) - (then_ns - take.sounded_ns[0])
        assert abs(off) <= take.slowest_tick_ns + 2 * NEAR_NS


def test_a_steady_tempo_is_said_once(tmp_path: Path) -> None:
    take = Take(Settings(bpm=97, metre=(3, 4)))
    for beat in range(2, 50):
        take.strike(take.recording.timeline.time_at(48 * beat))
    file = take.kept(tmp_path)

    assert [(at, m.tempo) for at, m in meta(file, "set_tempo")] == [(0, 618_557)]
    assert [(at, m.numerator) for at, m in meta(file, "time_signature")] == [(0, 3)]
    assert_in_time(take, file)


def test_another_tempo_begins_at_its_tick(tmp_path: Path) -> None:
    take = Take(Settings(bpm=120, metre=(4, 4)))
    timeline = take.recording.timeline
    for beat in range(16):
        take.strike(timeline.time_at(48 * beat))
        if beat == 7:
            timeline = timeline.with_tempo(60, 48 * 8)
            take.retime(timeline.time_at(48 * 8), timeline)
    file = take.kept(tmp_path)

    assert [(at // BEAT, m.tempo) for at, m in meta(file, "set_tempo")] == [
        (0, 500_000), (8, 1_000_000)
    ]  # fmt: skip
    assert_in_time(take, file)


def test_a_pickup_stays_before_the_one(tmp_path: Path) -> None:
    take = Take(Settings(bpm=120, metre=(4, 4)))
    for beat in (7, 8, 10):
        take.strike(take.recording.timeline.time_at(48 * beat))
    file = take.kept(tmp_path)

    assert struck_ns(file) == [1.5 * S, 2 * S, 3 * S]


def test_where_there_are_no_bars_the_first_note_is_the_beginning(tmp_path: Path) -> None:
    take = Take(Settings())
    for ns in (700_000_000, 1_000_000_000):
        take.strike(ns)

    assert struck_ns(take.kept(tmp_path))[0] == 0


def follow(take: Take, song: list[tuple[float, int]], jitter_ns: list[int]) -> None:
    """Play a note a beat to somebody's MIDI clock: (bpm, beats) in a row, from 1 s on."""
    follower = ClockFollower(take.recording.timeline)
    conductor = Conductor(follower, Bars())
    pulses, at_ns = [(S, b"\xfa")], S
    for bpm, beats in song:
        for _ in range(24 * beats):
            pulses.append((at_ns, b"\xf8"))
            at_ns += round(60 * S / 24 / bpm)
    strikes = [ns for ns, message in pulses if message == b"\xf8"][5::24]
    current, now_ns = take.recording.timeline, 0
    arrived = [(ns + jitter_ns[n % len(jitter_ns)], m) for n, (ns, m) in enumerate(pulses)]
    while now_ns < at_ns:
        now_ns += 1_000_000
        while arrived and arrived[0][0] <= now_ns:
            follower.receive(*arrived.pop(0))
        if (new := conductor.poll(now_ns, current)) is not None:
            current = new
            take.retime(now_ns, new)
        while strikes and strikes[0] <= now_ns:
            take.strike(strikes.pop(0))


@pytest.mark.parametrize("jitter_ns", [[0], [0, 900_000, 200_000, 1_300_000, 400_000]])
def test_a_song_to_midi_clock_is_as_it_was_over_changes_of_tempo(
    tmp_path: Path, jitter_ns: list[int]
) -> None:
    take = Take(Settings(clock=Clock.MIDI))
    follow(take, [(97, 24), (174, 24), (120, 24)], jitter_ns)
    file = take.kept(tmp_path)

    assert_in_time(take, file)
    tempos = [round(60e6 / m.tempo) for _, m in meta(file, "set_tempo")]
    for bpm in (97, 174, 120):
        assert any(abs(bpm - told) <= 2 for told in tempos)
    assert len(tempos) < 40, "one tempo, not one for each pulse"


def test_bars_are_the_senders_though_the_song_began_in_the_midst_of_ours(tmp_path: Path) -> None:
    take = Take(Settings(clock=Clock.MIDI))
    take.strike(S // 4)
    follow(take, [(120, 16)], [0])
    file = take.kept(tmp_path)
    bars = [at for at, _ in meta(file, "time_signature")]
    struck = [(at - bars[-1]) / BEAT for at in note_ticks(file)][-12:]

    assert len(bars) == 2
    assert bars[-1] % (4 * BEAT), "the bars before were others"
    # Notes are struck five pulses after each of the sender's beats, and ticks are whole.
    assert struck == pytest.approx([n + 5 / 24 for n in range(4, 16)], abs=1.5 / 48)


def note_ticks(file: mido.MidiFile) -> list[int]:
    at, found = 0, []
    for message in mido.merge_tracks(file.tracks):
        at += message.time
        if message.type == "note_on" and message.velocity:
            found.append(at)
    return found


@given(st.lists(st.tuples(st.floats(40, 240), st.integers(1, 400), st.booleans()), max_size=12))
def test_whatever_the_tempo_did_all_is_in_time(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[float, int, bool]]
) -> None:
    take, now_ns = Take(Settings(bpm=120, metre=(4, 4))), 0
    timeline = take.recording.timeline
    take.strike(0)
    for bpm, ticks, jumps in changes:
        now_ns = max(now_ns + 1, timeline.time_at(timeline.tick_at(now_ns) + ticks))
        timeline = timeline.with_tempo(bpm, timeline.tick_at(now_ns))
        timeline = timeline.counted_on(777) if jumps else timeline
        take.retime(now_ns, timeline)
        take.strike(now_ns)
        now_ns += 2 * take.slowest_tick_ns

    assert_in_time(take, take.kept(tmp_path_factory.mktemp("kept")))


def test_the_last_seconds_are_seconds_whatever_the_tempo_was(tmp_path: Path) -> None:
    take = Take(Settings(bpm=240, metre=(4, 4)))
    timeline = take.recording.timeline
    for second in range(10):
        take.strike(second * S)
    timeline = timeline.with_tempo(30, timeline.tick_at(9 * S) + 48)
    take.retime(9 * S + S // 2, timeline)
    for second in range(10, 20):
        take.strike(second * S)

    assert len(struck_ns(take.kept(tmp_path, "15s"))) == 15


def test_the_last_bars_are_those_of_the_song_that_began_in_the_midst_of_ours(
    tmp_path: Path,
) -> None:
    take = Take(Settings(clock=Clock.MIDI))
    take.strike(S // 4)
    follow(take, [(120, 16)], [0])
    ticks = note_ticks(take.kept(tmp_path, "2bars"))

    assert [at / BEAT for at in ticks] == pytest.approx(
        [n + 5 / 24 for n in range(8)], abs=1.5 / 48
    )


def test_bars_do_not_drift_however_often_the_tempo_bends(tmp_path: Path) -> None:
    take = Take(Settings(clock=Clock.MIDI))
    take.strike(S // 4)
    speeds = [60 + 10 * n for n in range(16)]
    follow(take, [(bpm, 4) for bpm in speeds], [0, 900_000, 200_000, 1_300_000, 400_000])
    file = take.kept(tmp_path)
    anew = [at for at, _ in meta(file, "time_signature")][-1]

    off = [(at - anew) / 10 - 48 * n - 10 for n, at in enumerate(note_ticks(file)[1:])]
    # Where the sender's tempo leaps we are some ticks off until we have found it.
    assert max(min(abs(ticks) for ticks in off[n : n + 4]) for n in range(0, 64, 4)) <= 2


def test_a_song_that_jumps_twice_within_a_bar_has_its_bars_from_the_second_jump_on() -> None:
    take, bar = Take(Settings(bpm=120, metre=(4, 4))), 4 * 48
    line = take.recording.timeline
    for beats, back in ((5, 10), (6, 30), (11, 20)):
        line = line.counted_on(-back)
        take.retime(beats * S // 2, line)

    lines = take.recording.bars_anew(bar)
    assert lines == [2 * bar + 40, 3 * bar + 60]
    assert [take.recording.bar_line(at, bar) for at in lines] == lines
