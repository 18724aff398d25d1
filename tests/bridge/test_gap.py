"""Bars as they are written, and what an engine is told of the music around them."""

from __future__ import annotations

import pytest

from antiphon.bridge.config import Settings
from antiphon.bridge.gap import Bars, Gap
from antiphon.bridge.hearing import Phrase
from antiphon.engine.errors import UserError
from antiphon.engine.notes import DRUMS, Note, NoteOff, NoteOn, Pedal
from antiphon.engine.protocol import MOST_EVENTS, Infill, Listen, Open, encode
from antiphon.engine.wishes import Blend

PHRASE = Phrase(
    notes=tuple(Note(24 * i, 5 if i % 4 else DRUMS, 40 + i % 30, 24, 80) for i in range(64)),
    pedals=(Pedal(48, 5, True), Pedal(96, 5, False), Pedal(900, 5, True)),
    tempo_bpm=90.0,
    metre=(4, 4),
    programs={5: 48},
)


@pytest.mark.parametrize(
    ("text", "bars"), [("9-12", (9, 12)), ("9", (9, 9)), (" 1 - 2 ", (1, 2)), ("07", (7, 7))]
)
def test_bars_are_written_as_people_count_them(text: str, bars: tuple[int, int]) -> None:
    assert Bars.parse(text) == bars


@pytest.mark.parametrize("text", ["", "0", "3-2", "a", "1-2-3", "-3", "3-", "1.5", "9999999"])
def test_what_are_no_bars_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UserError, match=r"write 9-12, or 9 for one alone\.$"):
        Bars.parse(text)


def test_the_engine_is_told_what_comes_before_and_asked_with_what_comes_after() -> None:
    blend = Blend("a", "b")
    gap = Gap(PHRASE, 384, 768)
    opened, *listens, asked = gap.requests(Settings(seed=7, styles=("x",), blend=blend))

    assert isinstance(opened, Open)
    assert (opened.seed, opened.styles, opened.blend) == (7, ("x",), blend)
    assert (opened.bpm, opened.metre) == (90.0, (4, 4))
    assert opened.constraints.instruments == (5, DRUMS)
    events = [event for listen in listens if isinstance(listen, Listen) for event in listen.events]
    struck = [e.tick for e in events if isinstance(e, NoteOn)]
    assert struck == [n.onset for n in PHRASE.notes if n.onset < 384]
    assert len([e for e in events if isinstance(e, NoteOff)]) == len(struck)
    assert [e for e in events if isinstance(e, Pedal)] == list(PHRASE.pedals[:2])
    assert [e.tick for e in events] == sorted(e.tick for e in events)
    after = tuple(n for n in PHRASE.notes if n.onset >= 768)
    assert asked == Infill(1, 1, 384, 768, after)


def test_the_gap_is_filled_by_the_instruments_asked_for_near_the_keys_there_are() -> None:
    opened = next(iter(Gap(PHRASE, 384, 768).requests(Settings(instruments=(0,)))))

    assert isinstance(opened, Open)
    assert opened.constraints.instruments == (0,)
    pitches = [n.pitch for n in PHRASE.notes if n.instrument != DRUMS]
    assert opened.constraints.lowest == min(pitches) - 7
    assert opened.constraints.highest == max(pitches) + 7


def test_a_long_piece_is_told_in_messages_that_the_protocol_allows() -> None:
    notes = tuple(Note(i, 0, 60, 1, 80) for i in range(9000))
    gap = Gap(Phrase(notes, (), 120.0, (4, 4), {}), 6000, 6192)
    _, *listens, asked = gap.requests(Settings())

    assert max(len(r.events) for r in listens if isinstance(r, Listen)) == MOST_EVENTS
    assert isinstance(asked, Infill)
    assert asked.after[0].onset == 6192
    assert all(len(encode(r)) < 2**20 for r in (*listens, asked))


def test_what_stays_is_everything_but_the_gap() -> None:
    assert [n.onset for n in Gap(PHRASE, 384, 768).kept] == [
        n.onset for n in PHRASE.notes if n.onset < 384 or n.onset >= 768
    ]
