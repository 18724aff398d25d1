"""General MIDI's 128 sounds by name, and instruments as a player asks for them in text. Pure.

piano,strings      families, as everywhere in Antiphon
violin,trumpet     sounds: each answers as its family, and is what is heard
"""

from __future__ import annotations

from typing import NamedTuple

from antiphon.engine.errors import UserError
from antiphon.engine.notes import INSTRUMENTS, family
from antiphon.engine.wishes import MOST_INSTRUMENTS

PROGRAMS = (
    "acoustic grand piano", "bright acoustic piano", "electric grand piano", "honky-tonk piano",
    "electric piano 1", "electric piano 2", "harpsichord", "clavinet",
    "celesta", "glockenspiel", "music box", "vibraphone",
    "marimba", "xylophone", "tubular bells", "dulcimer",
    "drawbar organ", "percussive organ", "rock organ", "church organ",
    "reed organ", "accordion", "harmonica", "tango accordion",
    "nylon guitar", "steel guitar", "jazz guitar", "clean guitar",
    "muted guitar", "overdriven guitar", "distortion guitar", "guitar harmonics",
    "acoustic bass", "finger bass", "pick bass", "fretless bass",
    "slap bass 1", "slap bass 2", "synth bass 1", "synth bass 2",
    "violin", "viola", "cello", "contrabass",
    "tremolo strings", "pizzicato strings", "harp", "timpani",
    "string ensemble 1", "string ensemble 2", "synth strings 1", "synth strings 2",
    "choir aahs", "voice oohs", "synth voice", "orchestra hit",
    "trumpet", "trombone", "tuba", "muted trumpet",
    "french horn", "brass section", "synth brass 1", "synth brass 2",
    "soprano sax", "alto sax", "tenor sax", "baritone sax",
    "oboe", "english horn", "bassoon", "clarinet",
    "piccolo", "flute", "recorder", "pan flute",
    "blown bottle", "shakuhachi", "whistle", "ocarina",
    "square lead", "sawtooth lead", "calliope lead", "chiff lead",
    "charang lead", "voice lead", "fifths lead", "bass and lead",
    "new age pad", "warm pad", "polysynth pad", "choir pad",
    "bowed pad", "metallic pad", "halo pad", "sweep pad",
    "rain", "soundtrack", "crystal", "atmosphere",
    "brightness", "goblins", "echoes", "sci-fi",
    "sitar", "banjo", "shamisen", "koto",
    "kalimba", "bagpipe", "fiddle", "shanai",
    "tinkle bell", "agogo", "steel drums", "woodblock",
    "taiko drum", "melodic tom", "synth drum", "reverse cymbal",
    "guitar fret noise", "breath noise", "seashore", "bird tweet",
    "telephone ring", "helicopter", "applause", "gunshot",
)  # fmt: skip


class Players(NamedTuple):
    """Who is to play, and with which sounds."""

    instruments: tuple[int, ...] = ()
    programs: tuple[int, ...] = ()
    """General MIDI programs, for families whose first sound was not meant."""


def parse(text: str) -> Players:
    """Names with commas between them; UserError if one is unknown, or they cannot play together."""
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",")))
    sounds = {name: _program(name) for name in names if name not in INSTRUMENTS}
    by_family: dict[int, str] = {}
    for name in names:
        instrument = family(sounds[name]) if name in sounds else INSTRUMENTS.index(name)
        if instrument in by_family:
            one = f"{by_family[instrument]} and {name} are both {INSTRUMENTS[instrument]}"
            raise UserError(f"{one}, which has one sound at a time.")
        by_family[instrument] = name
    if len(by_family) > MOST_INSTRUMENTS:
        raise UserError(f"At most {MOST_INSTRUMENTS} instruments play together, not {len(names)}.")
    return Players(tuple(by_family), tuple(sounds.values()))


def _program(name: str) -> int:
    if name not in PROGRAMS:
        known = ", ".join(INSTRUMENTS)
        raise UserError(
            f"No instrument is called {name!r}; there are {known}, and General MIDI's sounds."
        )
    return PROGRAMS.index(name)
