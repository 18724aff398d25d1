"""Writes the index that ReaPack installs the scripts from.

python make_index.py BASE VERSION > index.xml

BASE is the address of the folder `plugin-templates` where the release can be fetched, and VERSION
the release's number.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

HERE = Path(__file__).parent
TEMPLATES = HERE.parent
ACTIONS = ("antiphon_continue.lua", "antiphon_fill.lua", "antiphon_live.lua")
EFFECT = "antiphon_live.jsfx"
CLIENT = ("antiphon.lua", "msgpack.lua", "zmtp.lua")
DESCRIPTION = "Antiphon: continue items, fill gaps, answer live"


def index(base: str, version: str, time: datetime) -> str:
    """The whole index; one package that holds all scripts and the effect."""
    root = ElementTree.Element("index", version="1", name="Antiphon")
    category = ElementTree.SubElement(root, "category", name="Antiphon")
    package = ElementTree.SubElement(
        category, "reapack", name="Antiphon", type="script", desc=DESCRIPTION
    )
    release = ElementTree.SubElement(
        package, "version", name=version, author="Antiphon", time=f"{time:%Y-%m-%dT%H:%M:%SZ}"
    )
    for file, source in files().items():
        entry = ElementTree.SubElement(release, "source", file=file)
        if file in ACTIONS:
            entry.set("main", "main")
        if file == EFFECT:
            entry.set("type", "effect")
        entry.text = f"{base.rstrip('/')}/{quote(source.relative_to(TEMPLATES).as_posix())}"
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def files() -> dict[str, Path]:
    """Where ReaPack puts each file, beside the actions, and where it lies here."""
    own = {name: HERE / name for name in (*ACTIONS, EFFECT)}
    own |= {f"lib/{path.name}": path for path in sorted((HERE / "lib").glob("*.lua"))}
    return own | {f"lib/{name}": TEMPLATES / "protocol" / "lua" / name for name in CLIENT}


if __name__ == "__main__":
    sys.stdout.write(index(sys.argv[1], sys.argv[2], datetime.now(UTC)))
