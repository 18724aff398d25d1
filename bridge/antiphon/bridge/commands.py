"""The bridge's commands: play, bounce, ports, panic, doctor."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from antiphon.engine.errors import UserError
from antiphon.engine.notes import INSTRUMENTS
from antiphon.engine.wishes import Feel

from . import results
from .config import Settings
from .examples import example_phrase

LONGEST_STYLE = 80
Seed = Annotated[
    int, typer.Option(help="The same seed gives the same answers.", min=0, max=2**63 - 1)
]
Style = Annotated[
    list[str] | None, typer.Option(help="Composer or style, any part of its name; repeatable.")
]
Instruments = Annotated[
    str | None, typer.Option(help="Who may answer, e.g. piano,strings (default: as you play).")
]
Temperature = Annotated[float, typer.Option(help="0 is strict, 1 is free.", min=0, max=4)]
Beats = Annotated[
    int | None, typer.Option(help="Length of an answer (default: as your phrase).", min=1, max=4096)
]
BundleFolder = Annotated[
    Path | None, typer.Option(help="Folder of another model.", exists=True, file_okay=False)
]


def register(app: typer.Typer) -> None:
    """Add the bridge's commands to the one `antiphon`."""
    for command in (play, bounce, ports, panic, doctor):
        app.command()(command)


def settings_of(
    seed: int,
    style: list[str] | None,
    instruments: str | None,
    temperature: float,
    beats: int | None,
    bpm: float | None = None,
) -> Settings:
    """Settings from flags; UserError naming what is not known."""
    if any(len(name) > LONGEST_STYLE for name in style or ()):
        raise UserError(f"No style has a name longer than {LONGEST_STYLE} characters.")
    return Settings(
        seed=seed,
        styles=tuple(style or ()),
        instruments=_instruments(instruments),
        bpm=bpm,
        answer_beats=beats,
        feel=Feel(temperature=temperature),
    )


def play(
    phrase: Annotated[
        Path | None, typer.Option(help="Play this MIDI file instead of a keyboard.")
    ] = None,
    source: Annotated[
        str | None,
        typer.Option("--in", help="Keyboard, by part of its name; 'virtual' makes a port."),
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="MIDI output by part of its name (default: a virtual port).")
    ] = None,
    style: Style = None,
    instruments: Instruments = None,
    tempo: Annotated[
        float | None, typer.Option(help="Beats a minute (default: free time).", min=20, max=400)
    ] = None,
    answer_beats: Beats = None,
    temperature: Temperature = 0.95,
    seed: Seed = 0,
    folder: Annotated[Path, typer.Option(help="Where MIDI, WAV and PNG are kept.")] = Path("out"),
    bundle: BundleFolder = None,
    sound: Annotated[bool, typer.Option(help="Sound through the audio device.")] = True,
    headless: Annotated[bool, typer.Option(help="Plain lines, no live roll.")] = False,
) -> None:
    """Play, and be answered.

    With a keyboard: play a phrase and pause, or press the soft pedal; Antiphon answers. Strike any
    key to take over. Without one, a phrase from a file is played into the same path.

    Example: antiphon play --style chopin --seed 7
    """
    from .play import Plan, choose_source
    from .play import play as run

    settings = settings_of(seed, style, instruments, temperature, answer_beats, tempo)
    if phrase is None and source is None:
        source, why = choose_source()
        if source is None:
            phrase = example_phrase()
            typer.echo(f"{why} Playing {phrase.name} instead; `antiphon play --in virtual` waits.")
    title = phrase.stem.replace("-", " ") if phrase else "Antiphon"
    paths = run(
        Plan(
            settings, phrase, None if source == "virtual" else source, out, folder, bundle, sound,
            headless, title,
        )
    )  # fmt: skip
    if not paths:
        typer.echo("Nothing was played, so nothing was kept.")


def bounce(
    source: Annotated[str, typer.Argument(help="MIDI file to continue, or 'none'.")],
    target: Annotated[Path, typer.Argument(help="File to write: .mid, .wav or .png.")],
    style: Style = None,
    instruments: Instruments = None,
    answer_beats: Beats = None,
    minutes: Annotated[
        float | None, typer.Option(help="Length of the answer in minutes.", min=0.05, max=60)
    ] = None,
    temperature: Temperature = 0.95,
    seed: Seed = 0,
    bundle: BundleFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Continue a MIDI file into another file, faster than it sounds.

    Example: antiphon bounce phrase.mid answered.wav --seed 7
    """
    from .bounce import bounce as run

    results.check_target(target)
    path = None if source == "none" else Path(source)
    settings = settings_of(seed, style, instruments, temperature, answer_beats)
    bounced = run(path, settings, minutes, bundle)
    results.write(bounced.piece, target, typer.echo)
    tracks = bounced.piece.recording.tracks()
    figures = {part: len(notes) for part, notes in tracks.items()}
    if as_json:
        typer.echo(json.dumps({"path": str(target), "seconds": bounced.seconds, "notes": figures}))
    else:
        counts = ", ".join(f"{n} notes of {part}" for part, n in figures.items())
        typer.echo(f"{target}: {bounced.seconds:.1f} s, {counts}.")


def ports(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """List MIDI and audio devices by name.

    Example: antiphon ports --json
    """
    from .devices import devices

    found = devices()
    if as_json:
        typer.echo(json.dumps(found.as_dict()))
        return
    for line in found.lines():
        typer.echo(line)


def panic(
    out: Annotated[
        str | None, typer.Option(help="Only this port, by part of its name (default: all).")
    ] = None,
    deep: Annotated[bool, typer.Option(help="Also a note-off for every key there is.")] = False,
) -> None:
    """Silence everything that sounds on the MIDI outputs.

    Example: antiphon panic --out reface
    """
    from .devices import silence_ports

    for name in silence_ports(out, deep):
        typer.echo(f"silenced {name}")


def doctor(
    rounds: Annotated[int, typer.Option(help="Phrases to measure with.", min=3, max=200)] = 20,
    folder: Annotated[Path, typer.Option(help="Where the picture is kept.")] = Path("out"),
    bundle: BundleFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Say what works on this machine, what to do about what does not, and how fast answers come.

    Example: antiphon doctor --json
    """
    from .doctor import examine

    examination = examine(rounds, folder, bundle, lambda text: typer.echo(text, err=as_json))
    typer.echo(json.dumps(examination.as_dict()) if as_json else examination.text())
    sys.exit(examination.exit_code)


def _instruments(names: str | None) -> tuple[int, ...]:
    if not names:
        return ()
    wanted = [name.strip().lower() for name in names.split(",")]
    for name in wanted:
        if name not in INSTRUMENTS:
            raise UserError(
                f"No instrument is called {name!r}; there are {', '.join(INSTRUMENTS)}."
            )
    return tuple(INSTRUMENTS.index(name) for name in wanted)
