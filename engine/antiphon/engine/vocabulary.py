"""The alphabet of the model: what each token id means, and how a person reads it.

Ids are laid out in blocks whose order never changes; styles come last because their number
belongs to the bundle. A token of music is one of

    piano:v64:C4   a note: instrument, velocity bin, pitch   (velocity is not part of the id)
    len:24         how long the note just before sounds, in ticks; drums have none
    wait:12        ticks from one moment to the next

and the prefix, which may be empty, says what kind of music it is.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from .errors import UserError
from .notes import DRUMS, INSTRUMENTS, TICKS_PER_BEAT

START, END, SUFFIX, MIDDLE, PERFORMED, SCORE = range(6)
MARKS = ("start", "end", "suffix", "middle", "performed", "score")

TIMES: tuple[int, ...] = (*range(1, 97), *range(102, 193, 6), *range(216, 769, 24))
"""Ticks a `wait` or `len` token can say: every one up to 2 beats, then coarser up to 4 bars."""

TEMPOS_BPM = (40, 46, 52, 58, 66, 74, 84, 96, 108, 120, 136, 152, 172, 192, 216, 240)
METRES = ("2/4", "3/4", "4/4", "6/8", "9/8", "12/8", "2/2", "3/2", "5/4", "3/8", "other")

VELOCITY_BINS = 8
UNKNOWN_VELOCITY = 0
"""In the velocity column of a row, 0 means "no velocity"; bin b is stored as b + 1."""

WITH = len(MARKS)
TEMPO = WITH + len(INSTRUMENTS)
METRE = TEMPO + len(TEMPOS_BPM)
WAIT = METRE + len(METRES)
LENGTH = WAIT + len(TIMES)
NOTE = LENGTH + len(TIMES)
STYLE = NOTE + 128 * len(INSTRUMENTS)
"""First id of each block; `STYLE` is also the size of a vocabulary without styles."""

_PITCH_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_NOTE_TEXT = re.compile(
    r"(?P<instrument>[a-z]+):v(?P<velocity>\d{1,3}):(?P<pitch>[A-G]#?-?\d|\d{1,3})"
)


def note_id(instrument: int, pitch: int) -> int:
    """Token id of a note."""
    return NOTE + 128 * instrument + pitch


def is_note(token: int) -> bool:
    """Whether the id is a note's."""
    return NOTE <= token < STYLE


def is_wait(token: int) -> bool:
    """Whether the id is a wait's."""
    return WAIT <= token < LENGTH


def is_length(token: int) -> bool:
    """Whether the id is a length's."""
    return LENGTH <= token < NOTE


def needs_length(token: int) -> bool:
    """Whether a length must follow: after every note that is not a drum's."""
    return NOTE <= token < NOTE + 128 * DRUMS


def instrument_pitch(token: int) -> tuple[int, int]:
    """Instrument and pitch of a note token."""
    return divmod(token - NOTE, 128)


def ticks_of(token: int) -> int:
    """Ticks that a wait or length token says."""
    return TIMES[(token - WAIT) % len(TIMES)]


def wait_ids(ticks: int) -> list[int]:
    """The waits that add up to exactly `ticks` (0 gives none): always the largest that fits."""
    ids = []
    while ticks > 0:
        step = _FLOOR[min(ticks, TIMES[-1])]
        ids.append(WAIT + step)
        ticks -= TIMES[step]
    return ids


def length_id(ticks: int) -> int:
    """The length token nearest to `ticks`; the shorter of two as near."""
    return LENGTH + _NEAREST[min(max(ticks, 1), TIMES[-1])]


def velocity_bin(velocity: int) -> int:
    """Bin 0..7 of a MIDI velocity."""
    return velocity // 16


def bin_velocity(velocity_bin: int) -> int:
    """The middle of a bin, as MIDI velocity."""
    return 16 * velocity_bin + 8


def tempo_id(bpm: float) -> int:
    """The tempo token nearest to `bpm` (by ratio)."""
    return TEMPO + min(range(len(TEMPOS_BPM)), key=lambda i: abs(_log_ratio(TEMPOS_BPM[i], bpm)))


def metre_id(numerator: int, denominator: int) -> int:
    """The metre token of a time signature; rare ones share `other`."""
    name = f"{numerator}/{denominator}"
    return METRE + METRES.index(name if name in METRES else "other")


