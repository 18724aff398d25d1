"""Who plays the parts of a score: General MIDI families, and drums, from what MusicXML says."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from antiphon.engine.notes import DRUM_CHANNEL, INSTRUMENTS, PIANO, family

SNARE = 38
"""What an unpitched note sounds like if the file does not say."""

FAMILIES = {
    "drum": "drums", "percussion": "drums", "cymbal": "drums",
    "piano": "piano", "harpsichord": "piano", "clav": "piano",
    "organ": "organ", "accordion": "organ", "harmonium": "organ", "harmonica": "organ",
    "contrabassoon": "reed", "bassoon": "reed", "basset": "reed", "clarinet": "reed",
    "oboe": "reed", "english horn": "reed", "sax": "reed",
    "contrabass": "strings", "double bass": "strings", "violin": "strings", "viola": "strings",
    "cello": "strings", "harp": "strings", "timpani": "strings", "string": "strings",
    "bass guitar": "bass", "electric bass": "bass", "guitar": "guitar", "lute": "guitar",
    "trumpet": "brass", "trombone": "brass", "horn": "brass", "tuba": "brass", "brass": "brass",
    "flute": "pipe", "piccolo": "pipe", "recorder": "pipe",
    "voice": "ensemble", "vocal": "ensemble", "soprano": "ensemble", "alto": "ensemble",
    "tenor": "ensemble", "bass": "ensemble", "choir": "ensemble", "chorus": "ensemble",
    "glockenspiel": "chromatic", "vibraphone": "chromatic", "marimba": "chromatic",
    "xylophone": "chromatic", "celesta": "chromatic", "bells": "chromatic",
}  # fmt: skip
"""Words of a name, of which the first that occurs decides: longer ones stand before their parts."""


@dataclass(frozen=True, slots=True)
class Player:
    """An instrument of a part."""

    instrument: int
    """Index into `INSTRUMENTS`."""
    drum: int = SNARE
    """MIDI key of its unpitched notes."""


class Ensemble:
    """The instruments of a score, asked for by part and, where a part has several, by their id."""

    def __init__(self, root: Element) -> None:
        self._players: dict[tuple[str, str], Player] = {}
        for part in root.iter("score-part"):
            names = [instrument.get("id", "") for instrument in part.iter("score-instrument")]
            for name in reversed(names or [""]):
                player = _player(part, name)
                # The first instrument is also the answer where a note names none.
                self._players[part.get("id", ""), name] = player
                self._players[part.get("id", ""), ""] = player

    def player(self, part: str, instrument: str) -> Player:
        """Who plays a note of a part; a piano if the score does not list it."""
        fallback = self._players.get((part, ""), Player(PIANO))
        return self._players.get((part, instrument), fallback)


def _player(part: Element, name: str) -> Player:
    midi = next((m for m in part.iter("midi-instrument") if m.get("id", "") == name), None)
    said = {} if midi is None else {e.tag: int(e.text or 0) for e in midi if _whole(e.text)}
    drum = min(max(said.get("midi-unpitched", SNARE + 1) - 1, 0), 127)
    if said.get("midi-channel", 1) - 1 == DRUM_CHANNEL:
        return Player(family(0, DRUM_CHANNEL), drum)
    if 1 <= said.get("midi-program", 0) <= 128:
        return Player(family(said["midi-program"] - 1), drum)
    return Player(_guessed(part, name), drum)


def _guessed(part: Element, name: str) -> int:
    own = next((i for i in part.iter("score-instrument") if i.get("id", "") == name), part)
    texts = [own.findtext(tag, "") for tag in ("instrument-sound", "instrument-name")]
    texts.append(part.findtext("part-name", ""))
    for text in texts:
        for word, kin in FAMILIES.items():
            if word in text.lower():
                return INSTRUMENTS.index(kin)
    return PIANO


def _whole(text: str | None) -> bool:
    return (text or "").strip().isdecimal()
