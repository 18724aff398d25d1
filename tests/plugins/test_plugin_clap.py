"""The CLAP plugins in a small host of ours that plays them hard and watches the audio thread."""

from __future__ import annotations

import functools
import subprocess
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from engines import EngineProcess
from studio import Message, balance, plugins

pytestmark = pytest.mark.real

HEADERS = Path("/usr/share/dpf/distrho/src/clap")


@functools.cache
def host() -> str:
    """The host, built."""
    program = Path(tempfile.mkdtemp(prefix="antiphon-claphost-")) / "claphost"
    source = Path(__file__).with_name("claphost.c")
    flags = ["-O1", "-Wall", "-Wextra", "-Werror", "-rdynamic", f"-I{HEADERS}"]
    command = ["gcc", *flags, str(source), "-o", str(program), "-ldl", "-lm", "-lpthread"]
    subprocess.run(command, check=True)
    return str(program)


def run(name: str, port: int, instances: int, phrases: int, *more: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error."""
    arguments = [str(plugins() / name), str(port), str(instances), str(phrases), "1", *more]
    done = subprocess.run([host(), *arguments], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def messages(lines: str, direction: str) -> dict[int, list[Message]]:
    """What went in or out, by instance."""
    found: dict[int, list[Message]] = defaultdict(list)
    for line in lines.splitlines():
        kind, *numbers = line.split()
        if kind == direction:
            instance, *message = map(int, numbers)
            found[instance].append(Message(*message))
    return found


@pytest.mark.parametrize(
    ("name", "about"),
    [
        ("antiphon-effect.clap", "about antiphon.effect Antiphon note-effect"),
        (
            "antiphon-instrument.clap",
            "about antiphon.instrument Antiphon Instrument instrument note-effect",
        ),
    ],
)
def test_a_thousand_phrases_in_real_time(name: str, about: str) -> None:
    with EngineProcess() as engine:
        code, lines, said = run(name, engine.port, 64, 16)
    assert (code, said) == (0, ""), said
    assert lines.splitlines()[0] == about

    played, sent = messages(lines, "in"), messages(lines, "out")
    answered = 0
    for instance, own in played.items():
        out = sent[instance]
        assert not balance(out)
        assert [m.sample for m in out] == sorted(m.sample for m in out)
        through = [m for m in out if m.velocity == 90 or (m.status, m.velocity) == (0x80, 90)]
        assert {(m.sample, m.status, m.key) for m in through} >= {m[:3] for m in own}
        answered += sum(m.strikes for m in out) - sum(m.strikes for m in own)
    assert answered > 250


def test_what_must_not_happen_in_the_audio_thread_would_be_noticed() -> None:
    code, _, said = run("antiphon-effect.clap", 1, 1, 2, "careless")
    assert code != 0
    assert said == "malloc in the audio thread\n"
