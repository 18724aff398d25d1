"""What tells the end of a phrase, as numbers, when a melody has just fallen silent. Pure.

Lengths are logarithms of ratios: to the player's usual gap, to the phrase, to earlier phrases.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import floor, log

from .melody import Melody, Place, Tone
from .tonality import degrees

NEAR = 0.35
"""Lengths that differ by less, as logarithm of their ratio, are alike."""
DEGREES = (0, 2, 4, 5, 7, 9, 11)
MOST_BARS = 16
EIGHTHS = 8

FREE = (
    "length", "length_usual", "length_lately", "length_phrase", "length_sentence", "rank_phrase",
    "rank", "usual", "length_before", "gap_before", "gap_before_that",
    "tones", "seconds", "gaps", "sentence_tones", "sentence_gaps", "tones_last", "length_last",
    "tones_mean", "sentence_last", "sentence_mean", "phrases", "sentences", "parts",
    "rest_before", "rests_median", "rests_quartile", "rests_alike", "rests_alike_long",
    "rests_longer_tones",
    *(f"degree_{degree}" for degree in DEGREES), "minor", "closing",
    "step", "leap", "step_down", "same", "step_before",
    "above_mean", "above_lowest", "below_highest", "above_first", "above_all",
    "echo_rest", "echo_long", "echo_run", "rhythm_rest", "rhythm_long", "rhythm_run",
)  # fmt: skip
"""Cues of free time, in order."""
BARS = (
    "beats", "bar", "on_bar", "on_half", "on_beat", "off_bar", "off_beat",
    *(f"on_{i}" for i in range(EIGHTHS)), *(f"off_{i}" for i in range(EIGHTHS)),
    "phrase_bars", "sentence_bars", "phrase_2", "phrase_4", "sentence_2", "sentence_4",
    "sentence_8",
)  # fmt: skip
"""Cues that bars add."""


def cues(melody: Melody) -> list[float]:
    """Cues of a melody of at least one tone whose last has ended: FREE, then BARS if known."""
    last = melody.tones[-1]
    found = [
        *_lengths(melody, last),
        *_extents(melody, last),
        *_rests(melody, last),
        *_pitches(melody, last),
        *_echoes(melody, last),
    ]
    if last.place is not None:
        found += _bars(melody, last, last.place)
    return found


def _ratio(a: float, b: float) -> float:
    return log(max(a, 1e-3) / max(b, 1e-3))


def _lengths(melody: Melody, last: Tone) -> list[float]:
    tones, usual, length = melody.tones, melody.usual_ns, last.length_ns
    phrase = [tone.length_ns for tone in tones[melody.phrase_start :]]
    lately = [tone.length_ns for tone in tones[-48:]]
    gaps = [*melody.gaps_ns][-8:]
    return [
        log(max(length / 1e9, 0.01)),
        _ratio(length, usual),
        _ratio(length, sorted(gaps)[len(gaps) // 2] if gaps else usual),
        _ratio(length, max(phrase)),
        _ratio(length, max(tone.length_ns for tone in tones[melody.sentence_start :])),
        _mean(other <= length for other in phrase),
        _mean(other <= 1.05 * length for other in lately),
        log(usual / 1e9),
        _ratio(length, tones[-2].length_ns) if len(tones) > 1 else 0.0,
        _ratio(gaps[-1], usual) if gaps else 0.0,
        _ratio(gaps[-2], usual) if len(gaps) > 1 else 0.0,
    ]


def _extents(melody: Melody, last: Tone) -> list[float]:
    end, usual, tones = melody.ends_ns, melody.usual_ns, melody.tones
    count, sung = len(tones) - melody.phrase_start, end - tones[melody.phrase_start].onset_ns
    whole = len(tones) - melody.sentence_start
    told = end - tones[melody.sentence_start].onset_ns
    phrases, sentences = melody.phrases, melody.sentences
    return [
        log(count),
        log(max(sung / 1e9, 0.01)),
        _ratio(sung, usual),
        log(whole),
        _ratio(told, usual),
        _ratio(count, phrases[-1].tones) if phrases else 0.0,
        _ratio(sung, phrases[-1].length_ns) if phrases else 0.0,
        _ratio(count, _mean(phrase.tones for phrase in phrases)) if phrases else 0.0,
        _ratio(told, sentences[-1].length_ns) if sentences else 0.0,
        _ratio(told, _mean(part.length_ns for part in sentences)) if sentences else 0.0,
        log(1 + len(phrases)),
        log(1 + len(sentences)),
        min(melody.parts, 8),
    ]


def _rests(melody: Melody, last: Tone) -> list[float]:
    usual, length = melody.usual_ns, max(last.length_ns, 1)
    rests = sorted(rest.length_ns for rest in melody.rests)
    if not rests:
        return [-1.0, 0.0, 0.0, -1.0, -1.0, 0.0]
    alike = [
        min(rest.length_ns / usual, 6.0)
        for rest in melody.rests
        if abs(_ratio(rest.after_ns, length)) < NEAR
    ]
    return [
        _ratio(melody.rests[-1].length_ns, usual),
        _ratio(rests[len(rests) // 2], usual),
        _ratio(rests[len(rests) // 4], usual),
        _mean(alike) if alike else -1.0,
        _mean(rest > 1.4 for rest in alike) if alike else -1.0,
        _mean(rest.after_ns > 1.2 * length for rest in melody.rests),
    ]


def _pitches(melody: Melody, last: Tone) -> list[float]:
    phrase = [tone.pitch for tone in melody.tones[melody.phrase_start :]]
    pitches, pitch = [tone.pitch for tone in melody.tones[-64:]], last.pitch
    classes = list(melody.classes)
    classes[pitch % 12] += (last.length_ns / 1e9) ** 0.5
    found = degrees(classes, pitch)
    step = pitch - pitches[-2] if len(pitches) > 1 else 0
    before = pitches[-2] - pitches[-3] if len(pitches) > 2 else 0
    return [
        *(float(found[degree]) for degree in DEGREES),
        float(found[12]),
        melody.closing[pitch % 12] / (sum(melody.closing) or 1.0),
        step / 5,
        abs(step) / 5,
        float(step in (-1, -2)),
        float(step == 0),
        before / 5,
        (pitch - _mean(phrase)) / 5,
        (pitch - min(phrase)) / 5,
        (max(phrase) - pitch) / 5,
        (pitch - phrase[0]) / 5,
        (pitch - _mean(pitches)) / 5,
    ]


def _echoes(melody: Melody, last: Tone) -> list[float]:
    length = last.length_ns / 1e9
    both = melody.echoes.of_melody(length), melody.echoes.of_rhythm(length)
    return [value for echo in both for value in (echo.rest, echo.long, echo.run / 4)]


def _bars(melody: Melody, last: Tone, place: Place) -> list[float]:
    on, bar, length = place.beats, place.bar, last.length_ns / place.beat_ns
    off = on + length
    phrase = _place(melody.tones[melody.phrase_start], on)
    sentence = _place(melody.tones[melody.sentence_start], on)
    now = floor(on / bar + 0.05)
    bars, whole = now - floor(phrase / bar + 0.3), now - floor(sentence / bar + 0.3)
    return [
        log(max(length, 0.01)),
        bar,
        _on(on, bar),
        _on(on, bar / 2),
        _on(on, 1.0),
        _on(off, bar),
        _on(off, 1.0),
        *_eighths(on / bar),
        *_eighths(off / bar),
        min((off - phrase) / bar, MOST_BARS),
        min((off - sentence) / bar, MOST_BARS),
        float(bars % 2 == 1),
        float(bars % 4 == 3),
        float(whole % 2 == 1),
        float(whole % 4 == 3),
        float(whole % 8 == 7),
    ]


def _place(tone: Tone, otherwise: float) -> float:
    return tone.place.beats if tone.place is not None else otherwise


def _on(beats: float, period: float) -> float:
    """1 on a multiple of the period, 0 half-way between two, straight lines between."""
    return 1 - 2 * abs((beats / period + 0.5) % 1 - 0.5)


def _eighths(bars: float) -> list[float]:
    """How near a moment is to each eighth of the bar."""
    return [
        max(0.0, 1 - EIGHTHS * abs((bars - i / EIGHTHS + 0.5) % 1 - 0.5)) for i in range(EIGHTHS)
    ]


def _mean(values: Iterable[float]) -> float:
    """Mean of at least one value."""
    known = [*values]
    return sum(known) / len(known)
