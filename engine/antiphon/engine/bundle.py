"""A bundle: the folder that holds a model, and the checks it must pass before it is loaded.

    model.onnx      rows and cache in, logits of the next token out
    velocity.onnx   how hard a drawn note is struck
    copies.bin      which runs of notes training music has; may be missing, then none are told
    bundle.json     this description, with the SHA-256 of all
    CARD.md         what it was trained on, under which licences, how good it is

Weights are read as bytes and handed over as bytes, so a graph can reach no other file.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from .copies import Index
from .errors import BundleRefused
from .vocabulary import STYLE, Vocabulary

SCHEMA = 4
MAX_FILE_BYTES = 512 * 2**20
DEFAULT = Path(__file__).parent / "bundles" / "default"
GRAPHS = ("model.onnx", "velocity.onnx")
COPIES = "copies.bin"

Positive = Annotated[int, Meta(ge=1, le=1_000_000)]


class Shape(Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes of the network that the cache and the sampler must know."""

    vocabulary: Positive
    """Number of token ids, styles included."""
    n_layers: Positive
    n_kv_heads: Positive
    head_width: Positive
    context: Positive
    """Positions that rows can stand at."""
    window: Positive
    """How many positions back attention reaches."""
    velocity_width: Positive
    """Width of the state that the velocity head reads."""


class About(Struct, frozen=True):
    """Contents of `bundle.json`."""

    schema: int
    name: str
    shape: Shape
    styles: tuple[str, ...]
    """Names of the style tokens, in order of id."""
    precision: str
    """How weights are stored, e.g. "8 bit, blocks of 32"."""
    sha256: dict[str, str]
    """Hexadecimal SHA-256 of each graph, and of the index of copies if there is one."""
    data: tuple[str, ...] = ()
    """What it was trained on, one line a collection, with its licence."""
    figures: dict[str, float] = {}
    """Measured: bits per note by collection and the like."""


class Bundle(Struct, frozen=True):
    """A bundle that passed its checks, weights still as bytes."""

    about: About
    graphs: dict[str, bytes]
    copies: Index | None = None
    """Which runs of notes training music has, if the bundle tells."""

    @property
    def vocabulary(self) -> Vocabulary:
        """The ids of this bundle."""
        return Vocabulary(self.about.styles)


def load(folder: Path | None = None) -> Bundle:
    """Read and check a bundle; the one that ships if no folder is given.

    Raises BundleRefused if a file is missing, too large, changed, or of another schema.
    """
    folder = folder or default_folder()
    about = read_about(folder)
    graphs = {name: _checked(folder / name, about.sha256.get(name, "")) for name in GRAPHS}
    return Bundle(about, graphs, _copies(folder, about))


def default_folder() -> Path:
    """The bundle to use when none is named: `ANTIPHON_BUNDLE`, else the one that ships."""
    named = os.environ.get("ANTIPHON_BUNDLE")
    return Path(named) if named else DEFAULT


def read_about(folder: Path) -> About:
    """The description alone; BundleRefused if it is missing or says something impossible."""
    try:
        about = msgspec.json.decode((folder / "bundle.json").read_bytes(), type=About)
    except OSError:
        if (folder / "config.json").exists():
            raise BundleRefused(
                f"{folder} is a training run, and only bundles play: export it first."
            ) from None
        raise BundleRefused(f"{folder} holds no bundle: bundle.json is missing.") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BundleRefused(f"{folder / 'bundle.json'} cannot be understood: {error}.") from None
    if about.schema != SCHEMA:
        raise BundleRefused(
            f"{folder} is a bundle of schema {about.schema}; this Antiphon reads {SCHEMA}."
        )
    if about.shape.vocabulary != STYLE + len(about.styles):
        raise BundleRefused(f"{folder} was made for another vocabulary; export it anew.")
    return about


def _copies(folder: Path, about: About) -> Index | None:
    checksum = about.sha256.get(COPIES)
    return Index.read(_checked(folder / COPIES, checksum)) if checksum else None


def _checked(path: Path, expected: str) -> bytes:
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BundleRefused(f"{path} is larger than {MAX_FILE_BYTES >> 20} MiB.")
        data = path.read_bytes()
    except OSError:
        raise BundleRefused(f"{path.parent} is not whole: {path.name} is missing.") from None
    if hashlib.sha256(data).hexdigest() != expected:
        raise BundleRefused(f"{path} is not the file its bundle was made with (SHA-256 differs).")
    return data
