"""Shows what the Python client does, line by line, as ../CONFORMANCE.md has it.

python conformance.py PORT TABLE [ROUNDS]
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from antiphon_client import Client
from antiphon_client.msgpack import packed, unpacked

PATIENCE_S = 20
KEYS = (60, 62, 64, 65, 67, 69, 71, 72)
PHRASE = [
    event
    for i, key in enumerate(KEYS)
    for event in (["on", 24 * i, 0, key, 80], ["off", 24 * i + 24, 0, key])
]
FIRST = [
    ("open", 1, 7, [], 120.0, [4, 4]),
    ("listen", 1, PHRASE),
    ("answer", 1, 1, 192, 960, True),
]
AFTER: dict[tuple[int, int], list[tuple[Any, ...]]] = {
    (1, 1): [("answer", 1, 2, 960, 1728, True, False, None, None, 2)],
    (2, 2): [("keep", 1, 2, 1), ("answer", 1, 3, 1728, 2496, True)],
    (3, 1): [
        ("rewind", 1, 2016),
        ("listen", 1, [["on", 2016, 0, 60, 80], ["off", 2040, 0, 60]]),
        ("answer", 1, 4, 2064, 2832, True),
    ],
    (4, 1): [("close", 1), ("cancel", 1)],
}
"""What is said after so many `done` of a generation: (generation, how many)."""


class Show:
    """The conversation, round after round, and what is printed of it."""

    def __init__(self, client: Client, rounds: int) -> None:
        self._client = client
        self._rounds = rounds
        self._round = 1
        self._over = False
        """The round is over, and the next waits for the engine to come back."""
        self._done: dict[int, int] = {}
        self._here = False

    @property
    def finished(self) -> bool:
        """Whether all rounds are over."""
        return self._over and self._round == self._rounds

    def turn(self) -> bool:
        """Call the client once; whether anything was printed."""
        messages = self._client.poll()
        if self._client.present != self._here:
            self._here = self._client.present
            if self._here:
                self._begin()
            else:
                show(["lost"])
        for message in messages:
            show(message)
            self._reply_to(message)
        return bool(messages)

    def _begin(self) -> None:
        if self._over:
            self._round += 1
        self._over = False
        self._done.clear()
        show(self._client.welcome)
        self._say(FIRST)

    def _reply_to(self, message: list[Any]) -> None:
        if message[0] == "done":
            generation = message[2]
            self._done[generation] = self._done.get(generation, 0) + 1
            self._say(AFTER.get((generation, self._done[generation]), []))
        elif message[0] == "error":
            self._over = True
            show(["round", self._round])

    def _say(self, messages: list[tuple[Any, ...]]) -> None:
        for name, *fields in messages:
            self._client.send(name, *fields)


def show(message: list[Any]) -> None:
    """Print one line."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def show_golden(table: Path) -> None:
    """Print what becomes of the golden bytes."""
    for index, line in enumerate(table.read_text().splitlines()):
        message = unpacked(bytes.fromhex(line.split("\t")[2]))
        show(["golden", index, message, packed(message).hex()])


def main(port: int, table: Path, rounds: int = 1) -> int:
    """Run the program; returns the exit code."""
    show_golden(table)
    client = Client(port, "conformance python")
    conversation = Show(client, rounds)
    heard_at = time.monotonic()
    while not conversation.finished:
        if conversation.turn():
            heard_at = time.monotonic()
        if client.complaint:
            sys.stderr.write(client.complaint + "\n")
            return 3
        if time.monotonic() - heard_at > PATIENCE_S:
            sys.stderr.write(f"Nothing came for {PATIENCE_S} s.\n")
            return 1
        time.sleep(0.002)
    client.close()
    return 0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(main(int(arguments[0]), Path(arguments[1]), *map(int, arguments[2:3])))
