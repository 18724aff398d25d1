from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.loopback import WITHIN_NS, Loopback, alike

NOTE = b"\x90\x3c\x40"
MS = 1_000_000


def test_what_comes_back_is_swallowed_once() -> None:
    loop = Loopback()
    loop.sent(0, NOTE)
    assert not loop.swallows(1 * MS, b"\x90\x3c\x41")
    assert loop.swallows(5 * MS, NOTE)
    assert not loop.swallows(6 * MS, NOTE)


def test_what_comes_too_late_was_played() -> None:
    loop = Loopback()
    loop.sent(0, NOTE)
    assert not loop.swallows(WITHIN_NS + 1, NOTE)


class Slow:
    """The same, remembering everything."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, int]] = []

    def swallows(self, now_ns: int, message: int) -> bool:
        near = [item for item in self.sent if item[1] == message and now_ns - item[0] <= WITHIN_NS]
        if near:
            self.sent.remove(near[0])
        return bool(near)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 2), st.integers(0, 20)), max_size=60))
def test_each_message_sent_swallows_at_most_one_that_is_identical_and_near(
    steps: list[tuple[bool, int, int]],
) -> None:
    loop, slow, now_ns = Loopback(), Slow(), 0
    for out, message, pause_ms in steps:
        now_ns += pause_ms * MS
        if out:
            loop.sent(now_ns, bytes((0x90, message, 64)))
            slow.sent.append((now_ns, message))
        else:
            heard = loop.swallows(now_ns, bytes((0x90, message, 64)))
            assert heard == slow.swallows(now_ns, message)


@pytest.mark.parametrize(
    ("source", "out", "might"),
    [
        ("IAC Driver Bus 1", "IAC Driver Bus 1", True),
        ("loopMIDI Port 0", "loopMIDI Port 1", True),
        ("Midi Through:Midi Through Port-0 14:0", "Midi Through:Midi Through Port-0 14:0", True),
        ("Loop-01:back", "Loop:there", True),
        ("Antiphon in", "Antiphon:Antiphon in", True),
        ("Antiphon in", "Antiphon out", False),
        ("reface CP", "Synth", False),
    ],
)
def test_ports_of_one_name_may_be_one_port(source: str, out: str, might: bool) -> None:
    assert alike(source, out) is might
