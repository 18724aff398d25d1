from __future__ import annotations

import os
import shutil
import sys

import pytest

from antiphon.bridge.screen import ESCAPE, FRAME_NS, Screen, keys_of


@pytest.mark.parametrize(
    "sent", [b"\x1b[A", b"\x1bOP", b"\x1b[1;5C", b"\x1b[3~", b"\x1bq", b"\x1b[A\x1b[A", b""]
)
def test_keys_that_send_more_than_one_byte_mean_nothing(sent: bytes) -> None:
    assert keys_of(sent) == ""


def test_keys_between_arrows_are_heard_and_a_lone_escape_is_one() -> None:
    assert keys_of(b" \x1b[Bp\x1b[Aq") == " pq"
    assert keys_of(b"\x1b") == ESCAPE
    assert keys_of(b"p\x1b") == "p" + ESCAPE


def terminal(monkeypatch: pytest.MonkeyPatch) -> int:
    """A pipe in the keyboard's place; where to type."""
    read_fd, write_fd = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(read_fd))
    return write_fd


def test_what_was_typed_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, fd = Screen(live=True), terminal(monkeypatch)
    assert screen.typed() == ""
    os.write(fd, b"p\x1b[A")
    assert screen.typed() == "p"
    os.write(fd, b"\x1b")
    assert screen.typed() == ESCAPE
    os.close(fd)
    assert screen.typed() == ""
    sys.stdin.close()


def test_only_a_live_screen_wants_pictures() -> None:
    assert not Screen(live=False).due(10**18)
    assert Screen(live=True).due(FRAME_NS)


def test_a_closed_output_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    with os.fdopen(write_fd, "w") as closed:
        monkeypatch.setattr(sys, "stdout", closed)
        screen = Screen(live=False)
        for _ in range(3):
            screen.say("Your turn.")
        screen.show({})


def test_a_long_sentence_is_shown_whole_below_the_roll(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(shutil, "get_terminal_size", lambda: os.terminal_size((40, 24)))
    screen = Screen(live=True)
    screen.say("one two three four five six seven eight nine ten eleven twelve")
    screen.draw(FRAME_NS, {}, 0, "Your turn.")
    lines = capsys.readouterr().out.removesuffix("\x1b[J").split("\n")

    assert len(lines) == 23
    assert "Your turn." in lines[-3]
    assert [line.rstrip() for line in lines[-2:]] == [
        "one two three four five six seven eight",
        "nine ten eleven twelve",
    ]
