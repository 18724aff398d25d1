"""The bridge's commands: play, bounce, ports, panic, doctor."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from antiphon.engine.commands import check_styles
from antiphon.engine.errors import UserError
from antiphon.engine.protocol import MOST_NOTES
from antiphon.engine.wishes import Constraints, Feel

from . import (
    bindings,
    config_command,
    lengths,
    midifile,
    plugin_commands,
    preferences,
    programs,
    results,
    rules,
    session_commands,
    styles,
    turn_commands,
)
from .compensation import Compensation
from .config import Clock, Mode, Settings
from .examples import example_phrase
from .grid import Grid
from .judge import USUAL_EAGERNESS

LONGEST_STYLE = 80
NS_PER_MS = 1_000_000
FROM_NOTHING_MINUTES = 1.0


def known_styles(context: typer.Context, names: list[str] | None) -> list[str] | None:
    """The styles as they were asked for; UserError if the bundle asked for lacks one."""
    asked = styles.parse(names or ()).all_names
    if any(len(name) > LONGEST_STYLE for name in asked):
        raise UserError(f"No style has a name longer than {LONGEST_STYLE} characters.")
    if asked:
        check_styles(asked, context.params["bundle"])
    return names


USUAL = Feel()
Seed = Annotated[
    int, typer.Option(help="The same seed gives the same answers.", min=0, max=2**63 - 1)
]
Style = Annotated[
    list[str] | None,
    typer.Option(
        help="Composer or style, any part of its name; repeatable. Two at once: "
        "chopin:0.7,hymn:0.3; from one to the other: 'bach>chopin'.",
        callback=known_styles,
    ),
]
Like = Annotated[
    Path | None, typer.Option(help="MIDI file to take the style from, by its last bars.")
]
Instruments = Annotated[
    str | None,
    typer.Option(help="Who answers, e.g. piano,violin,bass; at most ten (default: as you play)."),
]
Temperature = Annotated[float, typer.Option(help="0 is strict, 1 is free.", min=0, max=4)]
Echo = Annotated[float, typer.Option(help="How much of what was played comes back.", min=0, max=1)]
Scale = Annotated[
    str | None, typer.Option(help="Only notes of a scale, e.g. 'A minor' or 'F# dorian'.")
]
Chords = Annotated[
    str | None,
    typer.Option(help="Chords from the first bar on, over and over: 'Am7 | F/C G | E7'."),
]
Ranges = Annotated[
    list[str] | None,
    typer.Option("--range", help="Keys of the answer, C3-C6, or of one: bass:E1-G3; repeatable."),
]
Never = Annotated[str | None, typer.Option(help="Who may not answer, e.g. piano,drums.")]
Polyphony = Annotated[
    int | None, typer.Option(help="Most notes of the answer at once.", min=1, max=64)
]
Repetition = Annotated[
    float, typer.Option(help="How much it shuns notes it has just played.", min=0, max=1)
]
Heat = Annotated[float, typer.Option(help="Times the temperature.", min=0, max=4)]
Beats = Annotated[
    int | None, typer.Option(help="Length of an answer (default: as your phrase).", min=1, max=4096)
]
BundleFolder = Annotated[
    Path | None,
    typer.Option(
        help="Folder of another model.",
        exists=True,
        file_okay=False,
        is_eager=True,  # read before the styles, which are looked up in it
    ),
]


def register(app: typer.Typer) -> None:
    """Add the bridge's commands to the one `antiphon`."""
    for command in (play, bounce, ports, panic, doctor):
        app.command()(command)
    config_command.register(app)
    session_commands.register(app)
    turn_commands.register(app)
    plugin_commands.register(app)


def settings_of(
    seed: int,
    style: list[str] | None,
    like: Path | None,
    instruments: str | None,
    feel: Feel,
    beats: int | None,
    allowed: Constraints,
    bpm: float | None = None,
) -> Settings:
    """Settings from flags; UserError naming what is not known or cannot be. [may block]"""
    asked = styles.parse(style or ())
    players = programs.parse(instruments) if instruments else programs.Players()
    if {*players.instruments} & {*allowed.never}:
        raise UserError("An instrument may not be asked for with --instruments and --never both.")
    return Settings(
        seed=seed,
        styles=asked.names,
        blend=asked.blend,
        example=midifile.read(like).notes[-MOST_NOTES:] if like else (),
        instruments=players.instruments,
        programs=players.programs,
        bpm=bpm,
        answer_beats=beats,
        rules=rules.fitted(allowed, players.instruments),
        feel=feel,
    )


