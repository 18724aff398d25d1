"""The trial of turns: its counts against counts by hand, and the judge on sung melodies."""

from __future__ import annotations

import json
import lzma
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from antiphon.bridge import songs, turn_fitting, turn_picture, turn_rehearsal, turn_trial
from antiphon.bridge.echoes import LIKE_GAP, LONGEST_RUN, Echoes
from antiphon.bridge.judge import WAITS_MS, Network, waits_ms
from antiphon.bridge.shown import Outcome as Shows
from antiphon.bridge.shown import Shown, moment
from antiphon.bridge.songs import Song
from antiphon.bridge.turn_fitting import Rows
from antiphon.bridge.turn_trial import Curve, Outcome
from antiphon.engine.errors import FileRefused

MELODIES = Path(__file__).parents[3] / "shared/data/phrases.jsonl.xz"


def song(
    rests: dict[int, int], marks: dict[int, str], composer: str = "Anon", notes: int = 8
) -> Song:
    """Quarters at 60, some with a rest of so many ticks behind them."""
    onset, written = 0, []
    for i in range(notes):
        written.append((onset, 48, 60 + (5 * i) % 7))
        onset += 48 + rests.get(i, 0)
    return Song("a song", composer, 60.0, 4.0, tuple(written), marks)


def test_an_end_is_a_strong_mark_with_a_rest_and_the_last_note_rests_for_ever() -> None:
    one = song({1: 24, 2: 12, 4: 48}, {1: "strong", 2: "strong", 3: "weak", 4: "none", 7: "strong"})

    assert [one.ends(i) for i in range(8)] == [
        False, True, None, None, False, False, False, True
    ]  # fmt: skip


def test_silences_last_from_the_end_of_a_note_to_the_next_give_or_take_40_ms_and_the_drift() -> (
    None
):
    found = list(songs.played(song({1: 48, 4: 96}, {4: "strong", 7: "strong"}), bars=False))

    assert [silence.ends for silence in found] == [False, True, True]
    assert found[0].seconds == pytest.approx(1, abs=0.05 + 0.041)
    assert found[1].seconds == pytest.approx(2, abs=0.1 + 0.041)
    assert found[2].seconds == songs.NEVER_S


def test_the_same_seed_plays_the_same_and_another_does_not() -> None:
    one = song({1: 48}, {})
    lengths = [[s.seconds for s in songs.played(one, bars=True, seed=i)] for i in (3, 3, 4)]

    assert lengths[0] == lengths[1] != lengths[2]


def rows(ms: list[float], ends: list[int]) -> Rows:
    count = len(ms)
    return Rows(
        np.zeros((count, 1)),
        np.array(ends),
        np.array(ms),
        np.full(count, np.nan),
        np.zeros(count, np.int64),
        np.zeros((count, 6)),
        np.arange(count) // 4,
    )


def test_an_outcome_counts_what_a_person_would_count() -> None:
    found = turn_trial.outcome(
        rows([500, 900, 300, 2000, 800, 5000], [1, 1, 1, 0, 0, -1]),
        np.array([400.0, 600.0, 400.0, 600.0, 900.0, 100.0]),
    )

    assert found.caught == pytest.approx(200 / 3)
    assert found.false == pytest.approx(100 / 3)
    assert found.delay_ms == 500


def test_a_curve_is_read_where_it_catches_enough() -> None:
    curve = Curve("c", (0.0, 0.5, 1.0), (Outcome(60, 5, 9), Outcome(76, 9, 8), Outcome(90, 20, 7)))

    assert curve.at(75) == (0.5, Outcome(76, 9, 8))


def test_a_network_learns_what_can_be_learnt() -> None:
    """One cue says whether it is an end, another how long those who go on are silent."""
    chance = np.random.default_rng(1)
    ends, slow = chance.integers(0, 2, (2, 4000))
    cues = np.stack([2.0 * ends - 1, 2.0 * slow - 1], 1)
    ms = np.where(ends, 5000.0, np.where(slow, 1000.0, 300.0))
    given = rows([*ms], [*ends])
    found, later = turn_fitting.learnt(cues, given).chances(cues)

    waits = waits_ms(found, later, 0.4)
    assert set(waits[ends == 1]) == {WAITS_MS[0]}
    assert (waits[(ends == 0) & (slow == 1)] > 1000).all()
    assert (waits[(ends == 0) & (slow == 0)] > 300).all()


