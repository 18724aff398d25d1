"""Writes docs/states.md, the picture of whose turn it is, from the bridge's own state table.

python docs/make_states.py [FOLDER]    default: the repository's root
"""

from __future__ import annotations

import sys
from pathlib import Path

from antiphon.bridge import states

ROOT = Path(__file__).parent.parent
HEAD = """\
<!-- Written by docs/make_states.py from bridge/antiphon/bridge/states.py: change that. -->

# Whose turn it is

Every step there is; any other is refused and changes nothing.
"""


def markdown() -> str:
    """The page: a mermaid picture, then the same as a table."""
    arrows = [f"    {a.value} --> {b.value}: {event}" for (a, event), b in states.TABLE.items()]
    picture = ["```mermaid", "stateDiagram-v2", f"    [*] --> {_first()}", *arrows, "```", ""]
    table = ["| while | when | then |", "|---|---|---|"]
    table += [f"| {a.value} | {event} | {b.value} |" for (a, event), b in states.TABLE.items()]
    return "\n".join([HEAD, *picture, *table, ""])


def _first() -> str:
    return next(iter(states.State)).value


def main() -> None:
    """Write the page."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT
    (folder / "docs").mkdir(exist_ok=True)
    (folder / "docs" / "states.md").write_text(markdown())


if __name__ == "__main__":
    main()
