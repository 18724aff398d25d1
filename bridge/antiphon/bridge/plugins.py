"""The built plugins, and the folders in which hosts look for plugins."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from antiphon.engine.errors import MachineError, UserError

_WINDOWS = sys.platform == "win32"
BUILT = Path("build/plugins/windows" if _WINDOWS else "build/plugins")
"""Where `make vst` or `make vst-windows` puts them, seen from Antiphon's own folder."""
_HOW = "`make vst-windows` builds them, on Linux" if _WINDOWS else "`make vst` builds them"
KINDS = ("vst3", "clap", "lv2")
NAME = "antiphon"
"""All of ours begin with it."""


class Plugin(NamedTuple):
    """A plugin in one format, on its way from where it was built to where hosts look."""

    built: Path
    installed: Path


def folder_of(kind: str, platform: str, home: Path, env: Mapping[str, str]) -> Path:
    """Where hosts look for a user's own plugins of a kind, on a platform (`sys.platform`)."""
    if platform == "darwin":
        return home / "Library/Audio/Plug-Ins" / kind.upper()
    if platform == "win32" and kind == "lv2":
        return Path(env.get("APPDATA", home / "AppData/Roaming")) / "LV2"
    if platform == "win32":
        local = Path(env.get("LOCALAPPDATA", home / "AppData/Local"))
        return local / "Programs/Common" / kind.upper()
    return home / f".{kind}"


def built(folder: Path) -> list[Plugin]:
    """The plugins in a folder. UserError if there are none. [may block]"""
    found = sorted(path for kind in KINDS for path in folder.glob(f"{NAME}*.{kind}"))
    if not found:
        raise UserError(f"There are no plugins in {folder}; {_HOW}, in Antiphon's own folder.")
    return [Plugin(path, _folder(path.suffix[1:]) / path.name) for path in found]


def installed() -> list[Path]:
    """Ours, where hosts look. [may block]"""
    return sorted(path for kind in KINDS for path in _folder(kind).glob(f"{NAME}*.{kind}"))


def install(plugin: Plugin) -> None:
    """Put it where hosts look, in place of an older one. MachineError if it cannot. [may block]

    A host may have the old one open: the new one is moved into its place, never written into it.
    """
    fresh = plugin.installed.with_name(f".new-{plugin.installed.name}")
    try:
        plugin.installed.parent.mkdir(parents=True, exist_ok=True)
        _remove(fresh)
        copy = shutil.copytree if plugin.built.is_dir() else shutil.copy2
        copy(plugin.built, fresh)
        remove(plugin.installed)
        fresh.rename(plugin.installed)
    except OSError as error:
        raise MachineError(f"Cannot write {plugin.installed}: {error.strerror or error}.") from None


def remove(path: Path) -> None:
    """Take an installed plugin away. MachineError if it cannot. [may block]"""
    try:
        _remove(path)
    except OSError as error:
        raise MachineError(f"Cannot remove {path}: {error.strerror}.") from None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _folder(kind: str) -> Path:
    return folder_of(kind, sys.platform, Path.home(), os.environ)
