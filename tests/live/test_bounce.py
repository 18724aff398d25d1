"""`antiphon bounce` and `antiphon play` as commands, with the shipped model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from antiphon.bridge import midifile
from antiphon.bridge.client import Client
from antiphon.bridge.examples import example_phrase
from antiphon.bridge.real_time_engine import PATIENCE_NS, RealTimeEngine
from antiphon.bridge.recording import ANSWER, PLAYER
from antiphon.bridge.tempo_map import TempoMap
from antiphon.engine.errors import EngineLost
from antiphon.engine.notes import DRUMS, TICKS_PER_BEAT, Note
from antiphon.engine.protocol import Cancel, Done, Reply, Request
from quick_clock import QuickClock
from stress import stress_files

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.usefixtures("no_midi")]

LONGEST_S = 15.0
"""Of a file, beside another."""
SIDE_BY_SIDE = 2


class Bounced(NamedTuple):
    """A file, and what bouncing it did."""

    source: Path
    target: Path
    result: subprocess.CompletedProcess[str]
    took_s: float


def antiphon(*arguments: str | Path, timeout_s: float = 120) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "antiphon.bridge", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=timeout_s, check=False)


def pitch_classes(notes: list[Note]) -> Counter[int]:
    return Counter(note.pitch % 12 for note in notes if note.instrument != DRUMS)


def overlap(a: Counter[int], b: Counter[int]) -> float:
    """Shared share of two distributions, 0 to 1."""
    return sum(min(a[k] / a.total(), b[k] / b.total()) for k in range(12))


def bounced(tmp_path: Path, *options: str) -> list[Note]:
    target = tmp_path / "answer.mid"
    result = antiphon("bounce", example_phrase(), target, *options)
    assert result.returncode == 0, result.stderr
    return list(midifile.read(target).notes)


def test_the_answer_is_music_in_the_phrases_key_and_register(tmp_path: Path) -> None:
    phrase = list(midifile.read(example_phrase()).notes)
    end = max(note.end for note in phrase)
    overlaps, in_key, notes_each = [], [], []
    for seed in range(8):
        answer = [n for n in bounced(tmp_path, "--seed", str(seed)) if n.onset >= end]
        overlaps.append(overlap(pitch_classes(phrase), pitch_classes(answer)))
        in_key.append(sum(n.pitch % 12 in pitch_classes(phrase) for n in answer) / len(answer))
        notes_each.append(len(answer))
        assert min(n.pitch for n in phrase) - 7 <= min(n.pitch for n in answer)
        assert max(n.pitch for n in answer) <= max(n.pitch for n in phrase) + 7

    # Twelve pitch classes at random would overlap by about half and be in key for 8 of 12.
    assert sum(overlaps) / len(overlaps) >= 0.6
    assert sum(in_key) / len(in_key) >= 0.85
    assert all(len(phrase) / 3 <= n <= 3 * len(phrase) for n in notes_each)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(tmp_path: Path) -> None:
    files = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        antiphon("bounce", example_phrase(), tmp_path / f"{name}.mid", "--seed", str(seed))
        files.append((tmp_path / f"{name}.mid").read_bytes())

    assert files[0] == files[1]
    assert files[0] != files[2]


def test_music_is_made_from_nothing_with_the_asked_instruments(tmp_path: Path) -> None:
    target = tmp_path / "new.mid"
    options = ("--instruments", "strings,bass", "--answer-beats", "64", "--style", "quartet")
    result = antiphon("bounce", "none", target, *options, "--json")

    assert result.returncode == 0, result.stderr
    told = json.loads(result.stdout.splitlines()[-1])
    notes = midifile.read(target).notes
    assert told["notes"] == {"you": 0, ANSWER: len(notes)}
    assert {n.instrument for n in notes} <= {4, 5}
    assert len(notes) > 20


TEN = "piano,strings,brass,reed,pipe,organ,guitar,bass,drums,ensemble"


def test_one_command_makes_four_minutes_for_ten_instruments_that_end_by_themselves(
    tmp_path: Path,
) -> None:
    target = tmp_path / "piece.mid"
    result = antiphon("bounce", "none", target, "--minutes", "4", "--instruments", TEN, "--json")

    assert result.returncode == 0, result.stderr
    phrase = midifile.read(target)
    bar_s = 4 * 60 / phrase.tempo_bpm
    lasts_s = phrase.notes[-1].onset / TICKS_PER_BEAT * 60 / phrase.tempo_bpm
    assert 240 - bar_s <= lasts_s < 240 + 2 * bar_s
    assert json.loads(result.stdout.splitlines()[-1])["seconds"] >= 240
    assert len({(n.instrument == DRUMS, phrase.programs[n.instrument]) for n in phrase.notes}) == 10


def test_a_short_melody_becomes_a_song_in_a_style_into_which_other_instruments_come(
    tmp_path: Path,
) -> None:
    melody = list(midifile.read(example_phrase()).notes)
    end = max(note.end for note in melody)
    options = ("--minutes", "1", "--style", "chopin", "--instruments", "piano,bass,drums,guitar")
    song = bounced(tmp_path, *options)
    first = {n.instrument: n.onset for n in reversed(song)}

    # Whatever the piano played on its own stays as it was.
    assert [n.pitch for n in song[: len(melody)]] == [n.pitch for n in melody]
    assert {n.instrument for n in song if n.onset < end} == {0}
    assert sorted(first) == [0, 3, 4, DRUMS]
    assert all(end <= first[i] <= end + 9 * 4 * TICKS_PER_BEAT for i in (3, 4, DRUMS))
    assert song[-1].onset / TICKS_PER_BEAT * 60 / 92 == pytest.approx(62, abs=6)


def test_style_instruments_and_an_example_all_change_what_is_played(tmp_path: Path) -> None:
    other = tmp_path / "other.mid"
    scale = [Note(12 * i, 0, 40 + i % 24, 12, 100) for i in range(200)]
    midifile.write(other, {PLAYER: scale}, tempos=TempoMap.steady(120), metre=(4, 4), programs={})
    wishes = [
        (), ("--style", "chopin"), ("--style", "hymn"), ("--style", "chopin:0.6,hymn:0.4"),
        ("--style", "chopin>hymn"), ("--instruments", "guitar"), ("--like", str(other)),
    ]  # fmt: skip
    answers = [bounced(tmp_path, "--answer-beats", "32", *options) for options in wishes]

    assert len({tuple(notes) for notes in answers}) == len(wishes)
    phrase = midifile.read(example_phrase()).notes
    for notes in answers:
        assert [n.pitch for n in notes[: len(phrase)]] == [n.pitch for n in phrase]


def test_sounds_of_general_midi_are_heard_as_they_were_named(tmp_path: Path) -> None:
    target = tmp_path / "x.mid"
    options = ("--instruments", "violin,flute", "--answer-beats", "64")
    assert antiphon("bounce", "none", target, *options).returncode == 0

    assert midifile.read(target).programs == {5: 40, 9: 73}


def test_bars_are_played_anew_and_nothing_else_changes(tmp_path: Path) -> None:
    source = example_phrase()
    start, until = 2 * 4 * TICKS_PER_BEAT, 3 * 4 * TICKS_PER_BEAT
    files = []
    for name, seed in (("a", 5), ("b", 5), ("c", 6)):
        target = tmp_path / f"{name}.mid"
        result = antiphon("bounce", source, target, "--infill", "3", "--seed", str(seed))
        assert result.returncode == 0, result.stderr
        files.append(target.read_bytes())
        new, old = midifile.read(target), midifile.read(source)
        assert outside(new.notes, start, until) == outside(old.notes, start, until)
        assert new.notes != old.notes
        assert (new.tempo_bpm, new.metre, new.programs) == (old.tempo_bpm, old.metre, old.programs)

    assert files[0] == files[1]
    assert files[0] != files[2]
    assert antiphon("bounce", source, tmp_path / "x.png", "--infill", "3").returncode == 0


def outside(notes: Sequence[Note], start: int, until: int) -> list[Note]:
    return [note for note in notes if not start <= note.onset < until]


def test_a_wav_and_a_picture_can_be_bounced(tmp_path: Path) -> None:
    for suffix in (".wav", ".png"):
        target = tmp_path / f"x{suffix}"
        assert antiphon("bounce", example_phrase(), target).returncode == 0
        assert target.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("source", "target", "word"),
    [
        ("missing.mid", "x.mid", "missing.mid"),
        ("none", "x.xyz", ".xyz"),
        ("none", "no/such/folder/x.mid", "folder"),
    ],
)
def test_bad_arguments_are_one_sentence_and_exit_2(
    tmp_path: Path, source: str, target: str, word: str
) -> None:
    result = antiphon("bounce", source, tmp_path / target)

    assert result.returncode == 2
    assert word in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_unknown_names_are_one_sentence_and_exit_2(tmp_path: Path) -> None:
    for option in ("--instruments", "--style"):
        result = antiphon("bounce", "none", tmp_path / "x.mid", option, "kazoo")
        assert (result.returncode, len(result.stderr.strip().splitlines())) == (2, 1)
        assert "kazoo" in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (("--infill", "3", "--minutes", "1"), "--infill"),
        (("--infill", "99"), "bar 99"),
        (("--infill", "x"), "'x'"),
        (("--minutes", "0.1"), "0.17 minutes"),
        (("--instruments", TEN + ",lead"), "At most 10"),
        (("--style", "chopin:1"), "'chopin:1'"),
        (("--style", "chopin>kazoo"), "kazoo"),
        (("--like", "missing.mid"), "missing.mid"),
    ],
)
def test_what_cannot_be_is_one_sentence_and_exit_2(
    tmp_path: Path, options: tuple[str, ...], word: str
) -> None:
    result = antiphon("bounce", example_phrase(), tmp_path / "x.mid", *options)

    assert (result.returncode, len(result.stderr.strip().splitlines())) == (2, 1), result.stderr
    assert word in result.stderr
    assert list(tmp_path.iterdir()) == []


def test_every_stress_file_bounces_or_is_refused_in_one_sentence(tmp_path: Path) -> None:
    def bounce(path: Path) -> Bounced:
        target = tmp_path / f"{path.stem}.mid"
        began = time.monotonic()
        result = antiphon("bounce", path, target, "--answer-beats", "8")
        return Bounced(path, target, result, time.monotonic() - began)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as side_by_side:
        done = list(side_by_side.map(bounce, stress_files()))
    refused = []
    for path, target, result, took_s in done:
        assert "Traceback" not in result.stderr, path.name
        assert took_s <= LONGEST_S, f"{path.name} took {took_s:.1f} s"
        if result.returncode == 0:
            assert len(midifile.read(target).notes) > 0
        else:
            refused.append(path.name)
            assert result.returncode == 2, f"{path.name}: {result.stderr}"
            assert len(result.stderr.strip().splitlines()) == 1
            assert not target.exists()
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")], "half a file"
    assert len(done) == 40
    assert len(refused) <= 10


def test_play_without_any_device_answers_the_phrase_and_keeps_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    environment = {**os.environ, "HOME": str(home)}
    command = [sys.executable, "-m", "antiphon.bridge", "play", "--headless", "--answer", "8"]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )

    assert result.returncode == 0, result.stderr
    assert "There is no MIDI system here" in result.stdout
    kept = sorted((tmp_path / "out").iterdir())
    assert [path.suffix for path in kept] == [".mid", ".png", ".wav"]
    phrase = midifile.read(example_phrase()).notes
    notes = midifile.read(kept[0]).notes
    assert notes[: len(phrase)] == phrase, "to the tick"
    assert len(notes) > len(phrase) + 4
    assert list(home.iterdir()) == [], "nothing is left in the home folder"


@pytest.mark.parametrize("bpm", [60, 120, 240])
@pytest.mark.parametrize(("last", "beat"), [(48, 4), (40, 4), (60, 5)])
def test_the_answer_begins_on_the_beat_that_ends_the_phrase(
    tmp_path: Path, bpm: int, last: int, beat: int
) -> None:
    lengths = (48, 48, 48, last)
    phrase = [Note(48 * i, 0, 60 + 2 * i, length, 80) for i, length in enumerate(lengths)]
    source, target = tmp_path / "phrase.mid", tmp_path / "answer.mid"
    midifile.write(source, {PLAYER: phrase}, tempos=TempoMap.steady(bpm), metre=(4, 4), programs={})
    result = antiphon("bounce", source, target, "--answer-beats", "4")

    assert result.returncode == 0, result.stderr
    assert midifile.read(target).notes[len(phrase)].onset == beat * TICKS_PER_BEAT


class FullPipe(Client):
    """An engine that takes nothing for a while, or never again."""

    def __init__(self, clock: QuickClock, *, room_at_s: float, gone_at_s: float = 1000) -> None:
        super().__init__("tcp://127.0.0.1:1")
        self.present = True
        self._clock, self._room_s, self._gone_s = clock, room_at_s, gone_at_s

    def send(self, request: Request) -> bool:
        return self._clock.now >= self._room_s * 1e9

    def poll(self, now_ns: int) -> list[Reply]:
        self.present = now_ns < self._gone_s * 1e9
        return [Done(1, now_ns, "until", 0, 0, 0)] if now_ns < 4e9 else []


def test_replies_that_come_while_the_pipe_is_full_are_not_lost() -> None:
    clock = QuickClock()
    with closing(FullPipe(clock, room_at_s=2.5)) as pipe:
        engine = RealTimeEngine(pipe, clock)
        assert engine.send(Cancel(1))
        replies = engine.poll(clock.now)

    assert [round(r.generation / 1e9, 1) for r in replies if isinstance(r, Done)] == [1, 2, 2.5]


def test_a_bounce_gives_up_when_the_engine_is_gone_or_takes_nothing_for_too_long() -> None:
    for gone_at_s, patience_s in ((5.0, 6), (1000, PATIENCE_NS / 1e9 + 5)):
        clock = QuickClock()
        with closing(FullPipe(clock, room_at_s=2000, gone_at_s=gone_at_s)) as pipe:
            engine = RealTimeEngine(pipe, clock)
            with pytest.raises(EngineLost):
                engine.send(Cancel(1))
        assert clock.now <= patience_s * 1e9
