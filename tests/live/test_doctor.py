"""`antiphon doctor`, `ports` and `panic` on a machine with MIDI and on one without."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from antiphon.bridge import panic
from band import band
from far_side import FarSide

pytestmark = [pytest.mark.real, pytest.mark.slow]


def antiphon(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "antiphon.bridge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def last_json(result: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return found


def examined(folder: Path) -> dict[str, Any]:
    found = last_json(antiphon("doctor", "--rounds", "5", "--folder", folder, "--json"))
    assert (folder / "doctor.png").stat().st_size > 5000
    assert found["checks"]["engine"]["ok"]
    assert found["latency"]["missed"] == 0
    assert found["latency"]["key_to_answer"]["n"] == 5
    percentiles = [found["latency"]["key_to_answer"][f"p{p}"] for p in (50, 95, 99)]
    assert percentiles == sorted(percentiles)
    return found


@pytest.mark.usefixtures("jack")
def test_the_doctor_measures_through_real_ports(tmp_path: Path) -> None:
    found = examined(tmp_path)

    assert found["checks"]["midi"]["ok"]
    assert found["latency"]["through"] == "ports"
    assert found["latency"]["thru"]["n"] >= 25
    assert found["ways"]["latency-out"] == found["ways"]["latency-in"] > 0


@pytest.mark.usefixtures("no_midi")
def test_without_midi_the_doctor_measures_through_pipes_and_says_what_to_do(tmp_path: Path) -> None:
    found = examined(tmp_path)

    assert found["latency"]["through"] == "pipes"
    assert found["ways"] is None
    assert not found["checks"]["midi"]["ok"]
    assert "jackd" in found["checks"]["midi"]["text"]


@pytest.mark.usefixtures("no_midi")
def test_the_doctor_without_a_model_says_so_and_exits_3(tmp_path: Path) -> None:
    result = antiphon("doctor", "--bundle", tmp_path, "--folder", tmp_path)

    assert result.returncode == 3
    assert "bundle.json is missing" in result.stdout


def test_models_names_the_styles_there_are() -> None:
    styles = last_json(antiphon("models", "--json"))["styles"]
    told = " ".join(antiphon("models").stdout.split())

    assert styles
    assert ", ".join(styles) in told


@pytest.mark.usefixtures("jack")
def test_ports_are_listed_by_name(tmp_path: Path) -> None:
    with band(tmp_path):
        found = last_json(antiphon("ports", "--json"))

    assert any("Antiphon in" in name for name in found["midi_out"])
    assert any("Antiphon out" in name for name in found["midi_in"])


@pytest.mark.usefixtures("jack")
def test_panic_silences_a_port(tmp_path: Path) -> None:
    with band(tmp_path):
        far_side = FarSide("Antiphon out")
        result = antiphon("panic", "--out", "Antiphon in")
        assert result.returncode == 0, result.stderr
        # It goes in as a player's messages do, and comes through on the other side.
        heard = far_side.read_until(panic.panic()[-1])
        far_side.finish()

    assert [item.message for item in heard] == panic.panic()


@pytest.mark.usefixtures("no_midi")
def test_panic_without_midi_is_one_sentence_and_exit_3() -> None:
    result = antiphon("panic")

    assert (result.returncode, len(result.stderr.strip().splitlines())) == (3, 1)
