"""The clock and the click of a performer: followed, sent, and begun anew where the song jumps."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.config import Clock, Settings
from antiphon.bridge.stamped import Arrived
from antiphon.bridge.timekeeper import Timekeeper, beginning
from antiphon.bridge.timeline import Timeline
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