class Stubborn:
    """A judge that waits equally long whatever it is shown, and notes that."""

    def __init__(self, wait_ms: int) -> None:
        self.shown: list[np.ndarray] = []
        self._chances = np.zeros((2, 1, len(WAITS_MS) + 1))
        self._chances[0, 0, WAITS_MS.index(wait_ms) + 1 :] = 1
        self._chances[1, 0, : WAITS_MS.index(wait_ms) + 1] = 9

    def __call__(self, row: int, shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.shown.append(shown[0])
        return self._chances[0], self._chances[1]


def test_in_a_rehearsal_a_judge_is_shown_what_a_player_would_have_shown() -> None:
    one = song({1: 24, 3: 8, 5: 24, 6: 24}, {1: "strong", 6: "weak", 8: "strong"}, notes=9)
    found = turn_fitting.rows([one])
    found = found._replace(paced_ms=np.full(len(found.ms), np.nan))
    judge, shown, every = Stubborn(250), Shown(), np.arange(len(found.ms))
    _, waits = turn_rehearsal.rehearsed(found, every, "bars", np.array([0.5]), judge)

    assert (waits == 250).all()
    told = (Shows.RIGHT, Shows.WENT_ON, Shows.FALSE, Shows.UNKNOWN, Shows.RIGHT)
    for heard, silence, outcome in zip(
        judge.shown, songs.played(one, bars=True), told, strict=True
    ):
        now = moment(silence.melody)
        assert np.allclose(heard, shown.cues(now))
        shown.add(now, outcome)


def test_the_command_refuses_what_it_cannot_read_in_one_sentence(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.xz"
    damaged.write_bytes(b"nothing")
    for path, why in (
        (tmp_path / "none.xz", "cannot be read: No such file or directory."),
        (damaged, "holds no melodies with their ends: Input format not supported by decoder."),
    ):
        command = [sys.executable, "-m", "antiphon.bridge", "turns", str(path)]
        result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr == f"{path} {why}\n"


def test_weights_come_back_from_their_file(tmp_path: Path) -> None:
    network = Network(*(np.random.default_rng(i).random((3, 3)) for i in range(4)))
    turn_fitting.write({"free": network}, tmp_path / "w.json")
    table = json.loads((tmp_path / "w.json").read_text())["free"]

    assert list(table) == ["mean", "scale", "hidden", "out"]
    assert np.allclose(table["hidden"], network.hidden, atol=1e-4)


def test_echoes_find_the_runs_that_a_slow_search_finds() -> None:
    chance = np.random.default_rng(5)
    steps, paces = chance.integers(-1, 2, 60), chance.choice([0.5, 1.0, 2.0], 60)
    echoes = Echoes()
    for step, pace in zip(steps, paces, strict=True):
        echoes.strike(int(step), float(pace))
        echoes.rest(0.5, 0.0)

    def alike(a: int, b: int) -> bool:
        near = abs(np.log2(paces[a] / paces[b])) < LIKE_GAP
        return bool(near and steps[a] == steps[b])

    def run(place: int) -> int:
        back = 0
        while back < min(place + 1, LONGEST_RUN) and alike(place - back, 59 - back):
            back += 1
        return back

    assert echoes.of_melody(0.5).run == max((r for r in map(run, range(59)) if r > 1), default=0)


def test_a_file_that_holds_no_melodies_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl.xz"
    for content in (b"nothing", lzma.compress(b'{"id": 1}\n')):
        path.write_bytes(content)
        with pytest.raises(FileRefused, match="holds no melodies"):
            songs.read(path)


def test_the_picture_has_its_size(tmp_path: Path) -> None:
    outcomes = tuple(Outcome(50 + 5 * i, 4.0 * i, 900 - 50 * i) for i in range(11))
    curve = Curve("ours", tuple(range(11)), outcomes)
    turn_picture.draw(tmp_path / "t.png", turn_trial.Trial(9, (curve, curve, curve)))

    with Image.open(tmp_path / "t.png") as image:
        assert image.size == (1000, 620)
        assert len(image.getcolors(1 << 20) or []) > 50


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.skipif(not MELODIES.exists(), reason="the melodies are not part of the project")
def test_on_composers_it_has_not_learnt_from_it_cuts_off_fewer_than_a_fixed_silence() -> None:
    trial = turn_trial.tried(turn_fitting.rows(songs.read(MELODIES)))
    bars, free, fixed = trial.curves
    usual = dict(zip(fixed.settings, fixed.outcomes, strict=True))

    # The yardsticks, from the definition.
    assert usual[600].caught == pytest.approx(75, abs=1)
    assert usual[600].false == pytest.approx(19, abs=1)
    assert usual[400].caught == pytest.approx(84, abs=1)
    assert usual[1000].false == pytest.approx(9, abs=1)
    for curve, at_75, at_85 in ((bars, 12.0, 19.3), (free, 13.3, 20.2)):
        assert curve.at(75)[1].false < at_75
        assert curve.at(75)[1].delay_ms < 600
        assert curve.at(85)[1].false < at_85
