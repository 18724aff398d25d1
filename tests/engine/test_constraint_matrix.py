"""Any two options together: refused at once with a reason, or obeyed by every note of an answer."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from answers import FLAT, drawn
from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note, NoteOn
from antiphon.engine.protocol import MOST_NOTES, Answer, Infill, Open
from antiphon.engine.sampling import Floats
from antiphon.engine.session import Session
from antiphon.engine.wishes import Chord, Constraints, Feel, Range
from bundles import tiny_model
from obedience import Asked, asked, contradictory, faults

BAR, START = 192, 400
FREE = Feel(temperature=1, top_p=1, min_p=0)
HELD = [Note(300, 0, 60, 150, 80), Note(350, 0, 61, 53, 80), Note(396, 5, 62, 300, 80)]
"""What the player still holds when the answer begins."""

OPTIONS: dict[str, list[dict[str, Any]]] = {
    "instruments": [
        {"instruments": (0,)},
        {"instruments": (0, 4, DRUMS)},
        {"instruments": tuple(range(10))},
        {"instruments": (DRUMS,)},
    ],
    "never": [{"never": (0,)}, {"never": tuple(range(16))}, {"never": tuple(range(17))}],
    "keys": [
        {"lowest": 48, "highest": 72},
        {"lowest": 61, "highest": 61},
        {"lowest": 127},
    ],
    "ranges": [
        {"ranges": (Range(4, 28, 40),)},
        {"ranges": (Range(0, 60, 60), Range(DRUMS, 36, 38))},
    ],
    "scale": [{"scale": "A minor"}, {"scale": "Eb blues"}, {"scale": (1,)}],
    "chords": [
        {"chords": (Chord("Am7"), Chord("F/C", 0.5), Chord("E7b9", 0.5))},
        {"chords": (Chord("C"),)},
        {"chords": (Chord("F#dim", 1 / 3), Chord((1,), 0.25))},
    ],
    "polyphony": [{"polyphony": 1}, {"polyphony": 3}],
    "density": [{"density": 1}, {"density": 4}],
    "lengths": [
        {"shortest": 192},
        {"shortest": 12, "longest": 24},
        {"shortest": 768},
        {"shortest": 97, "longest": 101},
    ],
    "velocities": [
        {"softest": 100},
        {"softest": 72, "loudest": 72},
        {"softest": 73, "loudest": 87},
    ],
    "entering": [{"enter_within": 0}, {"enter_within": 1}],
    "feel": [
        {"feel": Feel(temperature=0)},
        {"feel": Feel(top_k=1)},
        {"feel": Feel(1, 1, 0, rhythm=4, pitch=0, repetition=1)},
        {"feel": Feel(4, 1, 0, rhythm=0)},
    ],
    "metre": [{"metre": (6, 8)}, {"metre": (5, 4)}],
}


def moving() -> Floats:
    """Waits of an eighth or so, then anything: more notes in a bar than flat logits bring."""
    logits = FLAT.copy()
    logits[vocab.WAIT + 5 : vocab.WAIT + 30] = 2
    logits[vocab.LENGTH : vocab.LENGTH + 100] = 2
    return logits


MOVING = moving()


@pytest.mark.parametrize(("one", "other"), list(combinations(OPTIONS, 2)))
def test_any_two_options_are_obeyed_together_or_refused_with_a_reason(one: str, other: str) -> None:
    for first in OPTIONS[one]:
        for second in OPTIONS[other]:
            assert_obeyed_or_refused({**first, **second})


def assert_obeyed_or_refused(options: dict[str, Any]) -> None:
    metre = options.pop("metre", (4, 4))
    feel = options.pop("feel", FREE)
    if contradictory(Asked(**options), metre):
        with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
            Constraints(**options)
        return
    opened = Open(1, metre=metre, feel=feel, constraints=Constraints(**options))
    request = Answer(1, 1, START, START + 6 * BAR, prompt=True)
    notes, _ = drawn(request, opened, MOVING, HELD)

    assert notes, options
    assert list(faults(notes, Asked(**options), metre, HELD)) == [], options
    assert notes[0].onset >= START
    assert notes[-1].onset < request.until


PITCH_CLASSES = st.lists(st.integers(0, 11), min_size=1, max_size=8, unique=True).map(tuple)
BOUNDS = st.tuples(st.integers(0, 127), st.integers(0, 127)).map(sorted)


@st.composite
def wishes_strategy(draw: st.DrawFn) -> Constraints:
    """Any constraints that are accepted; most options are left out."""

    def perhaps(name: str, strategy: st.SearchStrategy[Any]) -> dict[str, Any]:
        return {name: draw(strategy)} if draw(st.booleans()) else {}

    def bounds(low: str, high: str, strategy: st.SearchStrategy[list[int]]) -> dict[str, Any]:
        return dict(zip((low, high), draw(strategy), strict=True)) if draw(st.booleans()) else {}

    length = st.integers(1, 48) | st.integers(1, 768)
    lengths = st.tuples(length, length).map(sorted)
    velocities = st.tuples(st.integers(1, 127), st.integers(1, 127)).map(sorted)
    own = st.builds(lambda i, keys: Range(i, *keys), st.integers(0, DRUMS), BOUNDS)
    chord = st.builds(
        Chord, st.sampled_from(["Am7", "F/C", "C", "Bb7sus4"]) | PITCH_CLASSES,
        st.sampled_from([0.25, 1 / 3, 0.5, 1, 2]),
    )  # fmt: skip
    instruments = st.lists(st.integers(0, DRUMS), min_size=1, max_size=10, unique=True).map(tuple)
    options = {
        **perhaps("instruments", instruments),
        **bounds("lowest", "highest", BOUNDS),
        **perhaps("polyphony", st.integers(1, 6)),
        **perhaps("density", st.integers(1, 12)),
        **perhaps("enter_within", st.integers(0, 3)),
        **perhaps("ranges", st.lists(own, max_size=3).map(tuple)),
        **perhaps("never", st.lists(st.integers(0, DRUMS), max_size=5).map(tuple)),
        **perhaps("scale", st.sampled_from(["A minor", "Eb blues"]) | PITCH_CLASSES),
        **perhaps("chords", st.lists(chord, max_size=4).map(tuple)),
        **bounds("shortest", "longest", lengths),
        **bounds("softest", "loudest", velocities),
    }
    try:
        return Constraints(**options)
    except ValueError:
        assume(False)
        raise


@st.composite
def feels_strategy(draw: st.DrawFn) -> Feel:
    """Half of them leave the distribution as it is."""
    if draw(st.booleans()):
        return FREE
    factors = st.sampled_from([0, 0.5, 1, 3])
    return Feel(
        draw(st.sampled_from([0, 1e-9, 0.5, 1, 4])), draw(st.sampled_from([0.01, 0.9, 1, 1])),
        draw(st.sampled_from([0, 0, 0.02, 0.9])), 0.4, draw(st.sampled_from([0, 0, 1, 5, 100])),
        draw(factors), draw(factors), draw(st.sampled_from([0, 0.5, 1])),
    )  # fmt: skip


METRES = st.sampled_from([None, (4, 4), (3, 4), (6, 8), (5, 8), (1, 64)])


@given(wishes_strategy(), feels_strategy(), METRES, st.booleans(), st.integers(0, 99))
@settings(max_examples=120, deadline=None)
def test_whatever_is_wished_a_model_that_knows_nothing_obeys(
    wishes: Constraints, feel: Feel, metre: tuple[int, int] | None, prompt: bool, seed: int
) -> None:
    opened = Open(1, seed, metre=metre, feel=feel, constraints=wishes)
    request = Answer(1, 1, START, START + 6 * BAR, prompt=prompt)
    noise = np.random.default_rng(seed).normal(scale=2, size=vocab.STYLE).astype(np.float32)
    for logits in (FLAT, MOVING, MOVING + noise):
        notes, reason = drawn(request, opened, logits, HELD)
        assert list(faults(notes, asked(wishes), metre, HELD)) == []
        assert reason == "until"


@given(wishes_strategy(), feels_strategy(), METRES, st.booleans(), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_whatever_is_wished_a_model_of_random_weights_obeys(
    wishes: Constraints, feel: Feel, metre: tuple[int, int] | None, prompt: bool, seed: int
) -> None:
    s = Session(tiny_model(), Open(1, seed, metre=metre, feel=feel, constraints=wishes))
    s.hear([NoteOn(n.onset, n.instrument, n.pitch, n.velocity) for n in HELD])
    s.answer(Answer(1, 1, START, START + BAR, prompt=prompt))
    notes: list[Note] = []
    while s.answering:
        notes += s.step().notes
    held = s.transcript.notes()[: len(HELD)]

    assert [(n.instrument, n.pitch) for n in held] == [(n.instrument, n.pitch) for n in HELD]
    assert list(faults(notes, asked(wishes), metre, held)) == []


@given(wishes_strategy(), METRES, st.integers(0, 99), st.integers(0, 100))
@settings(max_examples=60, deadline=None)
def test_a_gap_that_is_filled_obeys_though_all_its_keys_are_struck_behind_it(
    wishes: Constraints, metre: tuple[int, int] | None, seed: int, later: int
) -> None:
    opened = Open(1, seed, metre=metre, feel=FREE, constraints=wishes)
    s = Session(tiny_model(), opened)
    keys = [(i, pitch) for i in wishes.players for pitch in wishes.keys(i)]
    after = [Note(2 * BAR + later, *key, 9, 80) for key in keys[-MOST_NOTES:]]
    s.infill(Infill(1, 1, BAR, 2 * BAR, tuple(after)))
    notes: list[Note] = []
    while s.answering:
        notes += s.step().notes

    assert list(faults(notes, asked(wishes), metre)) == []
    struck = {(n.instrument, n.pitch) for n in after}
    assert all(n.end <= 2 * BAR + later for n in notes if (n.instrument, n.pitch) in struck)


@given(wishes_strategy(), METRES, st.integers(0, 99), st.integers(START, START + 500))
@settings(max_examples=80, deadline=None)
def test_one_that_is_to_begin_on_the_spot_does_unless_all_its_keys_are_held(
    wishes: Constraints, metre: tuple[int, int] | None, seed: int, start: int
) -> None:
    opened = Open(1, seed, metre=metre, feel=FREE, constraints=wishes)
    notes, _ = drawn(Answer(1, 1, start, start + 2, prompt=True), opened)

    assert notes[0].onset == start
