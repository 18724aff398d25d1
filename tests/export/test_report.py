"""Sections of a report are replaced by title and stay where they are; others are left alone."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from antiphon.engine.errors import FileRefused
from antiphon.export.evaluation.report import HEAD, put

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


def test_a_report_is_begun_and_grows(tmp_path: Path) -> None:
    file = tmp_path / "BENCHMARKS.md"
    put(file, "Bits", "antiphon evaluate", "a 1", MONDAY)
    put(file, "Speed", "antiphon bench", "b 2", TUESDAY)

    assert file.read_text() == (
        f"{HEAD}\n## Bits\n\n`antiphon evaluate`, 2026-11-23.\n\n```\na 1\n```\n"
        "\n## Speed\n\n`antiphon bench`, 2026-11-24.\n\n```\nb 2\n```\n"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["BENCHMARKS.md"]


def test_what_is_measured_anew_takes_its_old_place(tmp_path: Path) -> None:
    file, expected = tmp_path / "again.md", tmp_path / "once.md"
    for title in ("Bits", "Bits of others", "Speed"):
        put(file, title, "old", f"{title} old \\1", MONDAY)
    for title in ("Speed", "Bits", "Bits of others"):
        put(file, title, "new", f"{title} new \\1", TUESDAY)
    for title in ("Bits", "Bits of others", "Speed"):
        put(expected, title, "new", f"{title} new \\1", TUESDAY)

    assert file.read_text() == expected.read_text()


def test_a_report_that_cannot_be_written_is_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"\xff")
    with pytest.raises(FileRefused, match="cannot be read"):
        put(tmp_path / "file", "Bits", "x", "1", MONDAY)
    with pytest.raises(FileRefused, match="cannot be written"):
        put(tmp_path / "file" / "report.md", "Bits", "x", "1", MONDAY)


def test_words_around_the_sections_stay(tmp_path: Path) -> None:
    file = tmp_path / "BENCHMARKS.md"
    file.write_text("# Ours\n\nHello.\n\n## Mine\n\nText.\n")
    put(file, "Bits", "x", "1", MONDAY)
    put(file, "Bits", "x", "2", MONDAY)

    assert file.read_text().startswith("# Ours\n\nHello.\n\n## Mine\n\nText.\n\n## Bits\n")
    assert file.read_text().endswith("```\n2\n```\n")
    assert "```\n1\n" not in file.read_text()
