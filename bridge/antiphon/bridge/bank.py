"""The samples in use: at once from the built-in voice, and better ones as soon as they are ready.

It knows which keys will be wanted next, and forgets what was not used for longest. What a key
sounds like is up to `sampler`.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from antiphon.engine.errors import MachineError

from . import sampler
from .sampler import Sound
from .voice import Samples

LIMIT_BYTES = 256 * 2**20
"""Memory for samples; some 200 keys of six seconds."""
NEIGHBOURS = 6
"""Semitones to each side of a struck key that are made ready with it."""
REMEMBERED_KEYS = 24
"""Latest keys, which another program is made ready for."""
FIRST_KEYS = (84, 36, 72, 48, 60)
"""Made ready with their neighbours before anything was played, the last ones first."""

_BATCH = 16  # half a second's work, so that what is wanted now need not wait long
_DRUM_KIT = range(35, 82)
_BACKGROUND = 10  # niceness


class _Kept(NamedTuple):
    samples: Samples
    best: bool


class Bank:
    """Samples of keys, at most `limit_bytes` of them. [any thread]

    bank.sample(sound)    the best there is now
    bank.start()          render better ones in the background from now on
    """

    def __init__(self, rate: int, font: Path | None, limit_bytes: int = LIMIT_BYTES) -> None:
        self.trouble = ""
        """Why the SoundFont is not used although there is one; empty if it is."""
        self._rate, self._font, self._limit = rate, font, limit_bytes
        self._kept: OrderedDict[Sound, _Kept] = OrderedDict()
        self._bytes = 0
        self._wanted: dict[Sound, None] = {}
        self._in_work: list[Sound] = []
        self._keys: OrderedDict[int, None] = OrderedDict()
        self._change = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._serve, name="bank", daemon=True)

    @property
    def font(self) -> str | None:
        """Name of the SoundFont in use, None for the built-in voice."""
        return self._font.name if self._font else None

    @property
    def bytes(self) -> int:
        """Memory that the samples take."""
        return self._bytes

    def sample(self, sound: Sound) -> Samples:
        """How the key sounds, for now: takes some 20 ms the first time. [may block]

        The key and its neighbours are wanted from now on.
        """
        with self._change:
            kept = self._kept.get(sound)
            if kept:
                self._kept.move_to_end(sound)
        if kept is None:
            kept = _Kept(sampler.quick(sound, self._rate), False)
            self._keep(sound, kept)
        if not sound.drum:
            self._remember(sound.pitch)
        if not kept.best:
            self.want(_around(sound))
        return kept.samples

    def prepare(self, program: int, *, drum: bool = False) -> None:
        """A program was chosen: want the keys that were played lately, or the usual ones."""
        if drum:
            self.want(Sound(0, pitch, drum=True) for pitch in _DRUM_KIT)
            return
        with self._change:
            keys = list(self._keys) or FIRST_KEYS
        for pitch in keys:
            self.want(_around(Sound(program, pitch)))

    def want(self, sounds: Iterable[Sound]) -> None:
        """Render these next, the last ones first, unless they are at their best already."""
        with self._change:
            for sound in sounds:
                kept = self._kept.get(sound)
                if not (kept and kept.best) and sound not in self._in_work:
                    self._wanted.pop(sound, None)
                    self._wanted[sound] = None
            self._change.notify()

    def improve(self) -> bool:
        """Render one batch of what is wanted; False when nothing is. [may block]"""
        batch = self._next_batch()
        if not batch:
            return False
        for sound, samples in self._render(batch).items():
            self._keep(sound, _Kept(samples, True))
        return True

    def start(self) -> None:
        """Improve in the background from now on, beginning with a piano."""
        self.prepare(0)
        self._thread.start()

    def stop(self) -> None:
        """Improve no more. [any thread]"""
        with self._change:
            self._stopped = True
            self._change.notify()

    def join(self) -> None:
        """Wait for the batch in work after `stop`. [may block]"""
        self._thread.join()

    def _serve(self) -> None:
        # On Linux threads have a niceness of their own, and so have the processes they start.
        with contextlib.suppress(AttributeError, OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BACKGROUND)
        while not self._stopped:
            if not self.improve():
                with self._change:
                    self._change.wait_for(lambda: self._stopped or self._wanted)

    def _next_batch(self) -> list[Sound]:
        with self._change:
            batch: list[Sound] = []
            for sound in reversed(self._wanted):
                last = batch[0] if batch else sound
                if (sound.program, sound.drum) == (last.program, last.drum):
                    batch.append(sound)
                if len(batch) == _BATCH:
                    break
            for sound in batch:
                del self._wanted[sound]
            self._in_work = batch
            return batch

    def _render(self, batch: list[Sound]) -> dict[Sound, Samples]:
        if self._font:
            try:
                return sampler.from_font(self._font, batch, self._rate)
            except MachineError as error:
                self.trouble, self._font = str(error), None
        return sampler.built_in(batch, self._rate)

    def _keep(self, sound: Sound, kept: _Kept) -> None:
        with self._change:
            before = self._kept.pop(sound, None)
            if before:
                self._bytes -= before.samples.nbytes
                kept = before if before.best else kept
            self._bytes += kept.samples.nbytes
            self._kept[sound] = kept
            while self._bytes > self._limit and len(self._kept) > 1:
                _, oldest = self._kept.popitem(last=False)
                self._bytes -= oldest.samples.nbytes

    def _remember(self, pitch: int) -> None:
        with self._change:
            self._keys[pitch] = None
            self._keys.move_to_end(pitch)
            while len(self._keys) > REMEMBERED_KEYS:
                self._keys.popitem(last=False)


def _around(sound: Sound) -> list[Sound]:
    """The key and its neighbours, the nearest last; a drum alone."""
    if sound.drum:
        return [sound]
    pitches = range(max(0, sound.pitch - NEIGHBOURS), min(127, sound.pitch + NEIGHBOURS) + 1)
    return [
        Sound(sound.program, pitch)
        for pitch in sorted(pitches, key=lambda p: abs(p - sound.pitch), reverse=True)
    ]
