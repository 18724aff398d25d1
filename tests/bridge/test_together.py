"""Both play at once: what is committed sounds, what is not is made anew at every change."""

from __future__ import annotations

from antiphon.bridge import midi
from antiphon.bridge.actions import Action
from antiphon.bridge.config import Mode, Settings
from antiphon.bridge.effects import Tell
from antiphon.bridge.session import Session
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import INSTRUMENTS, PIANO, Note, NoteOff, NoteOn, Pedal
from antiphon.engine.protocol import Answer, Cancel, Heard, Listen, Notes, Rewind
from theatre import MS, Theatre, asked

BASS = INSTRUMENTS.index("bass")
SETTINGS = Settings(mode=Mode.TOGETHER, instruments=(BASS,))


def bass(t: Theatre, *onsets_and_pitches: tuple[int, int], length: int = 20) -> None:
    """The engine decides on these notes."""
    notes = tuple(Note(onset, BASS, pitch, length, 80) for onset, pitch in onsets_and_pitches)
    t.engine.replies.append(Notes(1, asked(t).generation, notes))


def requests(t: Theatre) -> list[object]:
    return [r for r in t.engine.told if not isinstance(r, Heard)]


def sounded(t: Theatre) -> list[tuple[float, str, int]]:
    return [(ms, word, pitch) for ms, word, _, pitch in t.answered()]


def test_the_first_key_brings_the_others_in() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80), midi.note_on(0, 64, 80))
    t.at(20)

    assert t.states == ["together"]
    rewind, listen, answer = requests(t)[-3:]
    assert rewind == Rewind(1, 14, True)
    assert listen == Listen(1, (NoteOn(0, 0, 60, 80), NoteOn(0, 0, 64, 80)))
    assert isinstance(answer, Answer)
    assert (answer.start, answer.prompt) == (14, False)
    assert answer.constraints is not None
    assert answer.constraints.instruments == (BASS,)
    assert PIANO in answer.constraints.never


def test_a_new_chord_takes_back_what_was_only_planned() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(20)
    bass(t, (20, 36), (40, 38), (60, 40))
    t.at(300, midi.note_off(0, 60), midi.note_on(0, 57, 80))
    t.at(320)
    commit = asked(t).start
    assert commit == 44
    assert requests(t)[-3] == Rewind(1, commit, True)
    bass(t, (50, 33))
    t.at(1000)

    assert sounded(t) == [
        (200, "on", 36), (400, "off", 36), (400, "on", 38), (500, "on", 33), (600, "off", 38),
        (700, "off", 33),
    ]  # fmt: skip


def test_what_sounds_goes_on_when_the_chord_changes() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(20)
    bass(t, (20, 36), length=200)
    t.at(300, midi.note_on(0, 57, 80))
    t.at(2500)

    assert sounded(t) == [(200, "on", 36), (2200, "off", 36)]


def test_a_chord_is_one_change() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(4, midi.note_on(0, 64, 80))
    t.at(8, midi.note_on(0, 67, 80))
    t.at(100)

    assert sum(isinstance(r, Answer) for r in t.engine.told) == 1


def test_the_players_instrument_is_never_asked_for() -> None:
    t = Theatre(Settings(mode=Mode.TOGETHER, instruments=(PIANO, BASS)))
    t.at(0, midi.note_on(0, 60, 80))
    t.at(20)
    rules = asked(t).constraints

    assert rules is not None
    assert rules.instruments == (BASS,)


def test_without_wishes_somebody_else_than_the_player_plays_along() -> None:
    for program in (0, 32, 48):
        t = Theatre(Settings(mode=Mode.TOGETHER))
        t.at(0, bytes((0xC0, program)), midi.note_on(0, 40, 80))
        t.at(20)
        rules = asked(t).constraints
        assert rules is not None
        assert rules.instruments
        assert program // 8 not in rules.instruments


def test_after_eight_beats_of_rest_the_model_leaves_off_too() -> None:
    t = Theatre(SETTINGS)
    t.play(0, 60)
    t.at(120)
    bass(t, *((n, 36) for n in range(20, 600, 20)))
    t.at(3900)
    assert t.states == ["together"]
    t.at(4000)

    assert t.states == ["together", "idle"]
    assert requests(t)[-2:] == [Cancel(1), Rewind(1, 394)]
    t.at(5000)
    ons = sum(word == "on" for _, word, _ in sounded(t))
    assert ons == sum(word == "off" for _, word, _ in sounded(t)) == 19


def test_while_a_key_is_held_it_goes_on() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(6000)

    assert t.states == ["together"]
    assert t.stage.next_ns() is None


def test_the_mode_can_change_while_both_play() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(20)
    bass(t, (20, 36), length=400)
    t.at(300)
    t.stage.act(t.now_ns, Action.MODE)
    assert sounded(t)[-1] == (300, "off", 36)
    assert t.states == ["together", "idle"]

    t.at(310, midi.note_off(0, 60))
    t.at(400, midi.note_on(0, 62, 80))
    assert t.states[-1] == "listening"


def test_an_engine_that_comes_back_hears_both_and_goes_on() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(20)
    bass(t, (20, 36), (40, 38), (60, 40))
    t.at(450)
    t.engine.present = False
    t.at(500)
    assert sounded(t)[-1][1] == "off"
    t.engine.present = True
    t.at(520)

    _, listen, answer = requests(t)[-3:]
    assert isinstance(listen, Listen)
    assert listen.events == (
        NoteOn(0, 0, 60, 80), NoteOn(20, BASS, 36, 80), NoteOff(40, BASS, 36),
        NoteOn(40, BASS, 38, 80), NoteOff(45, BASS, 38),
    )  # fmt: skip
    assert isinstance(answer, Answer)
    assert answer.start > t.now_ns // (10 * MS)


def test_what_was_said_to_an_earlier_request_does_not_sound() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80))
    t.at(20)
    stale = asked(t).generation
    t.at(300, midi.note_on(0, 57, 80))
    t.at(320)
    t.engine.replies.append(Notes(1, stale, (Note(60, BASS, 36, 20, 80),)))
    t.at(1000)

    assert sounded(t) == []


def test_before_the_one_nobody_is_told_of_a_time_before_it() -> None:
    session = Session(SETTINGS, Timeline.at(125, 5_000 * MS))
    effects = session.midi(0, midi.note_on(0, 60, 80)) + session.tick(20 * MS)
    effects += session.silence(40 * MS)
    ticks = [
        tick
        for effect in effects
        if isinstance(effect, Tell)
        for tick in (getattr(effect.request, name, 0) for name in ("tick", "start", "position"))
    ]

    assert len(ticks) > 9
    assert min(ticks) == 0


def test_a_program_chosen_while_a_key_is_held_leaves_the_key_what_it_was() -> None:
    t = Theatre(SETTINGS)
    t.at(0, midi.note_on(0, 60, 80), midi.control(0, midi.SUSTAIN, 127))
    t.at(100, midi.program(0, 48))
    t.at(200, midi.note_off(0, 60), midi.control(0, midi.SUSTAIN, 0))
    t.at(300)

    assert t.engine.heard_events()[-2:] == [NoteOff(20, PIANO, 60), Pedal(20, PIANO, False)]
    t.at(5000)
    assert t.states == ["together", "idle"]
