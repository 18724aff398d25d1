"""What was struck again and again just now is shunned, and nothing else."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.repetition import LATEST, REPETITION_NATS, Repetition
from antiphon.engine.vocabulary import STYLE, needs_length, note_id

NOTES = st.builds(
    lambda some, times: some * times,
    st.lists(st.integers(note_id(0, 58), note_id(0, 62)) | st.integers(vocab.NOTE, STYLE - 1)),
    st.integers(1, LATEST),
)


@given(NOTES, st.sampled_from([0, 0.25, 1]))
def test_a_note_costs_as_much_as_it_was_among_the_latest(notes: list[int], strength: float) -> None:
    repetition = Repetition(strength)
    for note in notes:
        repetition.struck(note)
    logits = np.zeros(STYLE + 2, np.float32)
    repetition.shun(logits)
    latest = Counter([n for n in notes if needs_length(n)][-LATEST:])

    expected = [-REPETITION_NATS * strength * latest[token] for token in range(STYLE + 2)]
    np.testing.assert_allclose(logits, expected, atol=1e-6)
