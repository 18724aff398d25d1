"""`antiphon doctor`: what works on this machine, what to do about what does not, and how fast."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import pstdev
from typing import Any

from antiphon.engine.errors import AntiphonError

from . import chart, folders, soundfont
from .clock import SystemClock
from .compensation import Compensation
from .devices import devices
from .engine_process import EngineProcess
from .latency import Latency, measure, through_cable
from .percentile import percentile

GOOD_NS = 30_000_000
"""An answer's first note should leave so soon after it was asked for."""
PERCENTS = (50, 95, 99)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that works, or does not."""

    name: str
    ok: bool
    text: str
    """What was found; what to do if it is not ok."""
    needed: bool = False
    """Whether Antiphon cannot play without it."""


@dataclass(frozen=True, slots=True)
class Examination:
    """Everything the doctor found."""

    checks: tuple[Check, ...]
    latency: Latency | None
    picture: Path | None
    ways: Compensation | None = None
    """What the ways in and out take, None if nobody knows."""

    @property
    def exit_code(self) -> int:
        """3 if something is missing without which nothing plays."""
        return 3 if any(c.needed and not c.ok for c in self.checks) else 0

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        checks = {c.name: {"ok": c.ok, "text": c.text} for c in self.checks}
        latency = figures(self.latency) if self.latency else None
        picture = str(self.picture) if self.picture else None
        ways = _in_ms(self.ways) if self.ways else None
        return {"checks": checks, "latency": latency, "ways": ways, "picture": picture}

    def text(self) -> str:
        """For people."""
        lines = [f"{'ok' if c.ok else '--'}  {c.name:10s} {c.text}" for c in self.checks]
        if self.latency:
            lines += ["", *_table(self.latency)]
        if self.ways:
            lines += ["", *advice_on(self.ways)]
        if self.picture:
            lines.append(f"picture: {self.picture}")
        return "\n".join(lines)


def examine(
    rounds: int,
    folder: Path,
    bundle: Path | None,
    tell: Callable[[str], None],
    cable: tuple[str, str] | None = None,
) -> Examination:
    """Look at everything, then measure. Blocks for about a second a round.

    `cable` leads from an output to an input, both by part of their name: the ways are measured
    through it; else through virtual ports. Raises PortNotFound, UserError where it does not.
    """
    loops = through_cable(*cable) if cable else ()
    checks = [_python(), *_devices(), _font(), _engine(bundle)]
    latency = picture = None
    if checks[-1].ok:
        try:
            latency = measure(rounds, bundle, tell)
            checks += [_real_time(latency), answer_check(latency)]
            picture = _draw(latency, folder)
        except AntiphonError as error:
            checks.append(Check("answer", False, str(error), needed=True))
    loops = loops or (latency.thru_ns if latency else ())
    ways = Compensation.from_loop(loops) if loops else None
    return Examination(tuple(checks), latency, picture, ways)


def advice_on(ways: Compensation) -> list[str]:
    """What to set, so that the ways in and out are made up for."""
    found = _in_ms(ways)
    return [
        f"The way out takes {found['latency-out']:g} ms and the way in {found['latency-in']:g} ms,"
        " half each of what both took at the least. To make up for it:",
        *(f"  antiphon config set {key} {ms:g}" for key, ms in found.items()),
    ]


def _in_ms(ways: Compensation) -> dict[str, float]:
    """In milliseconds, by the keys of the configuration."""
    both = {"latency-out": ways.output_ns, "latency-in": ways.input_ns}
    return {key: round(ns / 1e6, 1) for key, ns in both.items()}


def figures(latency: Latency) -> dict[str, Any]:
    """Percentiles in milliseconds, and counts."""
    result: dict[str, Any] = {"through": latency.through, "missed": latency.missed}
    for name, values in (("key_to_answer", latency.answers_ns), ("thru", latency.thru_ns)):
        if values:
            result[name] = {f"p{p}": round(percentile(values, p) / 1e6, 2) for p in PERCENTS}
            result[name]["jitter"] = round(pstdev(values) / 1e6, 2)
            result[name]["n"] = len(values)
    if latency.farewell:
        late = latency.farewell
        sent = (late.late_p50_us, late.late_p95_us, late.late_p99_us)
        result["late"] = {f"p{p}": us / 1000 for p, us in zip(PERCENTS, sent, strict=True)}
        result["late"] |= {"max": late.late_max_us / 1000, "n": late.sent, "dropped": late.dropped}
    return result


def _python() -> Check:
    return Check("python", True, f"{platform.python_version()} on {platform.platform()}")


def _devices() -> list[Check]:
    found = devices()
    midi = f"in: {_names(found.inputs)}; out: {_names(found.outputs)}"
    return [
        Check("midi", not found.why_no_midi, found.why_no_midi or midi),
        Check("audio", not found.why_no_audio, found.why_no_audio or _names(found.audio)),
    ]


def _names(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none yet, virtual ports work"


def _font() -> Check:
    font = soundfont.find()
    advice = (
        "No SoundFont; the built-in voice sounds."
        " On Debian: apt-get install fluidr3mono-gm-soundfont."
    )
    return Check("soundfont", font is not None, str(font) if font else advice)


def _engine(bundle: Path | None) -> Check:
    clock = SystemClock()
    began_ns = clock.now_ns()
    try:
        engine = EngineProcess(bundle)
    except AntiphonError as error:
        return Check("engine", False, str(error), needed=True)
    started_ms = (clock.now_ns() - began_ns) // 1_000_000
    engine.close()
    return Check("engine", True, f"model {engine.model}, ready after {started_ms} ms", needed=True)


def _real_time(latency: Latency) -> Check:
    advice = (
        "SCHED_FIFO was refused, notes may be late under load;"
        " allow it with rtprio in /etc/security/limits.d."
    )
    return Check("realtime", latency.realtime, "SCHED_FIFO" if latency.realtime else advice)


def answer_check(latency: Latency) -> Check:
    """Whether answers come as soon as they should, by the median of their first notes."""
    if not latency.answers_ns:
        return Check("answer", False, f"none came, through {latency.through}: look at the log.")
    p50 = percentile(latency.answers_ns, 50)
    ok = not latency.missed and p50 <= GOOD_NS
    advice = "" if ok else " Close what else is busy, or take a smaller model."
    first = f"first note {p50 / 1e6:.1f} ms after it was asked for"
    text = f"{first} (median of {len(latency.answers_ns)}, through {latency.through})."
    return Check("answer", ok, text + advice, needed=bool(latency.missed))


def _table(latency: Latency) -> list[str]:
    found = figures(latency)
    lines = [f"{'ms':16s}{'p50':>8s}{'p95':>8s}{'p99':>8s}{'jitter':>8s}{'n':>7s}"]
    for key, title in (
        ("key_to_answer", "key to answer"),
        ("thru", "key to thru"),
        ("late", "late"),
    ):
        if key in found:
            f = found[key]
            jitter = f"{f['jitter']:8.2f}" if "jitter" in f else " " * 8
            lines.append(
                f"{title:16s}{f['p50']:8.2f}{f['p95']:8.2f}{f['p99']:8.2f}{jitter}{f['n']:7d}"
            )
    return lines


def _draw(latency: Latency, folder: Path) -> Path:
    path = folders.made(folder) / "doctor.png"
    series = {"key to answer": latency.answers_ns, "key to thru": latency.thru_ns}
    in_ms = {name: [ns / 1e6 for ns in values] for name, values in series.items() if values}
    chart.draw(path, in_ms, title=f"Latency through {latency.through}, ms")
    return path
