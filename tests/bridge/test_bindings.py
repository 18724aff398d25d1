from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import bindings, midi
from antiphon.bridge.bindings import ACTIONS, DIALS, Bindings, Learning, Taken, Trigger
from antiphon.engine.errors import UserError

TRIGGERS = st.builds(
    Trigger,
    st.sampled_from((midi.NOTE_ON, midi.CONTROL, midi.PROGRAM)),
    st.integers(0, 127),
    st.none() | st.integers(0, 15),
)


def bound(**texts: str) -> Bindings:
    return Bindings(bindings.table(texts))


@given(TRIGGERS)
def test_a_trigger_reads_as_it_is_written(trigger: Trigger) -> None:
    assert Trigger.parse(str(trigger)) == trigger


@given(st.dictionaries(TRIGGERS, st.sampled_from(ACTIONS)))
def test_a_table_reads_as_it_is_written(table: dict[Trigger, str]) -> None:
    table = {t: a for t, a in table.items() if t.kind == midi.CONTROL or a not in DIALS}
    assert bindings.table(bindings.texts(table)) == table


@pytest.mark.parametrize(
    ("action", "text", "complaint"),
    [
        ("panic", "cc", "no MIDI message; one reads 'cc 67'"),
        ("panic", "cc 67 ch 17", "channels? of MIDI"),
        ("panic", "cc 128", "0 to 127"),
        ("panic", "note H2", "no key"),
        ("fly", "cc 1", "there are handover, silence"),
        ("density", "note 36", "density is a dial"),
    ],
)
def test_what_cannot_be_bound_is_refused(action: str, text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        bindings.table({action: text})


def test_one_message_does_one_thing() -> None:
    with pytest.raises(UserError, match="cc 1 is bound to keep and to undo"):
        bindings.table({"keep": "cc 1", "undo": "cc 2, cc 1"})
    assert bindings.table({"keep": ""}) == {}


def test_a_bound_pad_acts_and_plays_no_note() -> None:
    pads = bound(keep="note C2 ch 10", panic="program 5")
    assert pads.take(midi.note_on(9, 36, 1)) == Taken("keep")
    assert pads.take(midi.note_off(9, 36)) == Taken(None)
    assert pads.take(midi.note_on(0, 36, 80)) is None
    assert pads.take(midi.note_off(0, 36)) is None
    assert pads.take(midi.program(3, 5)) == Taken("panic")
    assert pads.take(midi.program(3, 6)) is None


def test_a_pedal_fires_when_it_goes_down_and_not_again_while_it_is() -> None:
    pedal = bound(handover="cc 67")
    moves = (10, 63, 64, 100, 127, 64, 63, 0, 127, 0)
    taken = [pedal.take(midi.control(0, 67, value)) for value in moves]
    assert [t and t.action for t in taken] == [
        None, None, "handover", None, None, None, None, None, "handover", None,
    ]  # fmt: skip
    assert None not in taken


def test_a_dial_gives_where_it_stands() -> None:
    dial = bound(temperature="cc 20 ch 1")
    assert dial.take(midi.control(0, 20, 0)) == Taken("temperature", 0)
    assert dial.take(midi.control(0, 20, 127)) == Taken("temperature", 1)
    assert dial.take(midi.control(1, 20, 127)) is None


def test_one_channel_goes_before_any() -> None:
    keys = bound(keep="cc 20", undo="cc 20 ch 2")
    assert keys.take(midi.control(1, 20, 127)) == Taken("undo")
    assert keys.take(midi.control(2, 20, 127)) == Taken("keep")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.booleans()), max_size=40))
def test_what_is_played_ends_and_what_is_not_does_not(steps: list[tuple[int, int, bool]]) -> None:
    """Keys go down and up while what they are bound to changes."""
    tables = [bindings.table({"keep": text}) for text in ("note 0", "note 1 ch 1", "")]
    binding, down, silent = Bindings({}), set[int](), set[int]()
    for what, pitch, goes_down in steps:
        if what < len(tables):
            binding.change(tables[what])
        if goes_down:
            played = binding.take(midi.note_on(0, pitch, 64)) is None
            (down if played else silent).add(pitch)
        else:
            played = binding.take(midi.note_off(0, pitch)) is None
            assert played == (pitch in down or pitch not in silent)
            down.discard(pitch)
            silent.discard(pitch)


def test_learning_takes_the_next_press() -> None:
    learning = Learning("keep")
    for message in (midi.note_off(0, 60), bytes((0xE0, 0, 1)), midi.control(0, 20, 10)):
        assert learning.hear(message) is None
    assert learning.hear(midi.note_on(9, 36, 80)) == Trigger.parse("note 36 ch 10")
    assert learning.hear(midi.control(0, 20, 64)) == Trigger.parse("cc 20 ch 1")
    assert learning.hear(midi.program(0, 4)) == Trigger.parse("program 4 ch 1")


def test_a_dial_learns_controllers_only() -> None:
    learning = Learning("temperature")
    assert learning.hear(midi.note_on(9, 36, 80)) is None
    assert learning.hear(midi.control(2, 20, 1)) == Trigger.parse("cc 20 ch 3")


def test_what_is_learnt_takes_the_place_of_what_was() -> None:
    table = bindings.table({"keep": "cc 1", "undo": "cc 2"})
    table = bindings.learnt(table, "keep", Trigger.parse("cc 2"))
    assert bindings.texts(table) == {"keep": "cc 2"}
    with pytest.raises(UserError):
        Learning("fly")
