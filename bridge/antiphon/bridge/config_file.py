"""The configuration file: where it is, what it says, and how a line of it is changed.

It is TOML. What its keys mean is others' business: `flags` for the options of a command, `bindings`
for the table [midi].
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import Any

from antiphon.engine.errors import FileRefused, UserError

from .wholefile import put_whole

MIDI = "midi"
"""The table of bindings; all other keys stand above it."""
_NAME = Path("antiphon") / "config.toml"


def where() -> Path:
    """Where the file is, or would be."""
    home = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(home) / _NAME


def read(path: Path) -> str:
    """Its text, empty if there is none; FileRefused if it cannot be read. [may block]"""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused(f"The configuration {path} cannot be read: {error}.") from error


def parse(text: str, path: Path) -> dict[str, Any]:
    """What it says; UserError with the line where it is no TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"The configuration {path} is no TOML: {error}.") from None


def place(text: str, path: Path, key: str, table: str = "") -> str:
    """Where a key of a table stands, for a sentence that complains about it."""
    inside = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := re.match(r"\s*\[([^\[\]]+)\]", line):
            inside = header[1].strip()
        found = inside == table and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line)
        if found or (table == "" and inside == key):
            return f"{path}, line {number}"
    return str(path)


def with_key(text: str, key: str, value: Any) -> str:
    """The text with a key set, `midi.panic` being one of a table; comments stay."""
    import tomlkit

    document = tomlkit.parse(text)
    table, name = _split(key)
    if table and table not in document:
        document[table] = tomlkit.table()
    (document[table] if table else document)[name] = value
    return tomlkit.dumps(document)


def without_key(text: str, key: str) -> str:
    """The text without a key; UserError if it has none."""
    import tomlkit

    document = tomlkit.parse(text)
    table, name = _split(key)
    owner: Any = document.get(table, {}) if table else document
    if name not in owner:
        raise UserError(f"The configuration does not say {key!r}; `antiphon config` shows it.")
    del owner[name]
    return tomlkit.dumps(document)


def write(path: Path, text: str) -> None:
    """Put it on disk, whole; FileRefused if that cannot be. [may block]"""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FileRefused(f"{path.parent} cannot be made: {error.strerror}.") from error
    put_whole(path, text.encode())


def _split(key: str) -> tuple[str, str]:
    """Table and name, the table empty for keys above all tables."""
    table, dot, name = key.partition(".")
    return (table, name) if dot else ("", key)
