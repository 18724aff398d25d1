"""One conversation in every language a plugin is written in: the same bytes, the same answers."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
import zmq

from antiphon.bridge.client import Client
from antiphon.engine.notes import Note, NoteOff, NoteOn, events_of
from antiphon.engine.protocol import (
    VERSION,
    Answer,
    Cancel,
    Close,
    Done,
    Error,
    Keep,
    Listen,
    Open,
    Reply,
    Request,
    Rewind,
    Welcome,
    decode_request,
    encode,
)
from engines import EngineProcess
from hostile import BAD_BYTES, BAD_MESSAGES, gate, relay
from scratch import scratch

pytestmark = pytest.mark.real

PROTOCOL = Path(__file__).parents[2] / "plugin-templates" / "protocol"
EXAMPLES: list[dict[str, Any]] = json.loads((PROTOCOL / "golden.json").read_text())
SAID = {"hello", "open", "listen", "answer", "keep", "rewind", "cancel", "close", "ping"}
"""What every client can say."""

Message = list[Any]


@functools.cache
def built_cpp() -> str:
    program = scratch("cpp") / "conformance"
    sources = sorted(map(str, (PROTOCOL / "cpp").glob("*.cpp")))
    flags = ["-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread"]
    subprocess.run(["g++", *flags, *sources, "-o", str(program)], check=True)
    return str(program)


PROGRAMS: dict[str, Callable[[], list[str]]] = {
    "python": lambda: [sys.executable, str(PROTOCOL / "python" / "conformance.py")],
    "lua": lambda: ["lua5.4", str(PROTOCOL / "lua" / "conformance.lua")],
    "js": lambda: ["node", str(PROTOCOL / "js" / "conformance.js")],
    "cpp": lambda: [built_cpp()],
}


class Program:
    """A running conformance program; iterate over what it prints."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def __iter__(self) -> Iterator[Message]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            yield json.loads(line)

    def until(self, name: str) -> list[Message]:
        """Lines up to the next of this name, which is the last."""
        lines = []
        for line in self:
            lines.append(line)
            if line[0] == name:
                return lines
        pytest.fail(f"it ended before it said {name}: {self.ended()}")

    def ended(self) -> tuple[int, str]:
        """Exit code and what it said on standard error, once it is over."""
        _, complaint = self.process.communicate(timeout=30)
        return self.process.returncode, complaint


