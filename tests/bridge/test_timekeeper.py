"""The clock and the click of a performer: followed, sent, and begun anew where the song jumps."""

from __future__ import annotations

from random import Random

from antiphon.bridge import midi
from antiphon.bridge.compensation import Compensation
from antiphon.bridge.config import Clock, Settings
from antiphon.bridge.stamped import Arrived
from antiphon.bridge.timekeeper import Timekeeper, beginning
from antiphon.bridge.timeline import Timeline
from performances import performance
from theatre import MS, Theatre

START, PULSE, STOP = b"\xfa", b"\xf8", b"\xfc"


class Wire:
    """Clock messages on their way in."""

    def __init__(self) -> None:
        self.messages: list[Arrived] = []

    def clock(self) -> Arrived | None:
        return self.messages.pop(0) if self.messages else None


class Studio:
    """A stage and its timekeeper, a millisecond at a time."""

    def __init__(self, settings: Settings) -> None:
        self.theatre, self.wire = Theatre(settings), Wire()
        self.clicks: list[tuple[int, bytes]] = []
        self.sent: list[tuple[int, bytes]] = []
        self.now_ms = 0
        self.keeper = Timekeeper(
            settings,
            Timeline.at(settings.tempo_bpm, 0),
            0,
            self._click,
            lambda message: self.sent.append((self.now_ms, message)),
        )

    def _click(self, message: bytes) -> None:
        self.clicks.append((self.now_ms, message))

    def until(self, ms: int) -> None:
        while self.now_ms < ms:
            self.now_ms += 1
            self.keeper.keep(self.now_ms * MS, self.wire, self.theatre.stage)


def test_pulses_go_out_in_time_from_a_start_on() -> None:
    s = Studio(Settings(bpm=120, metre=(4, 4), clock_out=True))
    s.until(1000)

    assert s.sent[0][1] == START
    assert [message for _, message in s.sent[1:]] == [PULSE] * 49
    s.keeper.silence(s.now_ms * MS)
    assert s.sent[-1][1] == STOP


def test_a_bar_is_counted_in_and_then_it_is_quiet() -> None:
    settings = Settings(bpm=120, metre=(3, 4), count_in=1)
    assert beginning(settings, 0).time_at(0) == 1_500_000_000
    s = Studio(settings)
    s.theatre.stage.retime(0, beginning(settings, 0))
    s.keeper = Timekeeper(settings, beginning(settings, 0), 0, s._click, s._click)
    s.until(4000)

    ons = [(ms, m[1]) for ms, m in s.clicks if midi.kind(m) == midi.NOTE_ON]
    assert ons == [(1, 76), (500, 77), (1000, 77)]
    assert sum(midi.kind(m) == midi.NOTE_OFF for _, m in s.clicks) == 3


def test_a_clock_that_nobody_follows_is_read_all_the_same() -> None:
    s = Studio(Settings())
    s.wire.messages = [Arrived(0, PULSE)] * 500
    s.until(1)

    assert s.wire.messages == []


def test_where_the_song_jumps_the_clock_we_send_stops_and_starts_with_the_next_bar() -> None:
    s = Studio(Settings(clock=Clock.MIDI, metre=(4, 4), clock_out=True))
    begun = 0
    for pulse in range(200):
        at = round(pulse * 500 / 24)
        s.until(at)
        if pulse == 100:  # far ahead: song position 1,600 sixteenths
            s.wire.messages += [Arrived(at * MS, m) for m in (STOP, b"\xf2\x40\x0c", b"\xfb")]
            begun = len(s.sent)
        elif pulse == 0:
            s.wire.messages.append(Arrived(at * MS, START))
        s.wire.messages.append(Arrived(at * MS, PULSE))
    s.until(s.now_ms + 50)

    after = [message for _, message in s.sent[begun:]]
    assert STOP in after
    assert after.count(PULSE) < 130, "it does not catch up with what was never played"


def test_a_tempo_is_found_from_when_keys_were_struck_and_told() -> None:
    s = Studio(Settings(clock=Clock.GUESS))
    told: list[str] = []
    for ns, velocity in performance(97, 8, Random(5)):
        s.until(ns // MS + 40)  # noticed late, and never in step
        s.keeper.hear(ns, midi.note_on(0, 60, velocity))
        s.keeper.hear(ns, midi.note_off(0, 60))
        told += s.keeper.news()
    s.until(s.now_ms + 1000)

    assert told == ["97 bpm, as you play."]
    line = s.theatre.stage.session.timeline
    assert abs(line.bpm - 97) < 1
    beat = 60e9 / 97
    off = (line.time_at(48 * 40) - 10**9 + beat / 2) % beat - beat / 2
    assert abs(off) < 25 * MS


def test_keys_tell_no_tempo_where_somebody_else_conducts() -> None:
    s = Studio(Settings(bpm=120))
    for ns, velocity in performance(97, 8, Random(5)):
        s.keeper.hear(ns, midi.note_on(0, 60, velocity))
    s.until(10)

    assert s.keeper.news() == []
    assert s.theatre.stage.session.timeline.bpm == 120


def test_click_and_clock_are_sent_as_much_sooner_as_they_take_to_be_heard() -> None:
    def sent(out_ms: int) -> Studio:
        latency = Compensation(output_ns=out_ms * MS)
        s = Studio(Settings(bpm=120, metre=(4, 4), click=True, clock_out=True, latency=latency))
        s.until(2000)
        return s

    at_once, sooner = sent(0), sent(30)
    later = {(ms + 30, message) for ms, message in [*sooner.sent, *sooner.clicks]}
    seen = [item for item in [*at_once.sent, *at_once.clicks] if 100 < item[0] < 1900]
    assert len(seen) > 80
    assert {*seen} <= later


def test_the_clock_we_send_begins_with_the_one_however_long_the_way_out() -> None:
    settings = Settings(bpm=120, clock_out=True, latency=Compensation(output_ns=100 * MS))
    theatre, sent = Theatre(settings), list[bytes]()
    keeper = Timekeeper(settings, beginning(settings, 0), 0, sent.append, sent.append)
    theatre.stage.retime(0, beginning(settings, 0))
    for ms in range(1001):
        keeper.keep(ms * MS, Wire(), theatre.stage)

    assert sent == [START] + [PULSE] * 49


def test_a_clock_whose_way_in_is_long_is_followed_from_when_it_was_sent() -> None:
    lines = []
    for late_ms in (0, 80):
        s = Studio(Settings(clock=Clock.MIDI, latency=Compensation(input_ns=late_ms * MS)))
        for pulse in range(120):
            at_ns = pulse * 500 * MS // 24 + late_ms * MS
            s.until(at_ns // MS + 1)
            messages = [START, PULSE] if pulse == 0 else [PULSE]
            s.wire.messages += [Arrived(at_ns, message) for message in messages]
        s.until(s.now_ms + 20)
        lines.append(s.theatre.stage.session.timeline)

    beats = [line.time_at(20 * 48) % (500 * MS) for line in lines]
    assert abs(beats[0] - beats[1]) < 2 * MS


def test_who_waits_for_a_clock_is_told_what_is_played_by_until_then() -> None:
    studio = Studio(Settings(clock=Clock.MIDI, metre=(4, 4)))

    assert studio.keeper.news() == ["No MIDI clock comes yet: 120 bpm until one does."]
    assert studio.keeper.news() == []
    assert Studio(Settings(bpm=96)).keeper.news() == []
