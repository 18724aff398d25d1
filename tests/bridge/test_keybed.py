from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge import midi
from antiphon.bridge.keybed import AS_PLAYED, Keybed, Mapping
from antiphon.bridge.loopback import Loopback

SOURCES = 2
MAPPINGS = (
    Mapping(),
    Mapping(transpose=1),
    Mapping(transpose=-1, fixed=1),
    Mapping(channels=(1,) * 16, curve=3),
    Mapping(split=2, lower=2),
    Mapping(transpose=-127),
)
KEYS = st.tuples(st.integers(0, SOURCES - 1), st.integers(0, 1), st.integers(0, 3))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("on"), KEYS),
        st.tuples(st.just("off"), KEYS),
        st.tuples(st.just("pedal"), KEYS),
        st.tuples(st.just("lift"), KEYS),
        st.tuples(st.sampled_from(MAPPINGS), KEYS),
    ),
    max_size=60,
)


def test_notes_are_mapped_and_end_where_they_began() -> None:
    keybed = Keybed([Mapping(transpose=12, curve=0.5, channels=(4, *AS_PLAYED[1:]))])
    assert keybed.play(0, midi.note_on(0, 60, 32)) == [midi.note_on(4, 72, 64)]
    keybed.change(0, Mapping())
    assert keybed.play(0, midi.note_on(0, 61, 32)) == [midi.note_on(0, 61, 32)]
    assert keybed.play(0, bytes((0xA0, 60, 9))) == [bytes((0xA4, 72, 9))]
    assert keybed.play(0, midi.note_off(0, 60)) == [midi.note_off(4, 72)]
    assert keybed.play(0, midi.note_off(0, 60)) == [midi.note_off(0, 60)], "as it is now"


def test_a_key_that_somebody_else_ended_on_the_same_bus_is_still_let_go() -> None:
    keybed, ours = Keybed([Mapping()]), Loopback()
    drum_on, drum_off = midi.note_on(9, 36, 80), midi.note_off(9, 36)
    answer_on = midi.note_on(9, 36, 90)
    ours.sent(1, answer_on)
    ours.sent(2, drum_off)
    came = [drum_on, answer_on, drum_off, drum_off]
    heard = [message for came_in in came for message in keybed.play(0, came_in)]
    assert [message for message in heard if not ours.swallows(3, message)] == [drum_on, drum_off]


def test_an_ending_without_a_beginning_leaves_a_key_that_is_held() -> None:
    keybed = Keybed([Mapping(), Mapping()])
    keybed.play(0, midi.note_on(0, 60, 80))
    assert keybed.play(1, midi.note_off(0, 60)) == []


def test_keys_below_the_split_have_a_channel_and_a_sound_of_their_own() -> None:
    keybed = Keybed([Mapping(split=48, lower=1, program=32)])
    assert keybed.setup() == [midi.program(1, 32)]
    assert keybed.play(0, midi.note_on(0, 47, 80)) == [midi.note_on(1, 47, 80)]
    assert keybed.play(0, midi.note_on(0, 48, 80)) == [midi.note_on(0, 48, 80)]
    assert keybed.play(0, midi.control(0, 64, 127)) == [midi.control(c, 64, 127) for c in (0, 1)]
    assert keybed.play(0, midi.program(0, 5)) == [midi.program(0, 5)]


def test_a_key_of_two_keyboards_sounds_until_both_let_go() -> None:
    keybed = Keybed([Mapping(), Mapping()])
    keybed.play(0, midi.note_on(0, 60, 80))
    keybed.play(1, midi.note_on(0, 60, 90))
    assert keybed.play(0, midi.note_off(0, 60)) == []
    assert keybed.lift(1) == [midi.note_off(0, 60)]


def test_what_vanishes_lets_go_of_everything() -> None:
    keybed = Keybed([Mapping(), Mapping()])
    for message in (midi.note_on(3, 60, 80), midi.control(3, 64, 90), bytes((0xE3, 1, 2))):
        keybed.play(0, message)
    keybed.play(1, midi.note_on(3, 61, 80))
    rest = [midi.control(3, 64, 0), bytes((0xE3, 0, 64))]
    assert keybed.lift(0) == [midi.note_off(3, 60), *rest]
    assert keybed.lift(0) == []


@given(STEPS)
def test_nothing_sticks_however_it_is_mapped_meanwhile(
    steps: list[tuple[str | Mapping, tuple[int, int, int]]],
) -> None:
    keybed, sounding = Keybed([Mapping()] * SOURCES), set[tuple[int, int]]()
    mappings, down = [Mapping()] * SOURCES, dict[tuple[int, int, int], tuple[int, int] | None]()
    pedals = set[int]()

    def hear(messages: list[bytes]) -> None:
        for message in messages:
            match midi.kind(message):
                case midi.NOTE_ON:
                    sounding.add((midi.channel(message), message[1]))
                case midi.NOTE_OFF:
                    sounding.discard((midi.channel(message), message[1]))
                case midi.CONTROL if message[2]:
                    pedals.add(midi.channel(message))
                case midi.CONTROL:
                    pedals.discard(midi.channel(message))

    for what, (source, channel, pitch) in steps:
        key = source, channel, pitch
        if isinstance(what, Mapping):
            keybed.change(source, what)
            mappings[source] = what
        elif what == "on":
            hear(keybed.play(source, midi.note_on(channel, pitch, 64)))
            down[key] = mappings[source].key(channel, pitch)
        elif what == "off":
            hear(keybed.play(source, midi.note_off(channel, pitch)))
            down.pop(key, None)
        elif what == "pedal":
            hear(keybed.play(source, midi.control(channel, 64, 127)))
        else:
            hear(keybed.lift(source))
            down = {one: to for one, to in down.items() if one[0] != source}
        assert sounding == {to for to in down.values() if to}
    for source in range(SOURCES):
        hear(keybed.lift(source))
    assert (sounding, pedals) == (set(), set())
