"""The wire: golden bytes that every client's tests read, and frames that nobody should send."""

from __future__ import annotations

import json
import random
import typing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from antiphon.engine import protocol
from antiphon.engine.errors import ProtocolError
from antiphon.engine.protocol import decode_reply, decode_request, encode

GOLDEN = Path(__file__).parents[2] / "plugin-templates" / "protocol" / "golden.json"
EXAMPLES: list[dict[str, Any]] = json.loads(GOLDEN.read_text())
NAMES = [f"{i}-{example['message'][0]}" for i, example in enumerate(EXAMPLES)]


def decoded(example: dict[str, Any], frame: bytes) -> protocol.Request | protocol.Reply:
    return decode_request(frame) if example["from"] == "client" else decode_reply(frame)


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_golden_bytes_say_what_stands_beside_them(example: dict[str, Any]) -> None:
    frame = bytes.fromhex(example["hex"])
    message = decoded(example, frame)

    assert json.loads(msgspec.json.encode(message)) == example["message"]
    assert encode(message) == frame


def test_there_are_golden_bytes_of_every_message() -> None:
    for side, union in (("client", protocol.Request), ("engine", protocol.Reply)):
        tags = {kind.__struct_config__.tag for kind in typing.get_args(union)}
        assert {e["message"][0] for e in EXAMPLES if e["from"] == side} == tags


@pytest.mark.parametrize("example", EXAMPLES, ids=NAMES)
def test_fields_left_out_at_the_end_take_their_default(example: dict[str, Any]) -> None:
    kind = type(decoded(example, bytes.fromhex(example["hex"])))
    required = sum(field.required for field in msgspec.structs.fields(kind))
    short = decoded(example, msgspec.msgpack.encode(example["message"][: 1 + required]))

    for field in msgspec.structs.fields(kind)[required:]:
        assert getattr(short, field.name) == field.default


@pytest.mark.parametrize(
    "message",
    [
        ["nonsense"],
        ["open"],
        ["open", -1],
        ["open", 1, 0, [], 9.9],
        ["open", 1, 0, [], float("nan")],
        ["open", 1, 0, ["x" * 81]],
        ["open", 1, 0, ["hymn"] * 17],
        ["open", 1, 0, [], None, None, {"instruments": [0] * 18}],
        ["open", 1, 0, [], None, None, {"lowest": 80, "highest": 20}],
        ["open", 1, 0, [], None, None, {"tuning": 432}],
        ["open", 1, 0, [], None, None, {}, {"temperature": float("inf")}],
        ["open", 1, 0, [], None, None, {"instruments": list(range(11))}],
        ["open", 1, 0, [], None, None, {}, {}, {"first": "hymn"}],
        ["open", 1, 0, [], None, None, {}, {}, {"first": "a", "second": "b", "share": 1.5}],
        ["open", 1, 0, [], None, None, {}, {}, {"first": "a", "second": "x" * 81}],
        ["open", 1, 0, [], None, None, {}, {}, None, [[0, 0, 60, 24, 80]] * 2049],
        ["infill", 1, 2, 0, 10, [[0, 0, 60, 24, 80]] * 2049],
        ["infill", 1, 2, 0],
        ["listen", 1, [["on", 0, 17, 60, 80]]],
        ["listen", 1, [["on", 0, 0, 60, 0]]],
        ["listen", 1, [["on", -1, 0, 60, 1]]],
        ["listen", 1, [["off", 0, 0, 60]] * 4097],
        ["answer", 1, 2**53 + 1, 0, 10],
        {"session": 1},
        7,
    ],
)
def test_what_the_specification_forbids_is_refused(message: object) -> None:
    with pytest.raises(ProtocolError):
        decode_request(msgspec.msgpack.encode(message))


def test_damaged_frames_are_refused_and_nothing_worse() -> None:
    chance = random.Random(5)
    frames = [bytes.fromhex(example["hex"]) for example in EXAMPLES]
    for _ in range(20_000):
        frame = damaged(chance, chance.choice(frames))
        for decode in (decode_request, decode_reply):
            try:
                message = decode(frame)
            except ProtocolError:
                continue
            assert decode(encode(message)) == message


def damaged(chance: random.Random, frame: bytes) -> bytes:
    data = bytearray(frame)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(4):
            case 0:
                data[at : at + 1] = [chance.randrange(256)]
            case 1:
                del data[at:]
            case 2:
                data[at:at] = chance.randbytes(chance.randint(1, 9))
            case 3:
                data[at:at] = data[: chance.randint(0, 20)]
    return bytes(data)


def test_a_tower_of_arrays_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_request(b"\x91" * 100_000)
