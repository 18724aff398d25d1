"""Pages that are written by a program say what the program would say today."""

from __future__ import annotations

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.engine import notes, protocol, wishes
from make_protocol import field_docs

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("script", "page"), [("make_protocol.py", "PROTOCOL.md"), ("make_states.py", "docs/states.md")]
)
def test_the_page_is_up_to_date(script: str, page: str, tmp_path: Path) -> None:
    subprocess.run([sys.executable, ROOT / "docs" / script, tmp_path], check=True)
    assert (tmp_path / page).read_text() == (ROOT / page).read_text(), "run `make docs`"


def structs(module: types.ModuleType) -> list[type[Any]]:
    found = [kind for kind in vars(module).values() if isinstance(kind, type)]
    return [
        kind
        for kind in found
        if issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__
    ]


@pytest.mark.parametrize(
    "kind", [kind for module in (protocol, notes, wishes) for kind in structs(module)]
)
def test_every_field_on_the_wire_has_its_words(kind: type[Any]) -> None:
    assert kind.__doc__
    named = {field.name for field in msgspec.structs.fields(kind)}
    assert named == field_docs(kind).keys() & named
    assert all(text.endswith(".") for text in field_docs(kind).values())
