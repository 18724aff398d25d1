"""Who sounds on which channel: the answer never where the player is."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.channels import Channels
from antiphon.engine.notes import DRUM_CHANNEL, DRUMS

instruments = st.integers(0, DRUMS - 1)


def test_a_channel_whose_sound_the_player_chose_is_the_players() -> None:
    channels = Channels()
    channels.heard_program(1, 40)

    assert channels.of_answer(0) == 2


def test_the_answer_moves_when_the_player_takes_its_channel() -> None:
    channels = Channels()
    assert (channels.of_answer(0), channels.of_answer(5)) == (1, 2)

    channels.instrument(1)

    assert (channels.of_answer(0), channels.of_answer(5)) == (3, 2)


def test_the_players_sound_is_the_answers_of_that_family_but_a_drum_kit_is_no_piano() -> None:
    channels = Channels()
    channels.heard_program(0, 4)
    channels.heard_program(DRUM_CHANNEL, 1)

    assert channels.setup([0, DRUMS]) == [(1, 4)]


def test_instruments_of_the_answer_share_a_channel_when_none_is_free() -> None:
    channels = Channels()
    for channel in range(14):
        channels.instrument(channel)

    assert [channels.of_answer(i) for i in (0, 1, 2, DRUMS)] == [14, 15, 15, DRUM_CHANNEL]


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 15), instruments), max_size=60))
def test_pitched_answers_never_sound_on_the_drums_nor_the_players_while_one_is_free(
    steps: list[tuple[bool, int, int]],
) -> None:
    channels, player = Channels(), {0}
    for plays, channel, instrument in steps:
        if plays:
            channels.instrument(channel)
            player.add(channel)
        used = channels.of_answer(instrument)
        assert used != DRUM_CHANNEL
        assert used not in player or len(player - {DRUM_CHANNEL}) == 15