def play(
    context: typer.Context,
    phrase: Annotated[
        Path | None, typer.Option(help="Play this MIDI file instead of a keyboard.")
    ] = None,
    sources: Annotated[
        list[str] | None,
        typer.Option(
            "--in",
            help="Keyboard, by part of its name, or 'virtual' for a port; repeatable. With rules: "
            "'reface; transpose -12; curve 0.7; split C3 2 bass'.",
        ),
    ] = None,
    bind: Annotated[
        list[str] | None,
        typer.Option(help="A pedal, pad or dial, e.g. 'reroll=note 36 ch 10'; repeatable."),
    ] = None,
    out: Annotated[
        str | None, typer.Option(help="MIDI output by part of its name (default: a virtual port).")
    ] = None,
    loop: Annotated[
        bool | None,
        typer.Option(
            "--loop/--no-loop",
            show_default=False,
            help="Whether what goes out comes back in, as on one IAC or loopMIDI port for both "
            "ways (default: found out). Then it is told from what you play.",
        ),
    ] = None,
    latency_out: Annotated[
        float,
        typer.Option(help="Milliseconds until it is heard: sent so much sooner.", min=0, max=500),
    ] = 0.0,
    latency_in: Annotated[
        float,
        typer.Option(
            help="Milliseconds your keys take: dated back. `antiphon doctor` measures both.",
            min=0,
            max=500,
        ),
    ] = 0.0,
    style: Style = None,
    like: Like = None,
    instruments: Instruments = None,
    mode: Annotated[
        Mode, typer.Option(help="One after the other (call), or both at once (together).")
    ] = Mode.CALL,
    answer: Annotated[
        str, typer.Option(help="Length of an answer: phrase, 8 (beats), 4bars, ending, endless.")
    ] = "phrase",
    eagerness: Annotated[
        float,
        typer.Option(
            help="How soon silence is taken for your end: 0 patient, 1 eager.", min=0, max=1
        ),
    ] = USUAL_EAGERNESS,
    takes: Annotated[
        int, typer.Option(help="Versions made of each answer; tab plays the next.", min=1, max=8)
    ] = 1,
    tempo: Annotated[
        float | None, typer.Option(help="Beats a minute (default: free time).", min=20, max=400)
    ] = None,
    clock: Annotated[
        Clock,
        typer.Option(
            help="Whose time: our own, MIDI clock of an input, an Ableton Link session, or yours, "
            "guessed as you play."
        ),
    ] = Clock.INTERNAL,
    clock_out: Annotated[bool, typer.Option(help="Send MIDI clock to the output.")] = False,
    count_in: Annotated[
        int, typer.Option(help="Bars of click before the song begins.", min=0, max=8)
    ] = 0,
    click: Annotated[bool, typer.Option(help="Click on every beat.")] = False,
    metre: Annotated[str, typer.Option(help="Beats in a bar, where there is a tempo.")] = "4/4",
    grid: Annotated[
        Grid, typer.Option(help="Where an answer may begin: anywhere, on beats, on bars.")
    ] = Grid.FREE,
    scale: Scale = None,
    chords: Chords = None,
    keys: Ranges = None,
    never: Never = None,
    polyphony: Polyphony = None,
    temperature: Temperature = USUAL.temperature,
    rhythm_heat: Heat = USUAL.rhythm,
    pitch_heat: Heat = USUAL.pitch,
    repetition: Repetition = USUAL.repetition,
    echo: Echo = USUAL.echo,
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

    feel = Feel(temperature, echo=echo, rhythm=rhythm_heat, pitch=pitch_heat, repetition=repetition)
    allowed = rules.parse(scale, chords, keys or (), never, polyphony)
    timed = tempo is not None or clock is not Clock.INTERNAL
    if not (timed or phrase) and (grid is not Grid.FREE or click or count_in):
        raise UserError(
            "--grid, --click and --count-in need a tempo: say --tempo 96, or --clock midi or link;"
            " --clock guess will do for --grid."
        )
    if clock is Clock.GUESS and tempo is None and (click or count_in):
        raise UserError("Nobody can click a tempo that is still to be guessed: say --tempo 96 too.")
    if phrase and sources:
        raise UserError("--phrase plays in a keyboard's place: leave out --in.")
    bars = lengths.metre(metre)
    length = lengths.parse(answer, bars)
    settings = replace(
        settings_of(seed, style, like, instruments, feel, length.beats, allowed, tempo),
        clock=clock,
        clock_out=clock_out,
        latency=Compensation(round(latency_out * NS_PER_MS), round(latency_in * NS_PER_MS)),
        count_in=count_in,
        click=click,
        mode=mode,
        own_ending=length.own_ending,
        eagerness=eagerness,
        takes=takes,
        metre=bars if timed else None,
        grid=grid,
        bound=_bound(context, bind or ()),
    )
    if phrase is None and not sources:
        found, why = choose_source()
        if found is None:
            phrase = example_phrase()
            typer.echo(f"{why} Playing {phrase.name} instead.")
        else:
            sources = [found]
    if phrase and clock is Clock.MIDI:
        raise UserError("A file sends no MIDI clock: --clock midi needs a keyboard or a DAW.")
    title = phrase.stem.replace("-", " ") if phrase else "Antiphon"
    heard = tuple(sources or ())
    paths = run(Plan(settings, phrase, heard, out, loop, folder, bundle, sound, headless, title))
    if not paths:
        typer.echo("Nothing was played, so nothing was kept.")


def _bound(
    context: typer.Context, flags: list[str] | tuple[str, ...]
) -> tuple[tuple[str, str], ...]:
    """What pedals, pads and dials do: as usual, as configured, as the flags say. [may block]"""
    configured = preferences.load(config_command.play_flags(context))
    return tuple(bindings.texts(preferences.bound(configured, flags)).items())


def bounce(
    source: Annotated[str, typer.Argument(help="MIDI file to continue, or 'none'.")],
    target: Annotated[Path, typer.Argument(help="File to write: .mid, .wav or .png.")],
    style: Style = None,
    instruments: Instruments = None,
    like: Like = None,
    answer_beats: Beats = None,
    minutes: Annotated[
        float | None,
        typer.Option(
            help="The piece, MIDI file included, ends about here (from nothing: 1).",
            min=0.05,
            max=60,
        ),
    ] = None,
    infill: Annotated[
        str | None, typer.Option(help="Play only these bars anew, e.g. 9-12; keep all else.")
    ] = None,
    scale: Scale = None,
    chords: Chords = None,
    keys: Ranges = None,
    never: Never = None,
    polyphony: Polyphony = None,
    temperature: Temperature = USUAL.temperature,
    rhythm_heat: Heat = USUAL.rhythm,
    pitch_heat: Heat = USUAL.pitch,
    repetition: Repetition = USUAL.repetition,
    echo: Echo = USUAL.echo,
    seed: Seed = 0,
    bundle: BundleFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Continue a MIDI file into another file, faster than it sounds.

    Example: antiphon bounce phrase.mid answered.wav --seed 7

    From nothing: antiphon bounce none piece.mid --minutes 4 --instruments piano,strings,bass

    Some bars anew: antiphon bounce song.mid song-2.mid --infill 9-12
    """
    from .bounce import bounce as run
    from .gap import Bars, fill

    results.check_target(target)
    path = None if source == "none" else Path(source)
    if path and path.resolve() == target.resolve():
        raise UserError(f"{target} is the file to continue: give the answer another name.")
    if minutes and answer_beats:
        raise UserError("--minutes and --answer-beats both say how long it is: leave one out.")
    if path is None and answer_beats is None:
        minutes = minutes or FROM_NOTHING_MINUTES
    feel = Feel(temperature, echo=echo, rhythm=rhythm_heat, pitch=pitch_heat, repetition=repetition)
    allowed = rules.parse(scale, chords, keys or (), never, polyphony)
    settings = settings_of(seed, style, like, instruments, feel, answer_beats, allowed)
    if infill is None:
        piece = run(path, settings, minutes, bundle, _progress)
    elif path is None or minutes or like or answer_beats:
        raise UserError("--infill needs a MIDI file, and no --minutes, --answer-beats or --like.")
    else:
        piece = fill(path, Bars.parse(infill), settings, bundle, _progress)
    results.write(piece, target, typer.echo)
    tracks = piece.recording.tracks()
    figures = {part: len(notes) for part, notes in tracks.items()}
    if as_json:
        typer.echo(json.dumps({"path": str(target), "seconds": piece.seconds, "notes": figures}))
    else:
        counts = ", ".join(f"{n} notes of {part}" for part, n in figures.items())
        typer.echo(f"{target}: {piece.seconds:.1f} s, {counts}.")


def _progress(text: str) -> None:
    typer.echo(text, err=True)


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

    silenced = silence_ports(out, deep)
    for name in silenced:
        typer.echo(f"silenced {name}")
    if not silenced:
        typer.echo("There is no MIDI output.")


def doctor(
    rounds: Annotated[int, typer.Option(help="Phrases to measure with.", min=3, max=200)] = 20,
    out: Annotated[
        str | None, typer.Option(help="MIDI output with a cable to --in: the ways are measured.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--in", help="MIDI input that the cable from --out leads to.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Where the picture is kept.")] = Path("out"),
    bundle: BundleFolder = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object as last line.")] = False,
) -> None:
    """Say what works on this machine, what to do about what does not, and how fast answers come.

    It says what to set as latency, too: measured through virtual ports, as to and from a DAW, or
    with --out and --in through a cable from one to the other.

    Example: antiphon doctor --json
    """
    from .doctor import examine

    if (out is None) != (source is None):
        raise UserError("A cable has two ends: --out and --in, or neither.")
    cable = (out, source) if out is not None and source is not None else None
    examination = examine(rounds, folder, bundle, lambda text: typer.echo(text, err=as_json), cable)
    typer.echo(json.dumps(examination.as_dict()) if as_json else examination.text())
    sys.exit(examination.exit_code)
