"""The raw bytes of a Standard MIDI File, made plain: only what is heard, each event complete.

Files in the wild are cut short, hold texts in odd encodings and stray wire messages; what comes out
of here any reader can take. It knows no notes and no library.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from antiphon.engine.errors import FileRefused

MAX_EVENTS = 1_000_000

_END_OF_TRACK = b"\xff\x2f\x00"
_META_KEPT = {0x51: 3, 0x58: 4}  # tempo and metre, with the sizes they must have
_SYSTEM_BYTES = {0xF1: 1, 0xF2: 2, 0xF3: 1}  # stray wire messages; the others carry no data
_SMPTE = 0x8000


class Plain(NamedTuple):
    """A file made plain."""

    kind: int
    """0, 1 or 2; the tracks of type 2 follow each other."""
    per_beat: tuple[int, int]
    """File ticks to the beat, as a fraction."""
    in_seconds: bool
    """Whether the file counts seconds, two beats to each, so that its tempo says nothing."""
    tracks: list[bytes]
    """Events without running status, each track ending with its end-of-track event."""

    def file(self, division: int) -> bytes:
        """The tracks as a type 1 file that claims `division` ticks to the beat."""
        header = struct.pack(">4sLHHH", b"MThd", 6, 1, len(self.tracks), division)
        bodies = (struct.pack(">4sL", b"MTrk", len(track)) + track for track in self.tracks)
        return b"".join((header, *bodies))


def plain(path: Path, data: bytes) -> Plain:
    """Make the contents of a file plain, RMID unwrapped; `path` is for the messages.

    Raises `FileRefused` with one sentence when this is no MIDI file or too large a one.
    """
    kind, division, tracks = parts(path, data)
    per_beat = _ticks_per_beat(path, division)
    return Plain(kind, per_beat, bool(division & _SMPTE), _plain_tracks(path, tracks))


def parts(path: Path, data: bytes) -> tuple[int, int, list[bytes]]:
    """Type, division and track chunks; unknown chunks and trailing bytes are passed over.

    Raises `FileRefused` when this is no MIDI file.
    """
    if data[:4] == b"RIFF":
        data = next((body for name, body in _walk(data[12:], "<L") if name == b"data"), b"")
    found = list(_walk(data, ">L"))
    if not found or found[0][0] != b"MThd" or len(found[0][1]) < 6:
        raise FileRefused(f"{path} is not a MIDI file.")
    kind, _, division = struct.unpack(">HHH", found[0][1][:6])
    return kind, division, [body for name, body in found if name == b"MTrk"]


def _walk(data: bytes, size_format: str) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        (size,) = struct.unpack_from(size_format, data, at + 4)
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size


def _ticks_per_beat(path: Path, division: int) -> tuple[int, int]:
    """File ticks to the beat as a fraction; SMPTE files count seconds, two beats to each."""
    if not division & _SMPTE:
        top, bottom = division, 1
    elif (frames := 256 - (division >> 8)) == 29:  # drop frame: 30000/1001 frames a second
        top, bottom = 30000 * (division & 0xFF), 2002
    else:
        top, bottom = frames * (division & 0xFF), 2
    if not top:
        raise FileRefused(f"{path} is damaged: it has no ticks to the beat.")
    return top, bottom


def _plain_tracks(path: Path, tracks: Sequence[bytes]) -> list[bytes]:
    plain = []
    left = MAX_EVENTS
    for track in tracks:
        events = bytearray()
        for event in _plain(track):
            events += event
            left -= 1
            if left < 0:
                raise FileRefused(f"{path} has more than {MAX_EVENTS:,} events, too many to play.")
        plain.append(bytes(events))
    return plain


def _plain(track: bytes) -> Iterator[bytes]:
    """The events that are heard, each with its status; texts and system messages go.

    A track that is cut short, or has no end, ends where its bytes do.
    """
    at = wait = status = 0
    with suppress(IndexError):
        while at < len(track):
            delta, at = number(track, at)
            wait += delta
            head = track[at] if track[at] >= 0x80 else status
            at += track[at] >= 0x80
            if head >= 0xF0:
                event, at = _system(track, head, at)
                if event == _END_OF_TRACK:
                    break
            else:
                status = head
                size = 1 if 0xC0 <= head < 0xE0 else 2
                event, at = bytes((head, *track[at : at + size])), at + size
            if not head or at > len(track):
                break
            if event:
                yield encoded(wait) + event
                wait = 0
    yield encoded(wait) + _END_OF_TRACK


def _system(track: bytes, head: int, at: int) -> tuple[bytes, int]:
    """The event if it is worth keeping, else nothing, and where the next one starts."""
    if 0xF0 < head < 0xF7 or 0xF7 < head < 0xFF:
        return b"", at + _SYSTEM_BYTES.get(head, 0)
    kind = track[at] if head == 0xFF else None
    size, start = number(track, at + (head == 0xFF))
    if kind == 0x2F:
        return _END_OF_TRACK, start
    if kind is None or _META_KEPT.get(kind) != size or _is_odd_metre(kind, track, start):
        return b"", start + size
    return bytes((head, kind, size)) + track[start : start + size], start + size


def _is_odd_metre(kind: int, track: bytes, start: int) -> bool:
    """Whether this is a metre in something finer than 64ths; readers choke on the finest."""
    return kind == 0x58 and track[start + 1] > 6


def number(track: bytes, at: int) -> tuple[int, int]:
    """A variable-length number and where it ends; `IndexError` past the end of the track."""
    value = 0
    while True:
        value = value << 7 & 0xFFFFFFF | track[at] & 0x7F
        at += 1
        if track[at - 1] < 0x80:
            return value, at


def encoded(value: int) -> bytes:
    """A number in the variable length that `number` reads."""
    coded = [value & 0x7F]
    while value := value >> 7:
        coded.append(value & 0x7F | 0x80)
    return bytes(reversed(coded))
