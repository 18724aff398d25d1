"""The plugins of every format in a small host of ours, which plays them hard and watches them."""

from __future__ import annotations

import functools
import platform
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest

from engines import EngineProcess
from scratch import scratch
from studio import Message, balance, plugins

pytestmark = pytest.mark.real

SOURCES = Path(__file__).with_name("host")
HEADERS = Path("/usr/share/dpf/distrho/src")
BINARIES = {
    "clap": "{name}.clap",
    "lv2": "{name}.lv2/",
    "vst3": f"{{name}}.vst3/Contents/{platform.machine()}-linux/{{name}}.so",
}
EFFECT, INSTRUMENT = "antiphon-effect", "antiphon-instrument"
ABOUT = {
    ("clap", EFFECT): "about antiphon.effect Antiphon note-effect",
    ("clap", INSTRUMENT): "about antiphon.instrument Antiphon Instrument instrument note-effect",
    ("lv2", EFFECT): "about urn:antiphon:effect Antiphon",
    ("lv2", INSTRUMENT): "about urn:antiphon:instrument Antiphon Instrument",
    ("vst3", EFFECT): "about Antiphon",
    ("vst3", INSTRUMENT): "about Antiphon Instrument",
}


@functools.cache
def host() -> str:
    """The host, built."""
    program = scratch("host") / "host"
    lilv = subprocess.run(
        ["pkg-config", "--cflags", "--libs", "lilv-0"], check=True, capture_output=True, text=True
    )
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-rdynamic"]
    flags += ["-fms-extensions"]  # DPF's VST3 headers have unnamed structs that have a tag
    headers = [f"-I{HEADERS}", f"-I{HEADERS / 'clap'}"]
    sources = sorted(map(str, SOURCES.glob("*.c")))
    libraries = [*lilv.stdout.split(), "-ldl", "-lm", "-lpthread"]
    command = ["gcc", *flags, *headers, *sources, "-o", str(program), *libraries]
    subprocess.run(command, check=True)
    return str(program)


def run(
    form: str, name: str, port: int, instances: int, phrases: int, *more: str
) -> tuple[int, list[str], str]:
    """Exit code, lines of standard output, and standard error."""
    binary = f"{plugins()}/{BINARIES[form].format(name=name)}"
    command = [host(), form, binary, str(port), str(instances), str(phrases), "1", *more]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr


def messages(lines: list[str], direction: str) -> dict[int, list[Message]]:
    """What went in or out, by instance."""
    found: dict[int, list[Message]] = defaultdict(list)
    for line in lines:
        kind, *numbers = line.split()
        if kind == direction:
            instance, *message = map(int, numbers)
            found[instance].append(Message(*message))
    return found


@pytest.mark.parametrize(("form", "name"), ABOUT)
def test_a_thousand_phrases_in_real_time(form: str, name: str) -> None:
    with EngineProcess() as engine:
        code, lines, said = run(form, name, engine.port, 64, 16)
    assert (code, said) == (0, ""), said
    assert lines[0] == ABOUT[form, name]

    played, sent = messages(lines, "in"), messages(lines, "out")
    answered = 0
    for instance, own in played.items():
        out = sent[instance]
        assert not balance(out)
        assert [m.sample for m in out] == sorted(m.sample for m in out)
        assert set(out) >= set(own)
        answered += sum(m.strikes for m in out) - sum(m.strikes for m in own)
    assert answered > 250


@pytest.mark.parametrize("form", BINARIES)
def test_what_a_plugin_must_not_do_in_the_audio_thread_would_be_noticed(form: str) -> None:
    code, _, said = run(form, EFFECT, 1, 1, 2, "careless")
    assert code != 0
    assert said.endswith(" in the audio thread\n")
