"""Draws the Max for Live device: MIDI in, MIDI out, the transport, and the script between them.

What comes in goes out as it is. The script gets notes, controllers, Live's transport and the knobs,
and says what is to sound after how many milliseconds; `pipe` waits that long, `clear` empties it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from py2max import Patcher, m4l

SCRIPT = "node.script antiphon_m4l.js @autostart 1 @watch 0"
REPORT_MS = 20
"""How often the script is told the beat."""
WIDTH = 300
INSTRUMENTS = (
    "piano", "chromatic", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed",
    "pipe", "lead", "pad", "effects", "ethnic", "percussive", "sfx", "drums",
)  # fmt: skip
FLOAT, INTEGER, CHOICE = 0, 1, 2
BARS, BEATS, TEMPO, SIGNATURE, ROLLING, TICKS = 0, 1, 4, 5, 6, 7
"""Outlets of `transport`; it says the rightmost first, so the bar comes last."""


class Knob(NamedTuple):
    """A parameter that Live saves and automates, and the message it sends to the script."""

    message: str
    name: str
    kind: str
    about: dict[str, Any]


KNOBS = (
    Knob("on", "Answers", "live.toggle", {"type": CHOICE, "enum": ["off", "on"], "initial": [1]}),
    Knob("bars", "Bars", "live.numbox", {"type": INTEGER, "mmin": 1, "mmax": 64, "initial": [4]}),
    Knob("heat", "Heat", "live.numbox", {"type": FLOAT, "mmin": 0, "mmax": 2, "initial": [0.95]}),
    Knob(
        "instrument", "Instrument", "live.menu",
        {"type": CHOICE, "enum": list(INSTRUMENTS), "initial": [0]},
    ),
    Knob("panic", "Panic", "live.button", {"type": CHOICE, "enum": ["off", "on"], "initial": [0]}),
)  # fmt: skip


def write_device(path: Path) -> None:
    """Write the device as an .amxd file."""
    m4l.write_amxd(path, patcher().to_dict(), device_type="midi_effect")


def patcher() -> Patcher:
    """The device; every connection is checked against Max's own reference."""
    p = Patcher("Antiphon.maxpat", title="Antiphon", validate_connections=True)
    script = p.add_textbox(SCRIPT)
    _hear(p, script)
    _follow(p, script)
    for at, knob in enumerate(KNOBS):
        _add_knob(p, script, knob, at)
    _sound(p, script)
    m4l.enable_presentation(p, devicewidth=WIDTH)
    return p


def _chain(p: Patcher, *boxes: Any) -> None:
    """Connect each to the next, first outlet to first inlet."""
    for one, other in pairwise(boxes):
        p.add_line(one, other)


def _hear(p: Patcher, script: Any) -> None:
    midi, out, parse = p.add_textbox("midiin"), p.add_textbox("midiout"), p.add_textbox("midiparse")
    _chain(p, midi, out)
    _chain(p, midi, parse, p.add_textbox("prepend note"), script)
    control = p.add_textbox("prepend control")
    p.add_line(parse, control, outlet=2)
    p.add_line(control, script)


def _follow(p: Patcher, script: Any) -> None:
    """Tell the script bar, state, ticks, tempo and metre, all in one message."""
    metro = p.add_textbox(f"metro {REPORT_MS} @active 1")
    transport, signature = p.add_textbox("transport"), p.add_textbox("unpack 4 4")
    report = p.add_textbox("pack 0 0 0. 0. 4 4")
    _chain(p, metro, transport, report, p.add_textbox("prepend transport"), script)
    for outlet, inlet in ((ROLLING, 1), (TICKS, 2), (TEMPO, 3)):
        p.add_line(transport, report, outlet=outlet, inlet=inlet)
    p.add_line(transport, signature, outlet=SIGNATURE)
    p.add_line(signature, report, outlet=0, inlet=4)
    p.add_line(signature, report, outlet=1, inlet=5)


def _add_knob(p: Patcher, script: Any, knob: Knob, at: int) -> None:
    about = {f"parameter_{key}": value for key, value in knob.about.items()}
    about |= {
        "parameter_longname": knob.name,
        "parameter_shortname": knob.name,
        "parameter_initial_enable": 1,
    }
    box = p.add_textbox(
        knob.kind, maxclass=knob.kind, varname=knob.message, parameter_enable=1,
        saved_attribute_attributes={"valueof": about},
    )  # fmt: skip
    label = p.add_comment(knob.name)
    _present(box, (90, 10 + 28 * at, 120, 20))
    _present(label, (10, 10 + 28 * at, 75, 20))
    _chain(p, box, p.add_textbox(f"prepend {knob.message}"), script)


def _present(box: Any, rect: Sequence[int]) -> None:
    m4l.add_to_presentation(box, rect)


def _sound(p: Patcher, script: Any) -> None:
    route = p.add_textbox("route midi clear status")
    wait = p.add_textbox("pipe 0 0 0 0", numinlets=4, numoutlets=3)
    message = p.add_textbox("pack 0 0 0")
    _chain(p, script, route, wait, message, p.add_textbox("iter"), p.add_textbox("midiout"))
    for outlet in (1, 2):
        p.add_line(wait, message, outlet=outlet, inlet=outlet)
    clear = p.add_textbox("t clear")
    p.add_line(route, clear, outlet=1)
    p.add_line(clear, wait)
    text = p.add_textbox("prepend set")
    shown = p.add_comment("")
    p.add_line(route, text, outlet=2)
    p.add_line(text, shown)
    _present(shown, (10, 146, WIDTH - 20, 20))