@pytest.fixture(params=PROGRAMS)
def language(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess() as process:
        yield process


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "golden.txt"
    rows = (f"{e['from']}\t{e['message'][0]}\t{e['hex']}" for e in EXAMPLES)
    path.write_text("".join(f"{row}\n" for row in rows))
    return path


@pytest.fixture
def no_table(tmp_path: Path) -> Path:
    path = tmp_path / "empty.txt"
    path.touch()
    return path


@contextmanager
def running(language: str, port: int, table: Path, rounds: int = 1) -> Iterator[Program]:
    command = [*PROGRAMS[language](), str(port), str(table), str(rounds)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        yield Program(process)
    finally:
        process.kill()
        process.communicate()


def shown(lines: list[Message]) -> dict[str, Any]:
    """What a round comes to, however its notes were parcelled and however long they took."""
    notes: dict[tuple[int, int], list[Any]] = defaultdict(list)
    for line in lines:
        if line[0] == "notes":
            notes[line[2], line[4]] += line[3]
    return {
        "notes": dict(notes),
        "done": sorted((line[2], line[7], line[3], line[4]) for line in lines if line[0] == "done"),
        "rest": [line for line in lines if line[0] not in ("notes", "done", "round")],
    }


PHRASE = events_of(
    Note(24 * i, 0, key, 24, 80) for i, key in enumerate((60, 62, 64, 65, 67, 69, 71, 72))
)
CONVERSATION: tuple[tuple[Request, ...], ...] = (
    (
        Open(1, seed=7, bpm=120.0, metre=(4, 4)),
        Listen(1, tuple(PHRASE)),
        Answer(1, 1, 192, 960, prompt=True),
    ),
    (Answer(1, 2, 960, 1728, prompt=True, takes=2),),
    (Keep(1, 2, 1), Answer(1, 3, 1728, 2496, prompt=True)),
    (
        Rewind(1, 2016),
        Listen(1, (NoteOn(2016, 0, 60, 80), NoteOff(2040, 0, 60))),
        Answer(1, 4, 2064, 2832, prompt=True),
    ),
    (Close(1), Cancel(1)),
)
"""Each part follows when what the one before asked for has come."""


@pytest.fixture(scope="module")
def expected(engine: EngineProcess) -> dict[str, Any]:
    """What our own client is told in the same conversation."""
    client = Client(f"tcp://127.0.0.1:{engine.port}")
    try:
        while not client.present:
            client.poll(time.monotonic_ns())
            client.wait(10)
        replies: list[Reply] = [client.welcome] if client.welcome else []
        for part in CONVERSATION:
            replies += asked(client, part)
    finally:
        client.close()
    return shown([json.loads(msgspec.json.encode(reply)) for reply in replies])


def asked(client: Client, part: tuple[Request, ...]) -> list[Reply]:
    """What comes until every take that this part asks for is done, or it is refused."""
    missing = max((max(1, r.takes) for r in part if isinstance(r, Answer)), default=1)
    for request in part:
        client.send(request)
    replies: list[Reply] = []
    while missing:
        client.wait(100)
        for reply in client.poll(time.monotonic_ns()):
            replies.append(reply)
            missing -= isinstance(reply, Done | Error)
    return replies


def test_golden_bytes_are_read_and_written_alike(
    language: str, engine: EngineProcess, table: Path
) -> None:
    with running(language, engine.port, table) as program:
        lines = program.until("welcome")[:-1]

    assert [line[:2] for line in lines] == [["golden", i] for i in range(len(EXAMPLES))]
    for example, (_, _, message, frame) in zip(EXAMPLES, lines, strict=True):
        name = example["message"][0]
        assert message == example["message"] or (message is None and example["from"] == "client")
        if frame is None:
            assert name not in SAID
        elif frame != example["hex"]:
            # A language of one kind of number says 1 for 1.0: the engine must not mind.
            golden = bytes.fromhex(example["hex"])
            assert language == "js"
            assert any(isinstance(part, float) for part in leaves(example["message"]))
            assert example["from"] == "engine" or decode_request(
                bytes.fromhex(frame)
            ) == decode_request(golden)


def leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


def test_it_is_answered_as_our_own_client_is(
    language: str, engine: EngineProcess, no_table: Path, expected: dict[str, Any]
) -> None:
    with running(language, engine.port, no_table) as program:
        lines = program.until("round")

        assert program.ended() == (0, "")
    assert lines[-1] == ["round", 1]
    assert shown(lines) == expected
    assert {key: bool(of) for key, of in expected["notes"].items()} == {
        (1, 0): True, (2, 0): True, (2, 1): True, (3, 0): True, (4, 0): True,
    }  # fmt: skip


def test_it_goes_on_with_the_next_engine_on_the_port(
    language: str, no_table: Path, expected: dict[str, Any]
) -> None:
    with EngineProcess() as engine, running(language, engine.port, no_table, 2) as program:
        program.until("opened")
        engine.kill()
        assert program.until("lost")[-1] == ["lost"]
        engine.start()
        first = program.until("round")
        engine.kill()
        assert program.until("lost") == [["lost"]]
        engine.start()
        second = program.until("round")

    assert (first[-1], second[-1]) == (["round", 1], ["round", 2])
    assert shown(first) == shown(second) == expected


def test_it_notices_an_engine_that_says_nothing(
    language: str, no_table: Path, expected: dict[str, Any]
) -> None:
    with EngineProcess() as engine, running(language, engine.port, no_table, 2) as program:
        program.until("round")
        engine.freeze()
        assert program.until("lost") == [["lost"]]
        engine.thaw()
        assert shown(program.until("round")) == expected


def test_it_waits_for_an_engine_that_is_not_there_yet(
    language: str, no_table: Path, expected: dict[str, Any]
) -> None:
    with EngineProcess() as engine:
        engine.kill()
        with running(language, engine.port, no_table) as program:
            engine.start()
            assert shown(program.until("round")) == expected


def test_it_gives_up_on_another_version(language: str, no_table: Path) -> None:
    context = zmq.Context()
    with context, context.socket(zmq.ROUTER) as router:
        router.bind("tcp://127.0.0.1:0")
        port = int(router.getsockopt_string(zmq.LAST_ENDPOINT).rsplit(":", 1)[1])
        with running(language, port, no_table) as program:
            client, hello = router.recv_multipart()
            router.send_multipart([client, encode(Welcome(VERSION + 1, "new", ()))])
            ended = program.ended()

    assert decode_request(hello) == decode_request(
        msgspec.msgpack.encode(["hello", VERSION, f"conformance {language}"])
    )
    assert ended == (
        3,
        f"The engine speaks version {VERSION + 1} of the protocol and this client version "
        f"{VERSION}: update the older of the two.\n",
    )


@pytest.mark.parametrize("garbage", [BAD_MESSAGES], ids=["all"])
def test_messages_that_mean_nothing_are_ignored(
    language: str,
    garbage: tuple[tuple[bytes, ...], ...],
    engine: EngineProcess,
    no_table: Path,
    expected: dict[str, Any],
) -> None:
    with (
        relay(engine.port, garbage) as port,
        running(language, port, no_table) as program,
    ):
        assert shown(program.until("round")) == expected


def test_who_speaks_no_zmtp_is_left_and_looked_for_again(
    language: str, engine: EngineProcess, no_table: Path, expected: dict[str, Any]
) -> None:
    with gate(engine.port, BAD_BYTES) as port, running(language, port, no_table) as program:
        assert shown(program.until("round")) == expected
