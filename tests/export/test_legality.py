"""The grammar that real music keeps, and a model that knows nothing does not."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import encode
from antiphon.export.audition.legality import Grammar, illegal_mass
from bundles import tiny_model
from music import notes_strategy

SIZE = vocab.STYLE + 2


def after(notes: list[Note]) -> list[bool]:
    """What may follow some notes."""
    grammar = Grammar(SIZE)
    for row in encode(notes):
        legal = grammar.legal_after(row)
    return [bool(allowed) for allowed in legal]


@given(notes_strategy())
def test_whatever_is_played_is_legal(notes: list[Note]) -> None:
    grammar = Grammar(SIZE)
    for row, following in pairwise(encode(notes)):
        assert grammar.legal_after(row)[following.token]


def test_a_key_that_sounds_cannot_be_struck_and_chords_go_upwards() -> None:
    held = after([Note(0, 0, 60, 96, 80), Note(48, 0, 64, 12, 80)])

    assert not held[vocab.note_id(0, 60)]
    assert not held[vocab.note_id(0, 62)]
    assert held[vocab.note_id(0, 65)]
    assert held[vocab.note_id(1, 60)]


def test_lengths_come_after_notes_and_nowhere_else() -> None:
    after_drum = after([Note(0, DRUMS, 40, 6, 80)])

    assert not any(after_drum[vocab.LENGTH : vocab.NOTE])
    assert after_drum[vocab.END]
    assert all(after_drum[vocab.WAIT : vocab.LENGTH])


def test_labels_are_no_music() -> None:
    followed = after([Note(0, 0, 60, 24, 80)])

    assert not any(followed[: vocab.END])
    assert not any(followed[vocab.SUFFIX : vocab.WAIT])
    assert not any(followed[vocab.STYLE :])


def test_a_model_of_random_weights_gives_much_to_what_cannot_be() -> None:
    notes = [Note(24 * i, 0, 60 + i % 7, 24, 80) for i in range(20)]

    assert 0.05 < illegal_mass(tiny_model(), notes) < 0.95
