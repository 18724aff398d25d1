"""The process that plays what it is told through the sound card.

`python -m antiphon.bridge.sound` takes frames on standard input, says on standard output how it
started, and at the end what it played: one line of JSON each. When its input closes it lets go of
every key, waits until they have rung out, and ends.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from dataclasses import asdict

from antiphon.engine.errors import NoSoundCard

from . import soundfont
from .band import Band
from .bank import Bank
from .clock import SystemClock
from .null_card import NullCard
from .sound_card import Card, SoundCard, list_devices

TAIL_NS = 1_900_000_000
"""How long what sounds may ring out after the pipe closed."""

_LOOK_NS = 10_000_000
_CUT_NS = 60_000_000  # a cut key is silent after 5 ms; the card's buffers take some more
_READ = 4096
_SWITCH_S = 0.0005
_IN_FD, _OUT_FD = 0, 1


def main() -> int:
    """Play standard input until it ends; 3 when there is nothing to play on."""
    parser = argparse.ArgumentParser(prog="python -m antiphon.bridge.sound", description=__doc__)
    parser.add_argument("--null", action="store_true", help="keep time without a sound card")
    parser.add_argument("--list", action="store_true", help="only name the devices there are")
    _heed_only_the_pipe()
    options = parser.parse_args()
    if options.list:
        return _list()
    null = options.null
    try:
        card: Card = NullCard() if null else SoundCard()
        bank = Bank(card.rate, soundfont.find())
        band = Band(bank, card.rate)
        card.start(band.fill)
    except NoSoundCard as error:
        _say({"ok": False, "why": str(error)})
        return error.exit_code
    _say({"ok": True, "device": card.name, "latency_ms": card.latency_ms})
    _play(card, bank, band)
    return 0


def _list() -> int:
    try:
        _say({"ok": True, "devices": list_devices()})
    except NoSoundCard as error:
        _say({"ok": False, "why": str(error)})
    return 0


def _play(card: Card, bank: Bank, band: Band) -> None:
    # The card's thread must not wait a whole block, 5 ms, until another lets go of Python.
    sys.setswitchinterval(_SWITCH_S)
    bank.start()
    while data := os.read(_IN_FD, _READ):
        band.feed(data)
    bank.stop()
    _ring_out(band)
    card.close()
    bank.join()
    _say(asdict(band.figures) | {"underruns": card.underruns} | _voice(bank))


def _ring_out(band: Band) -> None:
    clock = SystemClock()
    now_ns = clock.now_ns()
    until_ns = now_ns + TAIL_NS
    band.release()
    while not band.quiet and now_ns < until_ns:
        clock.doze_until(now_ns + _LOOK_NS)
        now_ns = clock.now_ns()
    band.silence()
    clock.doze_until(now_ns + _CUT_NS)


def _voice(bank: Bank) -> dict[str, object]:
    return {"font": bank.font, "trouble": bank.trouble, "sample_bytes": bank.bytes}


def _say(answer: dict[str, object]) -> None:
    # Whoever started this may be gone by the end.
    try:
        os.write(_OUT_FD, json.dumps(answer).encode() + b"\n")
    except OSError:
        return


def _heed_only_the_pipe() -> None:
    # Ctrl-C and a closed terminal reach the whole group; the tail may still ring.
    for name in ("SIGINT", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


if __name__ == "__main__":
    sys.exit(main())
