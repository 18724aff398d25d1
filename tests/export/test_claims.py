"""What a run bears out and what it does not, and the tables it is told in."""

from __future__ import annotations

import json

from antiphon.export.bench import claims, genai, llama, ours, table
from antiphon.export.bench.bench import Findings
from antiphon.export.bench.child import Start
from antiphon.export.bench.claims import Claim
from antiphon.export.bench.contender import Form
from antiphon.export.bench.decoding import Decoding, Figures, Shape
from antiphon.export.bench.live import Load
from antiphon.export.bench.overhead import Overhead
from antiphon.export.bench.subject import Precision

FLOATS, RECOMMENDED = Precision(32, 32), Precision(8, 8)


def decoding(sessions: int, steps: dict[Form, float]) -> Decoding:
    """Every floor is one millisecond."""
    return Decoding(sessions, {form: Figures(ms, 1.0) for form, ms in steps.items()})


def found(
    one: dict[Form, float], many: dict[Form, float] | None = None, loads: tuple[Load, ...] = ()
) -> Findings:
    shape = Shape("small: 1 M weights", decoding(1, one), decoding(16, many or one))
    overheads = [Overhead(1, 500, 40), Overhead(16, 100, 30)]
    return Findings(Start(1.0, 0.8, 200), overheads, {"small": shape}, loads, ["Nobody came."])


def verdicts(findings: Findings, word: str) -> list[Claim]:
    return [claim for claim in claims.of(findings) if word in claim.text]


def test_the_floor_is_asked_of_what_ships_and_of_32_bit() -> None:
    run = found({Form(ours.NAME, FLOATS): 1.4, Form(ours.NAME, RECOMMENDED): 2.1,
                 Form(ours.NAME, Precision(4, 8)): 9})  # fmt: skip

    assert [(c.measured, c.holds) for c in verdicts(run, "reading its bytes")] == [
        (1.4, True),
        (2.1, False),
    ]


def test_peers_count_by_the_bits_of_their_weights_whatever_their_cache() -> None:
    run = found({
        Form(ours.NAME, RECOMMENDED): 2.0,
        Form(genai.NAME, RECOMMENDED): 2.5,
        Form(genai.NAME, Precision(8, 32)): 4.0,
        Form(llama.NAME, Precision(4, 16)): 1.0,
    })  # fmt: skip

    (even,) = verdicts(run, "the fastest peer's")
    assert (even.measured, even.holds) == (0.8, True)
    (faster,) = verdicts(run, "float cache")
    assert (faster.measured, faster.holds) == (2.0, True)


def test_throughput_is_compared_with_llama_at_its_best() -> None:
    run = found(
        {Form(ours.NAME, RECOMMENDED): 1.0},
        {
            Form(ours.NAME, RECOMMENDED): 10,
            Form(genai.NAME, RECOMMENDED): 11,
            Form(llama.NAME, Precision(8, 16)): 30,
            Form(llama.NAME, Precision(8, 8), "flash attention"): 19,
        },
    )

    (more,) = verdicts(run, "throughput")
    assert (more.measured, more.holds) == (1.9, False)


def test_without_peers_nothing_is_said_of_them() -> None:
    alone = found({Form(ours.NAME, RECOMMENDED): 1.0})

    assert not verdicts(alone, "peer")
    assert not verdicts(alone, "llama")


def test_overhead_start_and_memory() -> None:
    run = found({Form(ours.NAME, RECOMMENDED): 1.0})

    assert [(c.measured, c.holds) for c in verdicts(run, "not the model's")] == [
        (0.08, True),
        (0.3, False),
    ]
    assert all(claim.holds for claim in verdicts(run, "ready"))


def load(
    sessions: int = 8,
    room: int = 8,
    refused: int = 0,
    answers: int = 80,
    slowest: float = 50,
    dry: int = 0,
) -> Load:
    start = {"p50": 1.0, "p95": 2.0, "p99": 3.0, "max": slowest}
    return Load(sessions, room, refused, 60.0, 16.0, answers, start, 0, dry, 0.5, 250.0, 1.0)


def hold(*loads: Load) -> bool:
    judged = verdicts(found({Form(ours.NAME, RECOMMENDED): 1.0}, loads=loads), "live")
    return all(claim.holds for claim in judged)


def test_who_is_let_in_is_answered_in_time_and_never_runs_dry() -> None:
    assert hold(load())
    assert not hold(load(answers=7))
    assert not hold(load(slowest=51))
    assert not hold(load(dry=1))


def test_who_was_asked_for_is_let_in_and_later_ones_just_when_there_is_room() -> None:
    full = load(sessions=10, refused=2)

    assert hold(load(), full)
    assert not hold(full)
    assert not hold(load(refused=1), full)
    assert not hold(load(), load(sessions=10, refused=1))
    assert not hold(load(), load(sessions=10, refused=3))


def test_text_and_json_tell_the_same() -> None:
    one = {Form(ours.NAME, FLOATS): 1.25, Form(llama.NAME, Precision(8, 16), "flash attention"): 3}
    run = found(one, loads=(load(dry=2), load(sessions=10, refused=2)))

    text, data = table.text(run), json.loads(table.as_json(run))

    (row,) = (line for line in text.splitlines() if line.startswith("Antiphon, 32 bit, cache 32"))
    assert row.split()[-6:] == ["1.25", "1.25", "–", "–", "1.25", "1.25"]
    assert "llama.cpp, 8 bit, cache 16, flash attention" in text
    assert "8 live sessions of 16.0 notes a second for 1.0 min, room for 8, 0 refused" in text
    assert "Nobody came." in text
    (shape,) = data["shapes"].values()
    alone = shape["decodings"][0]["contenders"]["Antiphon, 32 bit, cache 32"]
    assert (alone["step_ms"], alone["floor_ms"]) == (1.25, 1.0)
    assert [of["dry"] for of in data["live"]] == [2, 0]
    assert [claim["holds"] for claim in data["claims"]] == [c.holds for c in claims.of(run)]
    assert all(claim.line() in text for claim in claims.of(run))
