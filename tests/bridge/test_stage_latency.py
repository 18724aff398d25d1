"""A stage whose ways in and out take their time: keys are dated back, notes are sent sooner."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from antiphon.bridge import midi
from antiphon.bridge.compensation import Compensation
from antiphon.bridge.config import Mode, Settings
from antiphon.bridge.grid import Grid
from antiphon.bridge.timeline import Timeline
from antiphon.engine.notes import Note, NoteOn
from antiphon.engine.protocol import Answer, Rewind
from theatre import MS, PEDAL, Theatre

WAYS = st.builds(
    lambda out_ms, in_ms: Compensation(out_ms * MS, in_ms * MS),
    st.integers(0, 300),
    st.integers(0, 300),
)


def theatre(latency: Compensation, **wishes: object) -> Theatre:
    return Theatre(Settings(latency=latency, **wishes))  # type: ignore[arg-type]


@given(WAYS)
@settings(max_examples=20, deadline=None)
def test_keys_count_from_when_they_were_struck(latency: Compensation) -> None:
    t = theatre(latency)
    t.play(1000, 60, 62, 64)

    struck = [event.tick for event in t.engine.heard_events() if isinstance(event, NoteOn)]
    back = latency.input_ns // MS
    assert struck == [(at - back) // 10 for at in (1000, 1100, 1200)]


@given(WAYS, st.sampled_from(Grid))
@settings(max_examples=30, deadline=None)
def test_an_answer_is_sent_as_much_sooner_as_it_takes_to_be_heard(
    latency: Compensation, grid: Grid
) -> None:
    t = theatre(latency, grid=grid, metre=(4, 4))
    ended_ms = t.play(1000, 60, 62, 64)
    t.at(ended_ms + 100, *PEDAL)
    start = t.engine.asked.start
    t.engine.answers(Note(start, 0, 70, 5, 80), Note(start + 20, 0, 72, 5, 80))
    t.at(start * 10 + 1000)

    on = [(ms, pitch) for ms, word, _, pitch in t.answered() if word == "on"]
    out_ms = latency.output_ns // MS
    assert on == [(start * 10 - out_ms, 70), (start * 10 + 200 - out_ms, 72)]
    assert on[0][0] > ended_ms + 100, "nobody knew of it before"
    assert t.struck == [(start, 70), (start + 20, 72)], "it is written down as it is heard"
    assert t.stage.scheduler.late == 0


@given(WAYS)
@settings(max_examples=20, deadline=None)
def test_nothing_is_sent_before_it_is_known_that_the_phrase_is_over(latency: Compensation) -> None:
    t = theatre(latency)
    t.play(1000, 60, 62, 64)
    prepared = False
    while "answering" not in t.states:
        t.at(t.now_ns / MS + 1)
        if not prepared and any(isinstance(request, Answer) for request in t.engine.told):
            t.engine.answers(Note(t.engine.asked.start, 0, 70, 5, 80))
            prepared = True
    assert prepared
    over_ms = t.now_ns / MS
    t.at(over_ms + 1500)

    sent = [ms for ms, word, _, pitch in t.answered() if (word, pitch) == ("on", 70)]
    assert len(sent) == 1
    assert over_ms <= sent[0] <= over_ms + 30, "and then it does not wait"


def test_a_tempo_that_changes_in_mid_answer_is_kept_ahead_of_too() -> None:
    t = theatre(Compensation(output_ns=40 * MS))
    t.at(t.play(1000, 60, 62, 64), *PEDAL)
    start = t.engine.asked.start
    t.engine.answers(*(Note(start + n * 48, 0, 70 + n, 5, 80) for n in range(4)))
    t.at(start * 10 + 100)
    timeline = t.stage.session.timeline
    faster = timeline.with_tempo(250, timeline.tick_at(t.now_ns))
    t.stage.retime(t.now_ns, faster)
    t.at(start * 10 + 2000)

    on = [ms for ms, word, _, _ in t.answered() if word == "on"]
    due = [faster.time_at(start + n * 48) / MS for n in range(1, 4)]
    assert [abs(sent - (ms - 40)) <= 1 for sent, ms in zip(on[1:], due, strict=True)] == [True] * 3


def test_what_is_sent_already_is_not_made_anew_when_playing_together() -> None:
    near, far = (
        theatre(Compensation(output_ns=out * MS), mode=Mode.TOGETHER, instruments=(4,))
        for out in (0, 80)
    )
    committed = []
    for t in (near, far):
        t.at(1000, midi.note_on(0, 60, 80))
        t.at(1100)
        committed.append([r.tick for r in t.engine.told if isinstance(r, Rewind)][-1])

    assert committed[1] - committed[0] == 8


def test_ticks_do_not_go_back_when_the_tempo_has_just_become_faster() -> None:
    t = theatre(Compensation(input_ns=100 * MS))
    t.at(1000, midi.note_on(0, 60, 80))
    now_ns = t.now_ns
    line = t.stage.session.timeline
    tick = line.tick_at(now_ns)
    t.stage.retime(now_ns, Timeline(line.ns_per_beat // 4, tick, line.time_at(tick)))
    t.at(1001, midi.note_off(0, 60))

    ticks = [event.tick for event in t.engine.heard_events()]  # type: ignore[attr-defined]
    assert ticks == sorted(ticks)


@given(WAYS, st.integers(0, 600))
@settings(max_examples=40, deadline=None)
def test_the_engine_remembers_what_was_on_its_way_when_the_answer_was_stopped(
    latency: Compensation, after_ms: int
) -> None:
    t = theatre(latency)
    t.at(t.play(1000, 60, 62, 64), *PEDAL)
    start = t.engine.asked.start
    t.engine.answers(*(Note(start + 3 * n, 0, 70, 2, 80) for n in range(40)))
    t.at(t.now_ns / MS + 10 + after_ms, *PEDAL)

    forgotten = next(r.tick for r in reversed(t.engine.told) if isinstance(r, Rewind))
    struck = [tick for tick, _ in t.struck]
    remembered = [start + 3 * n for n in range(40) if start + 3 * n < forgotten]
    assert t.states[-1] == "idle"
    assert struck in (remembered, [*remembered, forgotten]), "but for what is struck in that tick"
    t.play(t.now_ns / MS + 1, 65)
    ticks = [e.tick for e in t.engine.heard_events() if isinstance(e, NoteOn)]
    assert ticks == sorted(ticks)
    assert forgotten == start or ticks[-1] >= forgotten
