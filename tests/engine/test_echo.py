"""The player's knob `echo`: how much of what was played comes back in an answer."""

from __future__ import annotations

import pytest

from antiphon.engine.notes import Note, events_of
from antiphon.engine.protocol import Answer, Infill, Open
from antiphon.engine.session import Session
from antiphon.engine.wishes import Feel
from bundles import tiny_model

TURN = 12
MOTIF = (60, 64, 67, 65, 62, 69, 71, 72)


def heard(times: int) -> list[Note]:
    """A motif of eight notes, several times, each a tone higher."""
    keys = [pitch + 2 * time for time in range(times) for pitch in MOTIF]
    return [Note(TURN * i, 0, key, TURN, 72) for i, key in enumerate(keys)]


def played(session: Session) -> list[tuple[int, int]]:
    notes: list[Note] = []
    while session.answering:
        notes += session.step().notes
    return [(note.onset, note.pitch) for note in notes]


def answered(echo: float) -> list[tuple[int, int]]:
    """What a network that knows no music adds to five times the motif, always the likeliest."""
    session = Session(tiny_model(), Open(1, feel=Feel(temperature=0, echo=echo)))
    session.hear(events_of(heard(5)))
    until = TURN * 6 * len(MOTIF)
    session.answer(Answer(1, 1, start=TURN * 5 * len(MOTIF), until=until))
    return played(session)


def test_with_all_echo_the_motif_goes_on_in_the_next_key() -> None:
    expected = [(note.onset, note.pitch) for note in heard(6)[-len(MOTIF) :]]
    assert answered(1.0) == expected


def test_without_echo_the_network_is_left_to_itself() -> None:
    assert answered(0.0) != answered(1.0)


def test_a_rewound_session_has_forgotten_what_it_shall_not_repeat() -> None:
    strayed = Session(tiny_model(), Open(1, feel=Feel(temperature=0, echo=1.0)))
    strayed.hear(events_of(heard(5)))
    strayed.answer(Answer(1, 1, start=TURN * 40, until=TURN * 48))
    played(strayed)
    strayed.rewind(TURN * 40)
    strayed.answer(Answer(1, 2, start=TURN * 40, until=TURN * 48))

    assert played(strayed) == answered(1.0)


def test_a_gap_echoes_what_stands_before_it() -> None:
    session = Session(tiny_model(), Open(1, feel=Feel(temperature=0, echo=1.0)))
    session.hear(events_of(heard(5)))
    session.infill(Infill(1, 1, start=TURN * 40, until=TURN * 48))

    assert played(session) == answered(1.0)


@pytest.mark.parametrize("ask", [Answer, Infill])
def test_one_answer_or_one_gap_echoes_more_than_its_session(
    ask: type[Answer] | type[Infill],
) -> None:
    session = Session(tiny_model(), Open(1, feel=Feel(temperature=0, echo=0.0)))
    session.hear(events_of(heard(5)))
    lively = Feel(temperature=0, echo=1.0)
    request = ask(1, 1, start=TURN * 40, until=TURN * 48, feel=lively)
    session.infill(request) if isinstance(request, Infill) else session.answer(request)

    assert played(session) == answered(1.0)
