"""What the configuration file means: defaults for `antiphon play`, and MIDI bindings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from antiphon.engine.errors import UserError

from . import bindings, config_file
from .flags import Flags, Refused


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one file says, found to be sound."""

    values: Mapping[str, Any]
    """Options of `antiphon play`, as keys of the file."""
    bound: Mapping[str, str]
    """MIDI messages of actions, as texts."""

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {**self.values, **({config_file.MIDI: dict(self.bound)} if self.bound else {})}

    def lines(self) -> list[str]:
        """For people."""
        pairs = [*self.values.items()]
        pairs += [(f"{config_file.MIDI}.{action}", text) for action, text in self.bound.items()]
        return [f"{key} = {_shown(value)}" for key, value in pairs]


def load(flags: Flags, path: Path | None = None) -> Preferences:
    """What the file says, nothing if there is none; UserError with the line. [may block]"""
    path = path or config_file.where()
    return understood(config_file.read(path), path, flags)


def understood(text: str, path: Path, flags: Flags) -> Preferences:
    """What a text says; UserError with key, line and what is allowed."""
    values = config_file.parse(text, path)
    bound = values.pop(config_file.MIDI, {})
    try:
        flags.check(values)
    except Refused as error:
        raise UserError(f"{config_file.place(text, path, error.key)}: {error}") from None
    except UserError as error:
        raise UserError(f"{path}: {error}") from None
    _check_bound(bound, text, path)
    return Preferences(values, bound)


def bound(preferences: Preferences, flagged: Sequence[str] = ()) -> dict[bindings.Trigger, str]:
    """The bindings that hold: what is usual, then the file's, then flags as 'panic=cc 20'.

    Raises UserError for a flag that is not understood.
    """
    texts = bindings.USUAL | dict(preferences.bound)
    for flag in flagged:
        action, sign, text = flag.partition("=")
        if not sign:
            raise UserError(f"{flag!r} binds nothing; one reads 'panic=cc 20'.")
        texts[action.strip()] = text
    return bindings.table(texts)


def keep_learnt(action: str, trigger: bindings.Trigger) -> None:
    """Write a binding that was learnt into the file; what it displaces is bound no more.

    Raises UserError or FileRefused if the file cannot be changed. [may block]
    """
    path = config_file.where()
    text = config_file.read(path)
    before = bindings.USUAL | config_file.parse(text, path).get(config_file.MIDI, {})
    after = bindings.texts(bindings.learnt(bindings.table(before), action, trigger))
    for name in {*before, *after}:
        if after.get(name, "") != before.get(name):
            text = config_file.with_key(text, f"{config_file.MIDI}.{name}", after.get(name, ""))
    config_file.write(path, text)


def _check_bound(bound: Any, text: str, path: Path) -> None:
    if not isinstance(bound, dict):
        where = config_file.place(text, path, config_file.MIDI)
        raise UserError(f"{where}: midi is a table; one reads 'panic = \"cc 20\"' below [midi].")
    for action, message in bound.items():
        where = config_file.place(text, path, action, config_file.MIDI)
        if not isinstance(message, str):
            raise UserError(f"{where}: {action} is bound to a text, like 'note 36 ch 10'.")
        try:
            bindings.table({action: message})
        except UserError as error:
            raise UserError(f"{where}: {error}") from None
    try:
        bindings.table(bound)
    except UserError as error:
        raise UserError(f"{path}: {error}") from None


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)
