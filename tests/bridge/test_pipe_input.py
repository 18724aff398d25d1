from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi
from antiphon.bridge.clock import ManualClock
from antiphon.bridge.midifile import Phrase
from antiphon.bridge.phrase_player import play
from antiphon.bridge.pipe_input import PipeInput
from antiphon.bridge.stamped import Arrived, arrived
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import Note

ARRIVED = st.builds(Arrived, st.integers(0, 2**62), st.binary(min_size=1, max_size=3))


class StoppedClock(ManualClock):
    """A machine that stands still for a tenth of a second whenever it is waited for."""

    def sleep_until(self, ns: int) -> None:
        super().sleep_until(ns + 100_000_000)


@pytest.fixture
def pipe() -> Iterator[tuple[PipeInput, int]]:
    reading, writing = os.pipe()
    port = PipeInput(reading)
    yield port, writing
    port.close()
    os.close(writing)


def everything(port: PipeInput) -> list[Arrived]:
    return [Arrived(port.arrived_ns, message) for message in iter(port.receive, None)]


@given(st.lists(ARRIVED, max_size=30), st.randoms(use_true_random=False))
def test_a_pipe_gives_every_message_however_it_is_cut(items: list[Arrived], cuts: object) -> None:
    randint = getattr(cuts, "randint")  # noqa: B009 - hypothesis gives its own Random
    reading, writing = os.pipe()
    port = PipeInput(reading)
    stream, heard = b"".join(arrived(*item) for item in items), list[Arrived]()
    while stream:
        cut = randint(1, len(stream))
        os.write(writing, stream[:cut])
        stream = stream[cut:]
        heard += everything(port)
    os.close(writing)
    assert heard == items
    assert not port.ended
    assert port.receive() is None
    assert port.ended
    port.close()


def test_an_empty_pipe_does_not_wait(pipe: tuple[PipeInput, int]) -> None:
    port, _ = pipe
    assert port.receive() is None
    assert not port.ended


def test_a_phrase_is_heard_when_it_was_due_even_if_the_machine_stands_still(
    pipe: tuple[PipeInput, int],
) -> None:
    port, writing = pipe
    notes = (Note(0, 0, 64, 2, 80), Note(1, 0, 48, 2, 80))
    phrase = Phrase(notes, (), 120, (4, 4), {0: 0})
    timeline = Timeline.at(120, 5_000)

    play(phrase, writing, timeline, StoppedClock())

    assert everything(port) == [
        Arrived(timeline.time_at(tick), message)
        for tick, message in (
            (0, midi.program(0, 0)),
            (0, midi.note_on(0, 64, 80)),
            (1, midi.note_on(0, 48, 80)),
            (2, midi.note_off(0, 64)),
            (3, midi.note_off(0, 48)),
        )
    ]
