from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from PIL import Image

from antiphon.bridge import page, picture
from antiphon.engine.errors import FileRefused
from antiphon.engine.notes import DRUMS, Note

BLUE, ORANGE = (20, 64, 148), (232, 118, 12)
PLAYED = [Note(0, 0, 60, 96, 127)]
ANSWERED = [Note(192, 0, 64, 96, 127)]


def drawn(path: Path, tracks: Mapping[str, Sequence[Note]]) -> Image.Image:
    picture.draw(path, tracks, tempo_bpm=120, metre=(4, 4), title="Étude")
    with Image.open(path) as image:
        return image.convert("RGB")


def count(image: Image.Image, colour: tuple[int, int, int]) -> int:
    colours = image.getcolors(image.width * image.height) or []
    return sum(number for number, found in colours if found == colour)


def test_each_part_has_its_colour(tmp_path: Path) -> None:
    both = drawn(tmp_path / "a.png", {"you": PLAYED, "answer": ANSWERED})
    alone = drawn(tmp_path / "b.png", {"you": PLAYED})

    assert both.width == page.WIDTH
    assert count(both, BLUE) > 1000
    assert count(both, ORANGE) > 1000
    assert count(alone, ORANGE) == 0


def test_a_long_piece_wraps_onto_at_most_six_rows(tmp_path: Path) -> None:
    def height(beats: int) -> int:
        notes = [Note(48 * beat, 0, 60, 48, 90) for beat in range(beats)]
        return drawn(tmp_path / f"{beats}.png", {"you": notes}).height

    short, two, six, longest = (height(beats) for beats in (30, 64, 190, 4000))
    assert short < two < six == longest


def test_drums_have_a_strip_of_their_own(tmp_path: Path) -> None:
    hits = [Note(24 * step, DRUMS, 36 + step % 3, 6, 90) for step in range(8)]
    bare = drawn(tmp_path / "a.png", {"you": PLAYED})
    drummed = drawn(tmp_path / "b.png", {"you": [*PLAYED, *hits]})

    assert drummed.height - bare.height == 3 * 6 + 12


@pytest.mark.parametrize(
    "tracks",
    [{}, {"you": []}, {"you": [Note(0, 0, 0, 1, 1)], "answer": [Note(0, 0, 127, 1, 127)]}],
    ids=["no parts", "no notes", "the outermost keys"],
)
def test_odd_pieces_are_drawn(tmp_path: Path, tracks: dict[str, list[Note]]) -> None:
    assert drawn(tmp_path / "a.png", tracks).width == page.WIDTH


def test_the_same_piece_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        drawn(tmp_path / name, {"you": PLAYED, "answer": ANSWERED})

    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_picture_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="nowhere"):
        drawn(tmp_path / "nowhere" / "a.png", {"you": PLAYED})