def bar_ticks(numerator: int, denominator: int) -> int:
    """Ticks in a bar of that metre."""
    return numerator * TICKS_PER_BEAT * 4 // denominator


class Vocabulary:
    """The ids of one bundle: the fixed blocks and its own styles.

    vocabulary.size                   number of ids
    vocabulary.style_id("Chopin_F")   id of a style, UserError with near names if unknown
    vocabulary.text(id, bin)          readable form, and back with `parse`
    """

    def __init__(self, styles: Sequence[str] = ()) -> None:
        self.styles = tuple(styles)
        self.size = STYLE + len(self.styles)
        self._style_ids = {name: STYLE + i for i, name in enumerate(self.styles)}
        self._fixed_ids = {self.text(i): i for i in range(NOTE)}

    def style_id(self, name: str) -> int:
        """Id of a style or composer; case and punctuation do not matter."""
        found = self._style_ids.get(name)
        if found is None:
            folded = _fold(name)
            hits = [s for s in self.styles if folded and folded in _fold(s)]
            if not hits:
                raise UserError(self._unknown(name))
            found = self._style_ids[min(hits, key=len)]
        return found

    def _unknown(self, name: str) -> str:
        """What to say of a style that is not there: the names it may be a slip of, if any."""
        folded = {_fold(style): style for style in self.styles}
        near = [folded[hit] for hit in difflib.get_close_matches(_fold(name), folded, n=3)]
        hint = f" (near it: {', '.join(near)})" if near else ""
        return f"No style is called {name!r}{hint}; `antiphon models` names all."

    def text(self, token: int, velocity: int | None = None) -> str:
        """Readable form of a token; `velocity` is a bin, given for notes only."""
        if token < WITH:
            return MARKS[token]
        if token < TEMPO:
            return f"with:{INSTRUMENTS[token - WITH]}"
        if token < METRE:
            return f"tempo:{TEMPOS_BPM[token - TEMPO]}"
        if token < WAIT:
            return f"metre:{METRES[token - METRE]}"
        if token < NOTE:
            return f"{'wait' if token < LENGTH else 'len'}:{ticks_of(token)}"
        if token < STYLE:
            return _note_text(token, velocity or 0)
        return f"style:{self.styles[token - STYLE]}"

    def parse(self, text: str) -> tuple[int, int | None]:
        """Token id and velocity bin (None but for notes) of a readable form; UserError if none."""
        if text in self._fixed_ids:
            return self._fixed_ids[text], None
        if text.startswith("style:"):
            return self.style_id(text.removeprefix("style:")), None
        match = _NOTE_TEXT.fullmatch(text)
        if match is None or match["instrument"] not in INSTRUMENTS or int(match["velocity"]) > 127:
            raise UserError(f"{text!r} is no token; a note reads piano:v64:C4, a wait wait:12.")
        note = note_id(INSTRUMENTS.index(match["instrument"]), _pitch_number(match["pitch"]))
        return note, velocity_bin(int(match["velocity"]))


def pitch_name(pitch: int) -> str:
    """Scientific name of a MIDI key: 60 is C4."""
    return f"{_PITCH_NAMES[pitch % 12]}{pitch // 12 - 1}"


def _pitch_number(name: str) -> int:
    if name.isdigit():
        pitch = int(name)
    else:
        letter = name.rstrip("-0123456789")
        pitch = 12 * (int(name[len(letter) :]) + 1) + _PITCH_NAMES.index(letter)
    if not 0 <= pitch <= 127:
        raise UserError(f"{name!r} is outside MIDI's keys, C-1 to G9.")
    return pitch


def _note_text(token: int, velocity: int) -> str:
    instrument, pitch = instrument_pitch(token)
    key = str(pitch) if instrument == DRUMS else pitch_name(pitch)
    return f"{INSTRUMENTS[instrument]}:v{16 * velocity}:{key}"


def _fold(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())


def _log_ratio(a: float, b: float) -> float:
    return (a / b if a > b else b / a) - 1


def _floor_table() -> list[int]:
    table, step = [0], 0
    for ticks in range(1, TIMES[-1] + 1):
        while step + 1 < len(TIMES) and TIMES[step + 1] <= ticks:
            step += 1
        table.append(step)
    return table


_FLOOR: list[int] = _floor_table()
_NEAREST: list[int] = [
    min(range(len(TIMES)), key=lambda i: abs(TIMES[i] - ticks)) for ticks in range(TIMES[-1] + 1)
]
