from __future__ import annotations

from antiphon.bridge import panic


def test_silence_ends_known_notes_first_then_pedal_then_the_channels() -> None:
    assert panic.silence({(9, 36), (0, 60)}, [9, 0]) == [
        bytes(message)
        for message in (
            (0x80, 60, 0),
            (0x89, 36, 0),
            (0xB0, 64, 0),
            (0xB0, 123, 0),
            (0xB0, 120, 0),
            (0xB9, 64, 0),
            (0xB9, 123, 0),
            (0xB9, 120, 0),
        )
    ]


def test_silence_touches_no_channel_it_is_not_told() -> None:
    assert panic.silence([], []) == []


def test_panic_has_the_size_the_cable_was_measured_with() -> None:
    assert sum(map(len, panic.silence([], panic.ALL_CHANNELS))) == 144
    assert sum(map(len, panic.panic())) == 144 + 128


def test_panic_puts_controllers_to_rest_after_the_silence() -> None:
    messages = panic.panic([(3, 70)])
    assert messages[0] == bytes((0x83, 70, 0))
    assert messages[1:49] == panic.silence([], panic.ALL_CHANNELS)
    assert bytes((0xE3, 0, 64)) in messages[49:]


def test_deep_panic_ends_every_key_there_is() -> None:
    messages = panic.deep_panic()
    ends = messages[len(panic.panic()) :]
    assert len(set(ends)) == len(ends) == 2048
    assert sum(map(len, ends)) == 6144
