"""The real engine process on a real socket: it serves, it shrugs off garbage, it stops."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import zmq

from antiphon.engine.desk import Desk
from antiphon.engine.notes import Note, events_of
from antiphon.engine.protocol import (
    MAX_MESSAGE_BYTES,
    VERSION,
    Answer,
    Close,
    Done,
    Error,
    Hello,
    Listen,
    Notes,
    Open,
    Opened,
    Ping,
    Pong,
    Reply,
    Request,
    Telemetry,
    Welcome,
    decode_reply,
    encode,
)
from antiphon.engine.server import Server
from bundles import STYLES, tiny_folder, tiny_model

pytestmark = pytest.mark.real

PATIENCE_MS = 20_000


class Client:
    """A DEALER that says requests and hears replies."""

    def __init__(self, endpoint: str) -> None:
        self.socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.connect(endpoint)

    def say(self, *requests: Request) -> None:
        for request in requests:
            self.socket.send(encode(request))

    def hear(self) -> Reply:
        assert self.socket.poll(PATIENCE_MS), "the engine says nothing"
        return decode_reply(self.socket.recv())

    def answer(self, request: Answer) -> list[Note]:
        self.say(request)
        notes: list[Note] = []
        while not isinstance(reply := self.hear(), Done):
            assert isinstance(reply, Notes)
            notes += reply.notes
        return notes


class Engine(NamedTuple):
    process: subprocess.Popen[str]
    endpoint: str
    telemetry: str

    @property
    def port(self) -> int:
        return int(self.endpoint.rsplit(":", 1)[1])


def start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "antiphon.engine", "--bundle", str(tiny_folder())]
    return subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(process: subprocess.Popen[str]) -> tuple[int, str]:
    try:
        _, said = process.communicate(timeout=PATIENCE_MS / 1000)
    finally:
        process.kill()
    return process.returncode, said


@pytest.fixture
def engine() -> Iterator[Engine]:
    process = start("--endpoint", "tcp://127.0.0.1:0", "--telemetry", "tcp://127.0.0.1:0")
    assert process.stdout is not None
    try:
        ready = json.loads(process.stdout.readline())
        assert ready["model"] == "tiny"
        yield Engine(process, ready["endpoint"], ready["telemetry"])
    finally:
        process.kill()
        process.communicate()


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    client = Client(engine.endpoint)
    try:
        yield client
    finally:
        client.socket.close(0)


PHRASE = tuple(events_of([Note(24 * i, 0, 60 + i, 24, 80) for i in range(8)]))


def test_it_tells_whoever_listens_how_busy_it_is(engine: Engine, client: Client) -> None:
    listener: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.SUB)
    listener.subscribe(b"")
    listener.connect(engine.telemetry)
    told: list[Reply] = []
    try:
        client.say(Open(1, seed=3), Answer(1, 1, 0, 10**6, prompt=True))
        while len(told) < 2:
            assert listener.poll(PATIENCE_MS), "no telemetry"
            told.append(decode_reply(listener.recv()))
    finally:
        listener.close(0)

    first, second = told
    assert isinstance(first, Telemetry)
    assert isinstance(second, Telemetry)
    assert second.uptime_ms - first.uptime_ms >= 1000
    assert second.sessions == 1
    assert second.tokens > first.tokens
    assert second.tokens_per_s > 0
    assert 0 < second.busy <= 1


def test_a_conversation(client: Client) -> None:
    client.say(Hello(VERSION, "test"), Open(1, seed=3), Listen(1, PHRASE))
    assert client.hear() == Welcome(VERSION, "tiny", STYLES)
    assert client.hear() == Opened(1)

    notes = client.answer(Answer(1, 1, start=200, until=600, prompt=True))

    assert notes[0].onset == 200
    assert all(200 <= n.onset < 600 for n in notes)
    client.say(Close(1), Ping(8))
    assert client.hear() == Pong(8)


def test_the_same_conversation_twice_gives_the_same_answer(engine: Engine) -> None:
    answers = []
    for _ in range(2):
        client = Client(engine.endpoint)
        client.say(Open(1, seed=3), Listen(1, PHRASE))
        assert client.hear() == Opened(1)
        answers.append(client.answer(Answer(1, 1, start=200, until=600)))
        client.socket.close(0)
    assert answers[0] == answers[1]
    assert answers[0]


def test_garbage_frames_are_answered_and_do_no_harm(client: Client) -> None:
    client.say(Open(1))
    assert client.hear() == Opened(1)
    for frame in (b"", b"garbage", b"\xff" * 1000, b"\x92\xa6cancel\xff", b"\x92\xa4op\xffn\x01"):
        client.socket.send(frame)
        error = client.hear()
        assert isinstance(error, Error)
        assert (error.code, error.whose) == ("malformed", "client")
    client.socket.send_multipart([encode(Ping(1)), b"and more"])
    assert isinstance(client.hear(), Error)

    assert client.answer(Answer(1, 1, 0, 300, prompt=True))


def test_a_message_too_large_ends_only_its_own_connection(engine: Engine, client: Client) -> None:
    loud = Client(engine.endpoint)
    loud.socket.send(b"x" * (MAX_MESSAGE_BYTES + 1))
    client.say(Ping(1))

    assert client.hear() == Pong(1)
    loud.socket.close(0)


def test_garbage_on_the_wire_does_no_harm(engine: Engine, client: Client) -> None:
    for data in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 100, bytes(10_000)):
        with socket.create_connection(("127.0.0.1", engine.port)) as wire:
            wire.sendall(data)
    client.say(Ping(1))

    assert client.hear() == Pong(1)


def test_a_client_that_never_reads_harms_nobody(engine: Engine, client: Client) -> None:
    deaf = Client(engine.endpoint)
    deaf.say(Open(1), Answer(1, 1, 0, 3000, prompt=True))
    for i in range(3000):
        deaf.say(Ping(i))
    client.say(Open(1))

    assert client.hear() == Opened(1)
    assert client.answer(Answer(1, 1, 0, 200, prompt=True))
    deaf.socket.close(0)


class Narrow:
    """A socket whose queue to everybody is full now and then."""

    def __init__(self, full: set[int]) -> None:
        self.full, self.tried, self.sent = full, 0, list[list[bytes]]()

    def send_multipart(self, message: list[bytes], _flags: int) -> None:
        self.tried += 1
        if self.tried in self.full:
            raise zmq.Again
        self.sent.append(message)


def test_who_missed_a_message_is_told_nothing_more_so_that_no_notes_lack() -> None:
    server = Server(Desk(tiny_model(), "tiny", time.monotonic_ns), "inproc://narrow")
    router, narrow = server._router, Narrow(full={2})
    server._router = narrow  # type: ignore[assignment]
    for part in (b"1", b"2", b"3"):
        assert server._send([b"quick", part, b"slow", part])
    server._router = router
    server._context.destroy(0)

    assert narrow.sent == [[b"quick", b"1"], [b"quick", b"2"], [b"quick", b"3"]]
    assert narrow.tried == 4


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_at_once_and_in_order(
    engine: Engine, client: Client, number: signal.Signals
) -> None:
    client.say(Open(1), Answer(1, 1, 0, 1_000_000, prompt=True))
    assert client.hear() == Opened(1)
    assert isinstance(client.hear(), Notes)
    began = time.monotonic()
    engine.process.send_signal(number)

    assert ended(engine.process) == (0, "")
    assert time.monotonic() - began < 5


def test_a_second_engine_on_the_same_port_says_so(engine: Engine) -> None:
    code, said = ended(start("--endpoint", engine.endpoint))

    assert code == 3
    assert said == f"Cannot listen on {engine.endpoint}: Address already in use.\n"


@pytest.mark.parametrize("endpoint", ["tcp://0.0.0.0:0", "tcp://*:6470", "tcp://192.168.1.2:6470"])
def test_an_endpoint_open_to_others_is_refused(endpoint: str) -> None:
    code, said = ended(start("--endpoint", endpoint))

    assert code == 2
    assert said.count("\n") == 1
    assert "reached from outside" in said


@pytest.mark.parametrize("endpoint", ["tcp://127.0.0.1:nowhere", "tcp://127.0.0.1:99999"])
def test_an_endpoint_that_is_none_is_refused_in_one_sentence(endpoint: str) -> None:
    code, said = ended(start("--endpoint", endpoint))

    assert code == 2
    assert said.count("\n") == 1
    assert endpoint in said


def test_a_folder_without_a_bundle_is_refused(tmp_path: Path) -> None:
    code, said = ended(start("--bundle", str(tmp_path)))

    assert code == 2
    assert said == f"{tmp_path} holds no bundle: bundle.json is missing.\n"
