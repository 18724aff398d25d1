"""Ableton Link as a source of time: a process that is the peer, and its beats as a timeline.

The peer needs aalink, an extra (`pip install "antiphon[link]"`) under the GPL, version 3 or later.
It is never imported here, and never loaded unless a `LinkClock` is made.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from contextlib import suppress

from antiphon.engine.errors import UserError
from antiphon.engine.notes import TICKS_PER_BEAT

from .glide import Glide
from .link_peer import SIZE, Beat
from .time_source import Transport
from .timeline import Timeline

LOST_NS = 500_000_000
JUMP_TICKS = TICKS_PER_BEAT // 4
"""The session is elsewhere if it is so far from where it was; nearer, time bends."""
_NS_PER_MINUTE = 60_000_000_000
_READ = 1024 * SIZE
_END_S = 2.0


class LinkClock:
    """A `TimeSource` that is in a Link session. For one thread: the loop's."""

    def __init__(self, timeline: Timeline, *, start_stop: bool = False) -> None:
        """Join at the tempo of `timeline`, which goes on until the session is heard. [may block]

        With `start_stop` the session's start and stop count, else it always runs.
        Raises UserError if the extra is not installed.
        """
        if importlib.util.find_spec("aalink") is None:
            raise UserError('Ableton Link is an extra (GPL): pip install "antiphon[link]".')
        self.jumps = self.peers = 0
        self._start_stop = start_stop
        self._heard: Beat | None = None
        self._lost = False
        self._rest = b""
        self._glide = Glide()
        self._first: Timeline | None = self._glide.jump(timeline)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "antiphon.bridge.link_peer", str(timeline.bpm)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Its own group: Ctrl-C is for the one who started it to handle.
            start_new_session=True,
        )
        assert self._process.stdout is not None
        self._fd = self._process.stdout.fileno()
        os.set_blocking(self._fd, False)

    @property
    def pid(self) -> int:
        """Process id of the peer."""
        return self._process.pid

    @property
    def transport(self) -> Transport:
        """What the session is doing, as of the latest `poll`."""
        if self._lost:
            return Transport.LOST
        if self._heard is None:
            return Transport.WAITING
        stopped = self._start_stop and not self._heard.playing
        return Transport.STOPPED if stopped else Transport.RUNNING

    def poll(self, now_ns: int) -> Timeline | None:
        """The timeline from now on, None if it is the one that was given last. [loop]"""
        given, self._first = self._first, None
        latest = self._latest()
        if latest is None:
            self._lost = self._heard is not None and now_ns - self._heard.ns > LOST_NS
            return self._glide.settle(now_ns) or given
        before, self._heard, self.peers, self._lost = self._heard, latest, latest.peers, False
        meant = timeline_of(latest)
        if before is not None and not self._is_elsewhere(meant, latest.ns):
            return self._glide.follow(now_ns, meant) or given
        self.jumps += 1
        return self._glide.jump(meant)

    def set_tempo(self, bpm: float) -> None:
        """Ask the session for another tempo, 20..999."""
        self._command(f"tempo {bpm}")

    def play(self) -> None:
        """Start the session."""
        self._command("play")

    def stop(self) -> None:
        """Stop the session."""
        self._command("stop")

    def close(self) -> None:
        """Leave the session. [may block]"""
        try:
            self._process.communicate(timeout=_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def _is_elsewhere(self, meant: Timeline, ns: int) -> bool:
        assert self._glide.played is not None
        return abs(self._glide.played.tick_at(ns) - meant.tick_at(ns)) > JUMP_TICKS

    def _latest(self) -> Beat | None:
        try:
            data = self._rest + os.read(self._fd, _READ)
        except BlockingIOError:
            return None
        whole = len(data) - len(data) % SIZE
        self._rest = data[whole:]
        return Beat.decode(data[whole - SIZE : whole]) if whole else None

    def _command(self, line: str) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):
            self._process.stdin.write(line.encode() + b"\n")
            self._process.stdin.flush()


def timeline_of(beat: Beat) -> Timeline:
    """The timeline of a session at one moment; a beat of Link is a beat of ours."""
    ns_per_beat = round(_NS_PER_MINUTE / beat.bpm)
    whole = int(beat.beat // 1)
    into_ns = round((beat.beat - whole) * ns_per_beat)
    return Timeline(ns_per_beat, whole * TICKS_PER_BEAT, beat.ns - into_ns)
