"""What the player's settings ask of the engine, and of the sounds that answer."""

from __future__ import annotations

from msgspec.structs import replace

from antiphon.bridge import midi
from antiphon.bridge.config import Settings
from antiphon.bridge.recording import Recording
from antiphon.bridge.registers import REGISTERS
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import DRUM_CHANNEL, DRUMS, Note
from antiphon.engine.wishes import Blend, Constraints, Range
from theatre import Theatre

PEDAL = (midi.control(0, midi.SOFT, 127), midi.control(0, midi.SOFT, 0))


def constraints(settings: Settings) -> Constraints:
    """What may answer two keys of a violin, 50 and 60."""
    t = Theatre(settings)
    t.at(0, midi.program(0, 40))
    t.play(10, 50, 60)
    t.at(300, *PEDAL)
    asked = t.engine.asked.constraints
    assert asked is not None
    return asked


def test_a_blend_and_an_example_are_told_with_the_session_and_the_end_with_each_answer() -> None:
    blend = Blend("Bach", "Chopin", 0, 1)
    example = (Note(0, 0, 60, 24, 80),)
    t = Theatre(Settings(blend=blend, example=example, ends=5000))
    t.play(10, 50, 60)
    t.at(300, *PEDAL)

    (opened,) = t.engine.openings()
    assert (opened.blend, opened.example) == (blend, example)
    assert t.engine.asked.ends == 5000


def test_unless_asked_for_there_is_no_blend_no_example_and_no_end() -> None:
    t = Theatre()
    t.play(10, 50, 60)
    t.at(300, *PEDAL)

    (opened,) = t.engine.openings()
    assert (opened.blend, opened.example, t.engine.asked.ends) == (None, (), None)


def test_instruments_that_were_not_heard_so_far_have_a_register_of_their_own() -> None:
    for instruments in ((0,), (5, 4), (DRUMS,)):
        asked = constraints(Settings(instruments=instruments))
        homes = tuple(Range(i, *REGISTERS[i]) for i in sorted(instruments) if i != DRUMS)
        assert asked == Constraints(tuple(sorted(instruments)), ranges=homes)

    assert constraints(Settings(instruments=(5,))) == Constraints((5,), 43, 67)


def test_keys_that_were_asked_for_go_before_the_register() -> None:
    own = Constraints(ranges=(Range(4, 10, 100),))
    assert constraints(Settings(instruments=(4,), rules=own)) == replace(own, instruments=(4,))
    all_of_them = Constraints(lowest=1, highest=90)
    asked = constraints(Settings(instruments=(4,), rules=all_of_them))
    assert asked == replace(all_of_them, instruments=(4,))


def test_rules_are_told_with_the_session_and_with_each_answer() -> None:
    rules = Constraints(scale="A minor", polyphony=3, never=(DRUMS,))
    t = Theatre(Settings(rules=rules))
    t.play(10, 50, 60)
    t.at(300, *PEDAL)

    (opened,) = t.engine.openings()
    asked = t.engine.asked.constraints
    assert asked is not None
    for told in (opened.constraints, asked):
        assert (told.scale, told.polyphony, told.never) == ("A minor", 3, (DRUMS,))


def test_of_many_instruments_the_ten_most_heard_answer() -> None:
    t = Theatre()
    for family in range(12):
        t.at(10 * family, midi.program(family if family < 9 else family + 1, 8 * family))
    for family in range(12):
        channel = family if family < 9 else family + 1
        for i in range(12 - family):
            at = 200 + 100 * family + 5 * i
            t.at(at, midi.note_on(channel, 60 + i, 80), midi.note_off(channel, 60 + i))
    t.at(2000, *PEDAL)
    asked = t.engine.asked.constraints

    assert asked is not None
    assert asked.instruments == tuple(range(10))


def test_the_answer_sounds_as_it_was_asked_to() -> None:
    t = Theatre(Settings(instruments=(5, DRUMS), programs=(42,)))
    t.play(10, 50, 60)
    t.at(300, *PEDAL)
    t.engine.answers(Note(t.engine.asked.start, 5, 50, 24, 80))
    t.at(900)
    sounds = [m for m in t.sent if midi.kind(m) == midi.PROGRAM]

    assert {(midi.channel(m) != DRUM_CHANNEL, m[1]) for m in sounds} == {(True, 42)}


def test_what_is_written_down_knows_the_sounds_asked_for() -> None:
    recording = Recording(Timeline.at(125, 0), (42,))
    recording.answers_on(1, 5)
    recording.answers_on(2, 7)
    recording.sounded(0, midi.note_on(1, 50, 80))
    recording.sounded(0, midi.note_on(2, 50, 80))

    assert recording.programs == {5: 42, 7: 56}
