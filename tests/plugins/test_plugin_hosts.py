"""The plugins in a host, with the real engine: who answers when, and that nothing hangs.

Every studio has a track for each format, which are played alike: real time passes but once.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from engines import EngineProcess
from studio import CONTROL, RATE, TICKS_PER_BEAT, Message, Studio, Track, balance

pytestmark = pytest.mark.real

EFFECTS = ("antiphon-effect.vst3", "antiphon-effect.lv2")
ALL = (*EFFECTS, "antiphon-instrument.vst3", "antiphon-instrument.lv2")
PHRASE = (60, 64, 67)
SOON = 80
"""Beats within which anything must have happened."""


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess() as engine:
        yield engine


def play(studio: Studio, beat: float) -> None:
    """A short phrase on every track that begins so many beats from now, an eighth a key."""
    eighth = studio.samples_per_beat / 2
    for n, key in enumerate(PHRASE):
        begin = studio.sample + round(beat * studio.samples_per_beat + n * eighth)
        for track in studio.tracks:
            track.press(begin, key, round(eighth * 0.9))


def all_sound(studio: Studio) -> bool:
    """Whether on every track a note of the engine's sounds at this moment."""
    return all(balance(answers(track)) for track in studio.tracks)


def none_sound(studio: Studio) -> bool:
    """Whether on no track any note sounds."""
    return not any(balance(track.heard) for track in studio.tracks)


def answers(track: Track) -> list[Message]:
    """What came out that is not the phrase."""
    return [m for m in track.heard if m.status & 0xF0 != CONTROL and m.key not in PHRASE]


def endless(engine: EngineProcess, bpm: float = 240) -> Studio:
    """A studio in which the engine has begun to play without end."""
    studio = Studio(bpm)
    for name in EFFECTS:
        studio.track(name, engine.port).set(Mode="Endless", Begins_on="Beat")
    play(studio, beat=2)
    assert studio.roll(SOON, until=lambda: all_sound(studio)), "no answer"
    return studio


@pytest.mark.parametrize("bpm", [240, 173.75])
def test_a_phrase_is_answered_on_the_bar_and_on_its_samples(
    engine: EngineProcess, bpm: float
) -> None:
    with Studio(bpm, block=200) as studio:
        for name in ALL:
            studio.track(name, engine.port).set(Bars=1)
        play(studio, beat=5)
        studio.roll(14)

        per_tick = studio.samples_per_beat / TICKS_PER_BEAT
        for track in studio.tracks:
            first = answers(track)[0].sample
            bars = round(first / studio.samples_per_beat / 4)
            assert first == round(bars * 4 * studio.samples_per_beat)
            assert bars >= 2
            for message in answers(track):
                assert message.sample == round(round(message.sample / per_tick) * per_tick)


def test_the_players_key_goes_through_as_it_is_and_ends_the_answer(engine: EngineProcess) -> None:
    with endless(engine) as studio:
        key = studio.sample + 777
        for track in studio.tracks:
            track.press(key, 61, 500)
        studio.roll(0.5)

        for track in studio.tracks:
            last = {m.sample for m in answers(track) if m.key != 61 and m.sample >= key}
            assert last == {key}
            assert [m.sample for m in track.heard if m.key == 61][-2:] == [key, key + 500]
        assert none_sound(studio)


def test_a_new_tempo_leaves_the_answer_on_its_ticks(engine: EngineProcess) -> None:
    with endless(engine) as studio:
        before = [len(track.heard) for track in studio.tracks]
        then, at, studio.bpm = studio.beat, studio.sample, 200
        studio.roll(10)

        for track, known in zip(studio.tracks, before, strict=True):
            later = track.heard[known:]
            assert later
            for message in later:
                beat = then + (message.sample - at) / studio.samples_per_beat
                off = beat - round(beat * TICKS_PER_BEAT) / TICKS_PER_BEAT
                assert abs(off * studio.samples_per_beat) <= 1


def test_a_loop_and_a_stop_leave_nothing_hanging(engine: EngineProcess) -> None:
    with endless(engine) as studio:
        for beats in (4, 6.5, 1):
            studio.roll(5)
            studio.beat -= beats
        studio.roll(5)
        struck = [sum(m.strikes for m in answers(track)) for track in studio.tracks]
        studio.playing = False
        studio.roll(0.5)

        assert min(struck) > 5
        assert none_sound(studio)


def test_without_transport_it_plays_in_time_of_its_own(engine: EngineProcess) -> None:
    with Studio(bpm=240) as studio:
        studio.playing = False
        for name in EFFECTS:
            studio.track(name, engine.port).set(Bars=1)
        play(studio, beat=1)
        assert studio.roll(SOON, until=lambda: all_sound(studio))


