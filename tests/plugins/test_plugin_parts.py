"""The plugin's parts by themselves, the build, and what validators say of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from studio import BUILT, SOURCES, plugins

pytestmark = pytest.mark.real

LV2_SCHEMAS = Path("/usr/lib/lv2")
NOT_OURS = "http://moddevices.com/ns/mod#"
"""Properties that DPF adds for a device of that maker, unknown to the LV2 schemas."""


def test_the_parts_do_what_they_say() -> None:
    program = BUILT / "tests"
    subprocess.run(["make", "-j2", "-C", str(SOURCES), f"OUT={BUILT}", "tests"], check=True)
    ran = subprocess.run([program], capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    assert len(ran.stdout.splitlines()) > 25


def test_every_binary_is_small() -> None:
    built = [p for p in plugins().rglob("antiphon-*") if p.is_file() and p.suffix != ".ttl"]
    binaries = [p for p in built if not {"objects", "windows"} & {*p.relative_to(BUILT).parts}]
    assert len(binaries) == 8
    assert all(p.stat().st_size < 1_000_000 for p in binaries)


@pytest.mark.parametrize("variant", ["effect", "instrument"])
def test_lv2_is_valid(variant: str) -> None:
    described = sorted((plugins() / f"antiphon-{variant}.lv2").glob("*.ttl"))
    schemas = sorted(LV2_SCHEMAS.rglob("*.ttl"))
    command = ["sord_validate", *map(str, [*schemas, *described])]
    said = subprocess.run(command, capture_output=True, text=True).stderr
    errors = said.split("error: ")[1:]
    assert all(NOT_OURS in error for error in errors), said


def test_lv2_hosts_find_both() -> None:
    found = subprocess.run(
        ["lv2ls"], env=os.environ | {"LV2_PATH": str(lv2_only())}, capture_output=True, text=True
    )
    assert found.stdout.split() == ["urn:antiphon:effect", "urn:antiphon:instrument"]


def lv2_only() -> Path:
    """A folder with the LV2 bundles alone, as hosts expect it."""
    folder = BUILT / "objects" / "lv2"
    folder.mkdir(exist_ok=True)
    for bundle in plugins().glob("*.lv2"):
        link = folder / bundle.name
        if not link.exists():
            link.symlink_to(bundle)
    return folder
