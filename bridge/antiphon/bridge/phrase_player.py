"""A process that plays a MIDI file into a pipe in real time, as a pianist would into a port.

`python -m antiphon.bridge.phrase_player FILE BPM START_NS` writes frames of `stamped` to standard
output, the first bar beginning at that moment of the monotonic clock. When standard input closes,
whoever started it is gone, and it ends.
"""

from __future__ import annotations

import os
import sys
import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

from antiphon.engine.notes import DRUM_CHANNEL, DRUMS, TICKS_PER_BEAT, NoteOn, events_of

from . import midi, stamped
from .clock import Clock, SystemClock
from .midifile import Phrase, read
from .timeline import Timeline


def bar_of(metre: tuple[int, int]) -> int:
    """Ticks in a bar."""
    return metre[0] * TICKS_PER_BEAT * 4 // metre[1]


def messages(phrase: Phrase) -> list[tuple[int, bytes]]:
    """(tick, MIDI message) of everything in a phrase, the bar of its first note at tick 0.

    Each instrument has a channel of its own, in order of instrument, drums theirs. There are 15
    channels for 16 families: where all are heard, the last two share one.
    """
    bar = bar_of(phrase.metre)
    origin = phrase.notes[0].onset // bar * bar
    instruments = sorted({note.instrument for note in phrase.notes} - {DRUMS})
    free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
    channels = {DRUMS: DRUM_CHANNEL} | {i: free[min(n, 14)] for n, i in enumerate(instruments)}
    timed = [
        (0, 0, midi.program(channels[i], phrase.programs.get(i, i * 8))) for i in instruments[:15]
    ]
    for pedal in phrase.pedals:
        if pedal.instrument in channels:
            value = 127 if pedal.down else 0
            message = midi.control(channels[pedal.instrument], midi.SUSTAIN, value)
            timed.append((max(0, pedal.tick - origin), 1, message))
    for event in events_of(n for n in phrase.notes if n.instrument in channels):
        channel = channels[event.instrument]
        message = (
            midi.note_on(channel, event.pitch, event.velocity)
            if isinstance(event, NoteOn)
            else midi.note_off(channel, event.pitch)
        )
        timed.append((event.tick - origin, 2, message))
    timed.sort(key=lambda item: item[:2])
    return [(tick, message) for tick, _, message in timed]


def play(phrase: Phrase, fd: int, timeline: Timeline, clock: Clock) -> None:
    """Write the phrase to a pipe, each message at its time. Blocks until it is over.

    Each says when it was due, and all that is due is written at once: if the machine stands still
    for a moment, what is kept and answered is the same.
    """
    waiting = deque((timeline.time_at(tick), message) for tick, message in messages(phrase))
    while waiting:
        clock.sleep_until(waiting[0][0])
        now_ns, due = clock.now_ns(), b""
        while waiting and waiting[0][0] <= now_ns:
            due += stamped.arrived(*waiting.popleft())
        os.write(fd, due)


def _end_with_input() -> None:
    while os.read(0, 1):
        pass
    os._exit(0)


if __name__ == "__main__":
    file, bpm, start_ns = sys.argv[1:]
    threading.Thread(target=_end_with_input, daemon=True).start()
    # Whoever listened may have gone first.
    with suppress(BrokenPipeError):
        play(read(Path(file)), 1, Timeline.at(float(bpm), int(start_ns)), SystemClock())
