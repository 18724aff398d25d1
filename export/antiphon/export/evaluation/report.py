"""A file of figures, a section for each command that measures; what is old is replaced."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

from antiphon.engine.errors import FileRefused

from ..wholefile import whole

HEAD = """# Benchmarks

Every section was written by the command that it names. Figures of time are of one machine, taken
side by side: only their ratios mean something elsewhere.
"""


def put(file: Path, title: str, command: str, text: str, today: date) -> None:
    """Write a section of tables into a report, in place of the one of that title; else at its end.

    The report is begun if it is not there, and written whole or not at all. Raises FileRefused if
    it cannot be read or written.
    """
    try:
        report = file.read_text() if file.exists() else HEAD
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"{file} cannot be read ({error}).") from None
    section = f"## {title}\n\n`{command}`, {today}.\n\n```\n{text}\n```\n"
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.DOTALL | re.MULTILINE)
    if old.search(report):
        report = old.sub(
            lambda found: section + ("\n" if found.end() < len(report) else ""), report
        )
    else:
        report = f"{report}\n{section}"
    with whole(file) as fresh:
        fresh.write_text(report)
