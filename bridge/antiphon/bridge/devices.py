"""The MIDI and audio devices of this machine, by name, and the means to silence them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from typing import Any

from antiphon.engine.errors import MachineError, NoMidiSystem, NoSoundCard

from . import panic
from .clock import SystemClock
from .ports import list_inputs, list_outputs, open_output

DEEP_PAUSE_NS = 3_000_000
"""Pause between keys' worth of messages in a deep panic, so that a DIN cable keeps up."""


@dataclass(frozen=True, slots=True)
class Devices:
    """What is there, and why what is not is not."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    why_no_midi: str
    audio: tuple[str, ...]
    why_no_audio: str

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {
            "midi_in": self.inputs,
            "midi_out": self.outputs,
            "midi": self.why_no_midi or "ok",
            "audio_out": self.audio,
            "audio": self.why_no_audio or "ok",
        }

    def lines(self) -> list[str]:
        """For people."""
        groups = (
            ("MIDI in", self.inputs, self.why_no_midi),
            ("MIDI out", self.outputs, self.why_no_midi),
            ("Audio out", self.audio, self.why_no_audio),
        )
        lines = []
        for title, names, why in groups:
            lines.append(f"{title}:")
            lines += [f"  {name}" for name in names] or [f"  none. {why}".rstrip()]
        return lines


def devices() -> Devices:
    """Look at everything; what fails is said, not raised. [may block]"""
    inputs: list[str] = []
    outputs: list[str] = []
    audio: list[str] = []
    why_no_midi = why_no_audio = ""
    try:
        inputs, outputs = list_inputs(), list_outputs()
    except NoMidiSystem as error:
        why_no_midi = str(error)
    try:
        audio = _list_audio()
    except MachineError as error:
        why_no_audio = str(error)
    return Devices(tuple(inputs), tuple(outputs), why_no_midi, tuple(audio), why_no_audio)


def _list_audio() -> list[str]:
    """Names of the audio outputs, asked for in a child: some broken systems abort who asks."""
    command = [sys.executable, "-m", "antiphon.bridge.sound", "--list"]
    asked = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    if asked.returncode:
        raise NoSoundCard(
            f"The audio system is broken: looking at it ends with {asked.returncode}."
            " Mend ALSA's configuration, then try again."
        )
    answer = json.loads(asked.stdout)
    if not answer["ok"]:
        raise NoSoundCard(answer["why"])
    return [str(name) for name in answer["devices"]]


def silence_ports(name: str | None, deep: bool) -> list[str]:
    """Send a panic to one output, or to every one; returns their names. [may block]

    Raises NoMidiSystem if there is nothing to send to, PortNotFound if none has that name.
    """
    clock = SystemClock()
    silenced = []
    for port in [name] if name is not None else list_outputs():
        output = open_output(port)
        for i, message in enumerate(panic.deep_panic() if deep else panic.panic()):
            output.send(message)
            if i % 16 == 15:
                clock.doze_until(clock.now_ns() + DEEP_PAUSE_NS)
        output.close()
        silenced.append(output.name)
    return silenced
