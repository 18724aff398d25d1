"""A command's options as keys of the configuration: read from the command, so never out of step.

`--answer-beats 8` is `answer-beats = 8`, `--no-sound` is `sound = false`, and an option that may be
given several times is a list. Values are judged by the command itself, as if they were flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from antiphon.engine.errors import UserError

UsageError: type[typer.BadParameter] = typer.BadParameter.__bases__[0]
"""What is raised where a command line is not understood: Typer has a name for one kind only."""

_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False, "on": True, "off": False}


class Refused(UserError):
    """A value that the command does not take, or a key that it does not have."""

    def __init__(self, key: str, why: str) -> None:
        super().__init__(f"{key}: {why}")
        self.key, self.why = key, why


class Flags:
    """The options of one command."""

    def __init__(self, command: Any) -> None:
        """`command` is Typer's."""
        self._command = command
        options = [p for p in command.params if p.param_type_name == "option"]
        self._options = {p.opts[0].removeprefix("--"): p for p in options if p.name != "help"}

    @property
    def keys(self) -> tuple[str, ...]:
        """What may be set."""
        return tuple(self._options)

    def check(self, values: Mapping[str, Any]) -> None:
        """Refused, with a reason, for what may not be set or not so. [may block]"""
        arguments = [word for key, value in values.items() for word in self._words(key, value)]
        try:
            self._command.make_context(self._command.name, arguments).close()
        except UsageError as error:
            option = getattr(error, "param", None)
            key = option.opts[0].removeprefix("--") if option else self._command.name
            raise Refused(key, f"{plain(error.message)}.") from None

    def defaults(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values by the names that the command knows them by: Click's `default_map`."""
        return {self._options[key].name: _plain(value) for key, value in values.items()}

    def typed(self, key: str, texts: list[str]) -> Any:
        """The value that stands for what was typed, to be written down; Refused if it cannot be."""
        option = self._option(key)
        if option.multiple:
            return texts
        if len(texts) != 1:
            raise Refused(key, f"takes one value, not {len(texts)}.")
        if option.is_bool_flag:
            if texts[0].lower() not in _BOOLEANS:
                raise Refused(key, f"{texts[0]!r} is neither true nor false.")
            return _BOOLEANS[texts[0].lower()]
        annotation = option.type_descriptor.annotation
        return _number(texts[0], annotation) if annotation in (int, float) else texts[0]

    def _words(self, key: str, value: Any) -> list[str]:
        """The flags that say the same."""
        option = self._option(key)
        if option.is_bool_flag:
            if not isinstance(value, bool):
                raise Refused(key, f"{value!r} is neither true nor false.")
            return [option.opts[0] if value else option.secondary_opts[0]]
        if isinstance(value, list) and not option.multiple:
            raise Refused(key, "takes one value, not a list.")
        plain = _plain(value)
        words = plain if isinstance(plain, list) else [plain]
        return [f"{option.opts[0]}={word}" for word in words]

    def _option(self, key: str) -> Any:
        if key not in self._options:
            raise Refused(key, f"there is no such key; there are {', '.join(self.keys)}.")
        return self._options[key]


def plain(complaint: str) -> str:
    """What Typer complains of, without its jargon and its full stop."""
    return complaint.replace("Value error, ", "").rstrip(".")


def _plain(value: Any) -> Any:
    """A value as on a command line: text, or a list of texts, or whether."""
    if isinstance(value, list):
        return [str(one) for one in value]
    return value if isinstance(value, bool) else str(value)


def _number(text: str, kind: type[int] | type[float]) -> Any:
    """The number, or the text as it is if it is none: the command says why it will not do."""
    try:
        return kind(text)
    except ValueError:
        return text
