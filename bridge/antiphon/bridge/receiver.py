"""The process that owns the MIDI inputs, and passes what they say down a pipe with its arrival.

`python -m antiphon.bridge.receiver --in TEXT …`, each an input as `inputs` reads it. Ports that
vanish are let go and found again here, where nobody's note waits for it. It ends with its standard
input.
"""

from __future__ import annotations

import argparse
import os
import select
import sys
from collections.abc import Callable, Sequence

from antiphon.engine.errors import NoMidiSystem, UserError

from . import inputs, midi, stamped
from .arrivals import Arrivals
from .clock import SystemClock
from .keybed import Keybed
from .lookout import Lookout, Seen
from .port_process import IN_FD, LOOK_NS, OUT_FD, afresh, heed_only_the_pipe, hush, real_time, say
from .ports import InputPort

MODULE = "antiphon.bridge.receiver"
POLL_S = 0.001
"""Longest sleep: the most a key can wait to be passed on; its arrival is told better than that."""
PRIORITY = 21


class Receiver:
    """The inputs as one stream of frames."""

    def __init__(self, sources: Sequence[inputs.Source], tell: Callable[[bytes], None]) -> None:
        self.lookouts = [Lookout(InputPort, source.name) for source in sources]
        self.cut = False
        """Whether the MIDI system is gone."""
        self._keybed = Keybed([source.mapping for source in sources])
        self._arrivals = [Arrivals() for _ in sources]
        self._tell = tell
        self._conductor: int | None = None

    def begin(self) -> None:
        """Open all inputs; raises PortNotFound, NoMidiSystem. [may block]"""
        for lookout in self.lookouts:
            lookout.begin()

    def set_up(self, now_ns: int) -> None:
        """Tell the sounds that were asked for."""
        self._pass_on([(now_ns, message) for message in self._keybed.setup()])

    def turn(self, now_ns: int) -> None:
        """Pass on everything that came."""
        came = [item for source in range(len(self.lookouts)) for item in self._take(source, now_ns)]
        self._pass_on(sorted(came, key=lambda item: item[0]))

    def look(self, now_ns: int) -> None:
        """See which inputs went, and which are back. [may block]"""
        for source, lookout in enumerate(self.lookouts):
            match lookout.look():
                case Seen.GONE:
                    self._lift(source, now_ns)
                    self._tell(stamped.changed(now_ns, source, here=False))
                case Seen.BACK:
                    self._tell(stamped.changed(now_ns, source, here=True))
                case Seen.CUT:
                    self.cut = True

    def lift(self, now_ns: int) -> None:
        """All inputs are gone, and let go of what they hold."""
        for source, lookout in enumerate(self.lookouts):
            self._lift(source, now_ns)
            if lookout.here:
                self._tell(stamped.changed(now_ns, source, here=False))

    def _lift(self, source: int, now_ns: int) -> None:
        self._pass_on([(now_ns, message) for message in self._keybed.lift(source)])
        if self._conductor == source:
            self._conductor = None

    def _take(self, source: int, now_ns: int) -> list[tuple[int, bytes]]:
        """(arrival, message) of what an input says now, mapped."""
        port, arrivals = self.lookouts[source].port, self._arrivals[source]
        came = []
        while port and (taken := port.take()) is not None:
            message, step_ns = taken
            at_ns = arrivals.at(now_ns, step_ns)
            came += [(at_ns, one) for one in self._heard(source, message)]
        arrivals.nothing(now_ns)
        return came

    def _heard(self, source: int, message: bytes) -> list[bytes]:
        if message[0] < midi.SYSTEM:
            return self._keybed.play(source, message)
        if message[0] not in midi.CLOCK:
            return []
        # Two clocks at once are none: the first that is heard conducts while it is there.
        if self._conductor is None:
            self._conductor = source
        return [message] if self._conductor == source else []

    def _pass_on(self, came: Sequence[tuple[int, bytes]]) -> None:
        if came:
            self._tell(b"".join(stamped.arrived(*item) for item in came))


def main() -> int:
    """Run a receiver until standard input ends."""
    parser = argparse.ArgumentParser(prog=f"python -m {MODULE}", description=__doc__)
    parser.add_argument("--in", dest="texts", action="append", required=True, metavar="TEXT")
    parser.add_argument("--again", action="store_true", help="wait for the inputs to be back")
    asked = parser.parse_args()
    heed_only_the_pipe()
    hush()
    clock = SystemClock()
    try:
        receiver = Receiver([inputs.parse(text) for text in asked.texts], _tell)
        if not asked.again:
            _begin(receiver, clock.now_ns())
    except NoMidiSystem as error:
        say({"ok": True, "ports": None, "why": str(error)})
        return error.exit_code
    except UserError as error:
        say({"ok": False, "why": str(error)})
        return error.exit_code
    _run(receiver, clock)
    if receiver.cut:
        receiver.lift(clock.now_ns())
        afresh(MODULE, ["--again", *(option for text in asked.texts for option in ("--in", text))])
    os._exit(0)  # whatever state the driver is in


def _begin(receiver: Receiver, now_ns: int) -> None:
    """Open all and say so."""
    receiver.begin()
    say({"ok": True, "ports": [lookout.name for lookout in receiver.lookouts]})
    receiver.set_up(now_ns)


def _run(receiver: Receiver, clock: SystemClock) -> None:
    """Until nobody listens any more, or there is nothing to listen to."""
    real_time(PRIORITY)
    look_ns = clock.now_ns()
    while not receiver.cut and not select.select([IN_FD], [], [], POLL_S)[0]:
        now_ns = clock.now_ns()
        receiver.turn(now_ns)
        if now_ns >= look_ns:
            look_ns = now_ns + LOOK_NS
            receiver.look(now_ns)


def _tell(data: bytes) -> None:
    try:
        os.write(OUT_FD, data)
    except BrokenPipeError:
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
