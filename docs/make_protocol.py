"""Writes PROTOCOL.md from `antiphon/engine/protocol.py`, its docstrings and the golden bytes.

python docs/make_protocol.py [FOLDER]    default: the repository's root
"""

from __future__ import annotations

import ast
import json
import sys
import types
import typing
from collections.abc import Iterator
from inspect import cleandoc
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import NODEFAULT, inspect

from antiphon.engine import notes, protocol, wishes

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "plugin-templates" / "protocol" / "golden.json"
MODULES = (protocol, notes, wishes)
SIDES = (
    ("client", "From the client", protocol.Request),
    ("engine", "From the engine", protocol.Reply),
)
PARTS: tuple[tuple[type[Any], str], ...] = (
    (notes.Note, "Note"),
    (notes.NoteOn, "NoteOn"),
    (notes.NoteOff, "NoteOff"),
    (notes.Pedal, "Pedal"),
    (wishes.Constraints, "Constraints"),
    (wishes.Range, "Range"),
    (wishes.Chord, "Chord"),
    (wishes.Feel, "Feel"),
    (wishes.Blend, "Blend"),
)
HEAD = """\
<!-- Written by docs/make_protocol.py from engine/antiphon/engine/protocol.py: change that. -->

# The protocol, version {version}

{text}
"""
PARTS_HEAD = """\
## Parts of messages

Notes and key events are arrays; constraints, feel and blend are maps in which a field with a
default may be left out.
"""
GOLDEN_NOTE = """\
Instruments are numbered {instruments}.
The examples are those of `plugin-templates/protocol/golden.json`, which every client's tests read.
The engine listens on `{endpoint}` unless told otherwise.
"""


def markdown() -> str:
    """The whole page."""
    sections = [HEAD.format(version=protocol.VERSION, text=_prose(protocol.__doc__ or ""))]
    instruments = ", ".join(f"{i} {name}" for i, name in enumerate(notes.INSTRUMENTS))
    sections.append(GOLDEN_NOTE.format(instruments=instruments, endpoint=protocol.DEFAULT_ENDPOINT))
    for side, title, union in SIDES:
        sections.append(f"## {title}\n")
        sections += [_message(kind, side) for kind in typing.get_args(union)]
    sections.append(PARTS_HEAD)
    sections += [_part(kind, name) for kind, name in PARTS]
    return "\n".join(sections)


def field_docs(kind: type[Any]) -> dict[str, str]:
    """The string literal under each field of a struct; fields without one are missing."""
    return _all_docs()[kind.__name__]


def _message(kind: type[Any], side: str) -> str:
    name = kind.__struct_config__.tag
    lines = [f"### `{name}`\n", _prose(kind.__doc__ or ""), ""]
    lines += _table(kind)
    lines += [line for example in _examples(str(name), side) for line in example]
    return "\n".join(lines)


def _part(kind: type[Any], name: str) -> str:
    tag = kind.__struct_config__.tag
    first = f', an array that begins with `"{tag}"`' if tag else ""
    title = f"### {name}{first}\n"
    idea, *_ = cleandoc(kind.__doc__ or "").split("\n\n")
    return "\n".join([title, idea, "", *_table(kind)])


def _table(kind: type[Any]) -> list[str]:
    fields = msgspec.structs.fields(kind)
    if not fields:
        return ["No fields.", ""]
    lines = ["| field | type | if left out | meaning |", "|---|---|---|---|"]
    docs = field_docs(kind)
    hints = typing.get_type_hints(kind, include_extras=True)
    for field in fields:
        absent = "must be there" if field.required else _default(field)
        meaning = _line(docs[field.name])
        lines.append(f"| `{field.name}` | {_type(hints[field.name])} | {absent} | {meaning} |")
    return [*lines, ""]


def _type(hint: Any) -> str:
    return _described(inspect.type_info(hint)).replace("|", "\\|")


def _described(info: inspect.Type) -> str:
    match info:
        case inspect.Metadata(type=inner):
            return _described(inner)
        case inspect.IntType():
            return "integer" + _range(info)
        case inspect.FloatType():
            return "number" + _range(info)
        case inspect.StrType(max_length=longest):
            return "text" + (f", at most {longest} characters" if longest else "")
        case inspect.BoolType():
            return "true or false"
        case inspect.NoneType():
            return "nil"
        case inspect.VarTupleType(item_type=item, max_length=most):
            return f"array of {_described(item)}" + (f", at most {most}" if most else "")
        case inspect.TupleType(item_types=items):
            return "array of " + " and ".join(_described(item) for item in items)
        case inspect.UnionType(types=kinds):
            return " or ".join(_described(kind) for kind in kinds)
        case inspect.StructType(cls=cls):
            return f"`{cls.__name__}`"
    raise TypeError(f"no words for {info}")


def _range(info: inspect.IntType | inspect.FloatType) -> str:
    low = _bound("≥", info.ge) or _bound(">", info.gt)
    high = _bound("≤", info.le) or _bound("<", info.lt)
    return "".join(f", {bound}" for bound in (low, high) if bound)


def _bound(sign: str, value: float | None) -> str:
    if value is None:
        return ""
    power = int(value).bit_length() - 1
    if value == int(value) >= 2**16:
        above = int(value) == 2**power
        value_text = f"2^{power}" if above else f"2^{power + 1} − 1"
    else:
        value_text = f"{value:g}"
    return f"{sign} {value_text}"


def _default(field: msgspec.structs.FieldInfo) -> str:
    value = field.default if field.default is not NODEFAULT else field.default_factory()
    if isinstance(value, msgspec.Struct):
        return "all its defaults"
    if value is None:
        return "nil"
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value}" if value or value == 0 else "empty"


def _examples(name: str, side: str) -> Iterator[list[str]]:
    for example in json.loads(GOLDEN.read_text()):
        if example["from"] == side and example["message"][0] == name:
            frame = " ".join(_bytes(example["hex"]))
            yield ["```", json.dumps(example["message"]), frame, "```", ""]


def _line(text: str) -> str:
    """A field's words on one line of a table; what Python calls None is nil on the wire."""
    return " ".join(text.split()).replace("None", "nil").replace("|", "\\|")


def _bytes(text: str) -> Iterator[str]:
    return (text[i : i + 2] for i in range(0, len(text), 2))


def _all_docs() -> dict[str, dict[str, str]]:
    docs: dict[str, dict[str, str]] = {}
    for module in MODULES:
        for node in _source(module).body:
            if isinstance(node, ast.ClassDef):
                docs[node.name] = dict(_documented(node.body))
    return docs


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for statement, below in pairwise(body):
        match statement, below:
            case (
                ast.AnnAssign(target=ast.Name(id=name)),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                yield name, cleandoc(text)


def _source(module: types.ModuleType) -> ast.Module:
    return ast.parse(Path(str(module.__file__)).read_text())


def _prose(text: str) -> str:
    """A docstring as markdown: indented scenes become code blocks."""
    lines: list[str] = []
    in_code = False
    for raw in cleandoc(text).splitlines():
        line = raw.rstrip()
        indented = line.startswith("    ") and bool(line.strip())
        if indented and not in_code:
            lines += ["", "```"] if lines[-1] else ["```"]
        elif in_code and not indented:
            lines += ["```"] if not line else ["```", ""]
        in_code = indented
        lines.append(line.strip() if not indented else line[4:])
    return "\n".join([*lines, "```"] if in_code else lines)


def main() -> None:
    """Write the page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    (folder / "PROTOCOL.md").write_text(markdown())


if __name__ == "__main__":
    main()