def test_a_killed_engine_leaves_no_note_and_is_found_again() -> None:
    with EngineProcess() as engine, endless(engine) as studio:
        for _ in range(2):
            engine.kill()
            killed = studio.sample
            assert studio.roll(8, until=lambda: none_sound(studio))
            assert studio.sample - killed < 0.6 * RATE
            engine.start()
            # It goes on by itself, as it was asked to.
            assert studio.roll(SOON, until=lambda: all_sound(studio))


def test_a_frozen_engine_leaves_no_note() -> None:
    with EngineProcess() as engine, endless(engine) as studio:
        engine.freeze()
        studio.roll(1.5 * studio.bpm / 60)
        assert none_sound(studio)
        engine.thaw()


def test_trading_keeps_to_the_bars(engine: EngineProcess) -> None:
    with Studio(bpm=300) as studio:
        for name in EFFECTS:
            studio.track(name, engine.port).set(Mode="Trade", Bars=1, Answers_with="Anything")
        for bar in (0, 2):
            play(studio, beat=4 * bar + 1)
        studio.roll(17)

        for track in studio.tracks:
            begun = [m.sample / studio.samples_per_beat for m in answers(track) if m.strikes]
            assert begun
            assert all(beat % 8 >= 3.99 for beat in begun)


def test_together_others_play_while_the_player_does(engine: EngineProcess) -> None:
    with Studio(bpm=300) as studio:
        for name in EFFECTS:
            studio.track(name, engine.port).set(Mode="Together", Answers_with="Anything")
        for beat in range(2, 18, 2):
            play(studio, beat=beat)
        studio.roll(20)
        channels = [{m.status & 0x0F for m in answers(t) if m.strikes} for t in studio.tracks]
        studio.roll(16)

        for playing in channels:
            assert playing
            assert 0 not in playing, "the player's own instrument"
        assert none_sound(studio), "the player rests, but the engine does not"


def test_what_is_set_is_saved_with_the_project(engine: EngineProcess) -> None:
    wanted: dict[str, float | str] = {
        "Mode": "Trade", "Silence": 2.5, "Begins on": "Beat", "Bars": 3, "Style": 2, "Take": 99,
        "My instrument": "Guitar", "Answers with": "Bass", "Heat": 1.25, "Density": 7, "Thru": 0,
        "Port": 7777,
    }  # fmt: skip
    with Studio() as studio:
        for name in ALL:
            first, second = (studio.track(name, engine.port) for _ in range(2))
            before = {key: first.get(key) for key in wanted}
            first.set(**{key.replace(" ", "_"): value for key, value in wanted.items()})
            studio.roll(0.1)
            second.plugin.set_state(first.plugin.get_state())
            studio.roll(0.1)

            assert all(second.get(key) == first.get(key) != before[key] for key in wanted)


def test_panic_ends_the_answer(engine: EngineProcess) -> None:
    with endless(engine) as studio:
        for track in studio.tracks:
            track.set(Panic=1)
        studio.roll(0.2)
        assert none_sound(studio)


def test_what_is_no_key_goes_through_and_is_not_taken_for_playing(engine: EngineProcess) -> None:
    with Studio(bpm=300) as studio:
        for name in EFFECTS:
            track = studio.track(name, engine.port)
            for n in range(48):
                track.send(Message(RATE // 2 + n * 100, CONTROL + n % 16, 121, 0))
        studio.roll(16)
        assert [len(track.heard) for track in studio.tracks] == [48, 48]


def test_a_thousand_phrases_leave_nothing_hanging(engine: EngineProcess) -> None:
    tracks, each, own = 64, 16, 90
    chance = random.Random(5)
    with Studio(bpm=300, block=512) as studio:
        for n in range(tracks):
            track = studio.track(EFFECTS[n % 2], engine.port)
            track.set(Silence=0.25, Begins_on=("As soon as can be", "Beat", "Bar")[n % 3], Bars=1)
            at = RATE
            for _ in range(each):
                for _ in range(chance.randint(1, 3)):
                    track.press(at, chance.randint(48, 84), 2000, own)
                    at += 2400
                at += chance.randint(RATE // 8, RATE * 3 // 4)
        assert studio.roll(2 * SOON, until=lambda: all(track.played for track in studio.tracks))
        for track in studio.tracks:
            track.set(Mode="Off")
        studio.roll(0.5)

        struck = [m for track in studio.tracks for m in track.heard if m.strikes]
        assert none_sound(studio)
        assert sum(m.velocity == own for m in struck) >= tracks * each
        assert sum(m.velocity != own for m in struck) > tracks * each / 4
