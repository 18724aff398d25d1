"""MusicXML written by hand for tests."""

from __future__ import annotations

import io
import zipfile

DIVISIONS = 12
"""Of a quarter."""


def note(pitch: str, beats: float, inside: str = "", **attributes: str) -> str:
    """A note like `C4`, `F#5` or `R` for a rest; `inside` is XML that stands in it."""
    what = "<rest/>"
    if pitch != "R":
        alter = f"<alter>{pitch.count('#') - pitch.count('b')}</alter>"
        what = f"<pitch><step>{pitch[0]}</step>{alter}<octave>{pitch[-1]}</octave></pitch>"
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    before, after = ("", inside) if not inside.startswith(("<chord", "<grace")) else (inside, "")
    duration = "" if "<grace" in inside else f"<duration>{round(beats * DIVISIONS)}</duration>"
    return f"<note{said}>{before}{what}{duration}{after}</note>"


def metre(beats: str, kind: int) -> str:
    """A time signature."""
    time = f"<time><beats>{beats}</beats><beat-type>{kind}</beat-type></time>"
    return f"<attributes><divisions>{DIVISIONS}</divisions>{time}</attributes>"


def score(*parts: list[str], listed: str = "") -> bytes:
    """A score of parts, each a list of bars; `listed` is XML of its part list."""
    start = f"<attributes><divisions>{DIVISIONS}</divisions></attributes>"
    written = ""
    for number, bars in enumerate(parts, 1):
        measures = "".join(
            f'<measure number="{i}">{start if i == 1 else ""}{bar}</measure>'
            for i, bar in enumerate(bars, 1)
        )
        written += f'<part id="P{number}">{measures}</part>'
    text = f"<score-partwise><part-list>{listed}</part-list>{written}</score-partwise>"
    return f'<?xml version="1.0" encoding="UTF-8"?>{text}'.encode()


def packed(content: bytes, name: str = "score.xml") -> bytes:
    """As an .mxl file."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        rootfile = f'<rootfiles><rootfile full-path="{name}"/></rootfiles>'
        archive.writestr("META-INF/container.xml", f"<container>{rootfile}</container>")
        archive.writestr(name, content)
    return buffer.getvalue()
