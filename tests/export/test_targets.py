"""Tables of figures with what they should be."""

from __future__ import annotations

from antiphon.export.audition.targets import TARGETS, Line, Target, lines, text

FIGURES = {"notes in key": 0.95, "notes in key, real": 0.97, "longest run": 30.0, "voices": 0.1}


def test_a_figure_stands_beside_its_real_namesake_and_its_target() -> None:
    assert list(lines(FIGURES)) == [
        Line("notes in key", 0.95, 0.97, TARGETS["notes in key"]),
        Line("longest run", 30.0, None, TARGETS["longest run"]),
        Line("voices", 0.1, None, None),
    ]


def test_a_target_is_kept_from_its_own_side() -> None:
    assert [Target(0.9).met(value) for value in (0.89, 0.9, 1.0)] == [False, True, True]
    assert [Target(24, least=False).met(value) for value in (24, 25)] == [True, False]


def test_the_table_says_what_is_as_it_should_be() -> None:
    heading, in_key, run, voices = text({"playing": FIGURES}).splitlines()

    assert heading.split() == ["playing", "model", "real", "target"]
    assert in_key.split()[-5:] == ["0.950", "0.970", "≥", "0.9", "yes"]
    assert run.split()[-4:] == ["30.000", "≤", "24", "NO"]
    assert voices.split() == ["voices", "0.100"]
