"""Puts together what Live installs: the Max for Live device, and the Remote Script for clips.

python build.py OUT

OUT/max/             Antiphon.amxd with its scripts: drag the .amxd into Live, leave them together
OUT/remote-script/   Antiphon, a folder for "User Library/Remote Scripts"

The device needs py2max; where that is missing, there is none.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
PROTOCOL = HERE.parent / "protocol"
DEVICE_SCRIPTS = (
    *(HERE / "max" / name for name in ("antiphon_m4l.js", "clock.js", "partner.js")),
    *(PROTOCOL / "js" / name for name in ("antiphon.js", "msgpack.js", "zmtp.js")),
)


def build(out: Path) -> None:
    """Write both into a folder, in place of what was there."""
    _write_script(_emptied(out / "remote-script" / "Antiphon"))
    _write_device(_emptied(out / "max"))


def _write_script(folder: Path) -> None:
    clean = shutil.ignore_patterns("__pycache__")
    shutil.copytree(HERE / "remote-script" / "Antiphon", folder, ignore=clean, dirs_exist_ok=True)
    client = PROTOCOL / "python" / "antiphon_client"
    shutil.copytree(client, folder / "antiphon_client", ignore=clean)


def _write_device(folder: Path) -> None:
    from device import write_device  # py2max is for the device only

    for source in DEVICE_SCRIPTS:
        shutil.copy(source, folder)
    write_device(folder / "Antiphon.amxd")


def _emptied(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Say where to: python build.py build")
    try:
        build(Path(sys.argv[1]))
    except ModuleNotFoundError as error:
        if error.name != "py2max":
            raise
        sys.exit("The Remote Script is built. For the Max device: pip install py2max, and again.")
