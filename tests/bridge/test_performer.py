from __future__ import annotations

import os
import time

import pytest

from antiphon.bridge import link
from antiphon.bridge.loopback import Loopback
from antiphon.bridge.outputs import Outputs
from antiphon.bridge.performer import Report
from antiphon.engine.errors import UserError
from antiphon.engine.protocol import Error


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("refused", UserError.exit_code), ("malformed", UserError.exit_code), ("internal", None)],
)
def test_what_asking_again_does_not_mend_ends_the_whole(code: str, exit_code: int | None) -> None:
    read_fd, write_fd = os.pipe()
    Report(write_fd).troubled(0, Error(code, "client", "No."))
    assert list(link.Reader().feed(os.read(read_fd, 4096))) == [link.Troubled("No.", exit_code)]
    os.close(read_fd)
    os.close(write_fd)


class Taps:
    """A port or a sound card that remembers what it was sent."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def send(self, message: bytes) -> None:
        self.sent.append(message)


@pytest.mark.parametrize("there_already", [False, True])
def test_what_is_on_the_bus_already_is_only_sounded(there_already: bool) -> None:
    port, sound, loop = Taps(), Taps(), Loopback()
    looped = loop if there_already else None
    outputs = Outputs(port, sound, looped, thru=not there_already)  # type: ignore[arg-type]
    key, note = b"\x90\x3c\x40", b"\x91\x3c\x40"
    outputs.thru(key)
    outputs.send(note)
    outputs.to_port(b"\xf8")

    assert sound.sent == [key, note]
    assert port.sent == [*([] if there_already else [key]), note, b"\xf8"]
    now_ns = time.monotonic_ns()
    assert [loop.swallows(now_ns, m) for m in (key, note, b"\xf8")] == [
        False, there_already, there_already,
    ]  # fmt: skip
