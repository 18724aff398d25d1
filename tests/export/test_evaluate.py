"""`antiphon evaluate`: the table, the JSON, the picture, and the command on a folder of MIDI."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import typer
from PIL import Image
from typer.testing import CliRunner

from antiphon.engine.errors import FileRefused, UserError
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.baselines import gru, markov
from antiphon.export.commands import register
from antiphon.export.corpus.data import Corpus, Piece
from antiphon.export.corpus.splits import opened
from antiphon.export.evaluation.evaluate import Evaluation, Table, evaluate
from antiphon.export.evaluation.picture import draw
from antiphon.export.network.facts import evaluated, fingerprint
from antiphon.export.network.measure import KINDS, Bits, Judge
from antiphon.export.network.model import config
from antiphon.export.training.schedule import Schedule
from antiphon.export.training.train import Plan, Run
from bundles import tiny_folder
from corpora import scales
from midifiles import written
from tunes import notes_of, tune

CORPUS = scales()


def paying(**bits: float) -> Judge:
    """A judge who asks the same of every piece, and twice as much in the second collection."""

    def judge(corpus: Corpus, piece: Piece) -> Bits:
        times = 1 + int(piece.collection[-1])
        kinds = dict.fromkeys(KINDS, 0.0) | bits
        return Bits({kind: times * value for kind, value in kinds.items()}, notes=10)

    return judge


def found() -> Evaluation:
    judges = {"default": paying(note=40, wait=10), "markov": paying(note=60, velocity=20)}
    return evaluate(judges, CORPUS)


def test_collections_count_alike_whatever_their_size() -> None:
    lopsided = Corpus(CORPUS.styles, CORPUS.pieces[:4] + CORPUS.pieces[4::2], CORPUS.arrays)

    figures = evaluate({"default": paying(note=40, wait=10)}, lopsided).by_collection.figures

    assert figures["default"] == {"collection 0": 5.0, "collection 1": 10.0, "macro": 7.5}


def test_what_is_paid_for_each_kind_of_token_adds_up_to_the_whole() -> None:
    evaluation = found()

    for model, kinds in evaluation.by_kind.figures.items():
        whole = evaluation.by_collection.figures[model]["macro"]
        assert sum(kinds.values()) == pytest.approx(whole)


def test_every_judge_hears_the_pieces_in_order_and_each_is_counted() -> None:
    heard: list[int] = []
    steps: list[None] = []

    def judge(corpus: Corpus, piece: Piece) -> Bits:
        heard.append(piece.begin)
        return Bits(dict.fromkeys(KINDS, 1.0), 1)

    evaluate({"default": judge}, CORPUS, lambda: steps.append(None))

    assert heard == [piece.begin for piece in CORPUS.pieces]
    assert len(steps) == len(CORPUS.pieces)


def test_a_table_is_laid_out_with_a_column_for_each_model() -> None:
    table = Table("illegal, %", {"default": {"a": 1.0, "bees": 12.5}, "long name": {"bees": 3}})

    assert table.text().splitlines() == [
        "illegal, %  default  long name",
        "a              1.00          –",
        "bees          12.50       3.00",
    ]


def test_the_json_is_one_line_that_says_what_it_is_of() -> None:
    line = found().json(model="abc", bits=8, split="valid")

    assert "\n" not in line
    assert json.loads(line) == {
        "model": "abc",
        "bits": 8,
        "split": "valid",
        "models": {
            "default": {
                "macro_bits_per_note": 7.5,
                "by_collection": {"collection 0": 5.0, "collection 1": 10.0},
                "by_kind": {"wait": 1.5, "note": 6.0, "velocity": 0, "length": 0, "end": 0},
            },
            "markov": {
                "macro_bits_per_note": 12.0,
                "by_collection": {"collection 0": 8.0, "collection 1": 16.0},
                "by_kind": {"wait": 0, "note": 9.0, "velocity": 3.0, "length": 0, "end": 0},
            },
        },
    }


def test_the_card_can_read_it(tmp_path: Path) -> None:
    line = found().json(model=fingerprint(tiny_folder()), bits=32, split="valid")
    (tmp_path / "evaluation.json").write_text(line)

    figures = evaluated(tmp_path / "evaluation.json", tiny_folder())

    assert figures["bits_per_note.macro"] == 7.5
    assert figures["judged_bits"] == 32
    assert figures["baseline.markov.collection 0"] == 8.0


def test_a_model_is_called_by_its_name_where_people_read_it() -> None:
    named = found().naming("default", "small")

    for table in named.text().split("\n\n"):
        assert table.splitlines()[0].split()[-2:] == ["small", "markov"]
    assert json.loads(found().json())["models"].keys() == {"default", "markov"}


def test_the_picture_is_as_high_as_the_table_is_long(tmp_path: Path) -> None:
    few, many = (Table("bits", {"m": {str(i): i for i in range(n)}}) for n in (3, 30))
    draw(few, tmp_path / "few.png")
    draw(many, tmp_path / "pictures" / "many.png")

    with (
        Image.open(tmp_path / "few.png") as low,
        Image.open(tmp_path / "pictures/many.png") as high,
    ):
        assert low.format == high.format == "PNG"
        assert low.width == high.width
        assert low.height < high.height
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["few.png", "many.png", "pictures"]


@pytest.fixture(scope="module")
def music(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of MIDI files with a manifest: two collections, two splits."""
    home = tmp_path_factory.mktemp("music")
    lines = []
    for i in range(8):
        name, split = f"{i}.mid", "valid" if i > 5 else "train"
        written(home / name, notes_of(tune(i, 60)))
        lines.append({"path": name, "split": split, "collection": "ab"[i % 2]})
    with (home / "manifest.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return home


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A GRU in little windows, each of which takes a second of its budget."""
    monkeypatch.setattr(gru, "SCHEDULE", Schedule(((1.0, 2, 32),), rate=0.01))
    monkeypatch.setattr(gru, "PIECE", 16)
    moments = iter(range(1_000_000))
    monkeypatch.setattr(
        "antiphon.export.baselines.gru.time.process_time", lambda: float(next(moments))
    )
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def antiphon(*arguments: str | Path) -> str:
    """What the command prints."""
    app = typer.Typer()
    register(app)
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    return result.stdout


@pytest.mark.usefixtures("quickly")
def test_the_command_trains_what_is_missing_and_judges_all_side_by_side(
    music: Path, tmp_path: Path
) -> None:
    command: list[str | Path] = [
        "evaluate", music, "--split", "valid", "--bundle", tiny_folder(), "--json",
        "--baselines", tmp_path / "baselines", "--minutes", "0.1",
    ]  # fmt: skip
    first = antiphon(*command, "--picture", tmp_path / "bars.png")
    made = {file: file.stat().st_mtime_ns for file in (tmp_path / "baselines").iterdir()}
    models = json.loads(first.splitlines()[-1])["models"]

    assert list(models) == ["default", "remembering", "markov", "markov_adapting", "gru"]
    assert {file.name for file in made} == {gru.FILE, markov.FILE}
    for figures in models.values():
        assert figures["by_collection"].keys() == {"a", "b"}
        assert sum(figures["by_kind"].values()) == pytest.approx(figures["macro_bits_per_note"])
    # The bundle is of random weights, and a scale of ten notes is soon learnt.
    assert models["markov"]["macro_bits_per_note"] < models["default"]["macro_bits_per_note"]
    assert (tmp_path / "bars.png").exists()

    again = antiphon(*command)

    assert again.splitlines()[-1] == first.splitlines()[-1]
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "baselines").iterdir()} == made
    known = json.loads(first.splitlines()[-1])
    about = (fingerprint(tiny_folder()), 32, "valid")
    assert (known["model"], known["bits"], known["split"]) == about

    others = tmp_path / "others"
    written(others / "a.mid", notes_of(tune(70, 60)))
    (others / "manifest.csv").write_text("path,split\na.mid,train\na.mid,valid\n")
    for name in (markov.FILE, gru.FILE):
        with pytest.raises(FileRefused, match=rf"{name} was trained on other music"):
            antiphon("evaluate", others, *command[2:])
        (tmp_path / "baselines" / markov.FILE).unlink(missing_ok=True)


def test_what_was_found_is_printed_even_if_it_cannot_be_written(
    music: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    app = typer.Typer()
    register(app)
    for option in ("--picture", "--report"):
        command = ["evaluate", str(music), "--bundle", str(tiny_folder()), option]
        result = CliRunner().invoke(app, [*command, str(tmp_path / "file" / "x")])
        assert isinstance(result.exception, FileRefused)
        assert "macro" in result.stdout


def test_a_report_says_the_command_that_was_run(
    music: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = tmp_path / "deep" / "report.md"
    command = ["evaluate", str(music), "--bundle", str(tiny_folder()), "--report", str(report)]
    monkeypatch.setattr("sys.argv", ["/usr/bin/antiphon", *command])
    antiphon(*command)

    assert f"`antiphon {' '.join(command)}`" in report.read_text()


def test_without_json_it_prints_tables(music: Path) -> None:
    printed = antiphon("evaluate", music, "--bundle", tiny_folder())

    assert [line.split()[0] for line in printed.splitlines() if line] == [
        "bits", "a", "b", "macro", "bits", *KINDS, "remembering:",
    ]  # fmt: skip


def test_a_prepared_folder_is_opened_as_it_is(music: Path, tmp_path: Path) -> None:
    antiphon("prepare", music, tmp_path / "prepared")

    with opened(music, "valid") as read, opened(tmp_path / "prepared", "valid") as prepared:
        assert len(read.pieces) == len(prepared.pieces) == 2
        for name, array in read.arrays.items():
            assert (array == prepared.arrays[name]).all()


def test_music_that_nobody_has_split_is_not_judged(tmp_path: Path) -> None:
    written(tmp_path / "a.mid", notes_of(tune(1, 60)))
    for split in ("train", "valid", "nonsense"):
        with (
            pytest.raises(FileRefused, match=r"has no splits: run `antiphon prepare` first"),
            opened(tmp_path, split),
        ):
            pass


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    written(tmp_path / "a.mid", notes_of(tune(1, 60)))
    (tmp_path / "b.mid").write_text("no music")
    (tmp_path / "manifest.csv").write_text("path,split\na.mid,test\nb.mid,test\nc.mid,train\n")
    told: list[str] = []
    with opened(tmp_path, "test", told.append) as corpus:
        assert len(corpus.pieces) == 1

    broken = "  b.mid: not a MIDI file, or a broken one"
    assert told == ["Could not be read (1):", broken]


def test_a_prepared_folder_without_pieces_to_judge_is_refused_before_any_work(
    tmp_path: Path,
) -> None:
    written(tmp_path / "music" / "a.mid", notes_of(tune(1, 60)))
    prepared = tmp_path / "prepared"
    antiphon("prepare", tmp_path / "music", prepared)
    commands: tuple[list[str | Path], ...] = (
        ["evaluate", prepared, "--bundle", tiny_folder(), "--baselines", tmp_path / "baselines"],
        ["ablate", prepared, tmp_path / "runs", "--bundle", tiny_folder()],
    )
    for command in commands:
        with pytest.raises(FileRefused, match="has no pieces in its valid split"):
            antiphon(*command)
    with pytest.raises(FileRefused, match="it has only train and valid"):
        antiphon("evaluate", prepared, "--split", "test", "--bundle", tiny_folder())
    assert {path.name for path in tmp_path.iterdir()} == {"music", "prepared"}


def test_one_model_is_judged_and_only_a_bundle_can_play(music: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="name --run or --bundle, not both"):
        antiphon("evaluate", music, "--run", tmp_path, "--bundle", tiny_folder())
    Run(tmp_path, CORPUS, Plan(config("tiny", Vocabulary().size), (), 1)).save()
    with pytest.raises(UserError, match="is a training run, and only bundles play: export it"):
        antiphon("evaluate", music, "--run", tmp_path, "--play", "1")


def test_a_split_that_is_not_there_is_refused(music: Path, tmp_path: Path) -> None:
    with (
        pytest.raises(FileRefused, match="no pieces whose split is 'spare'"),
        opened(music, "spare"),
    ):
        pass
    with pytest.raises(FileRefused, match="There is no folder"), opened(tmp_path / "no", "valid"):
        pass


def test_a_bundle_that_is_asked_to_play_is_judged_by_that_too(music: Path) -> None:
    command: list[str | Path] = ["evaluate", music, "--bundle", tiny_folder(), "--play", "1"]
    text = antiphon(*command)
    report = json.loads(antiphon(*command, "--json").splitlines()[-1])

    assert report["controls"].keys() >= {"bands all in within 8 bars", "ended within a bar"}
    assert "ended within a bar" in text
    assert "ended within a bar" not in antiphon("evaluate", music, "--bundle", tiny_folder())
