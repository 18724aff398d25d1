"""How tests start JACK: a server of their own, without a sound card."""

from __future__ import annotations


def command(name: str, frames: int = 128, *, waits: bool = True) -> list[str]:
    """What starts a server called `name`, with a period of so many frames.

    In real time (-R), so that a busy machine makes it miss fewer periods; where it `waits`
    synchronous (-S), so that whoever is late for one is waited for: else what was said in it is
    lost (see DESIGN.md).
    """
    driver = ["-d", "dummy", "-r", "48000", "-p", str(frames)]
    return ["jackd", "-n", name, "-R", "-P10", *(["-S"] if waits else []), *driver]
