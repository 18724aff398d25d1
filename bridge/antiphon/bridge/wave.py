"""Stereo samples to a WAV file. The only module that knows soundfile."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from antiphon.engine.errors import FileRefused

from .wholefile import put_whole

_BLOCK = 2**20


def write(
    path: Path,
    samples: NDArray[np.float32],
    rate: int,
    heed: Callable[[], None] = lambda: None,
) -> None:
    """Write `samples` of shape (n, 2), -1..1, as 16-bit PCM at `rate` hertz.

    Louder samples are clipped. The file is there whole or not at all, and the same samples give
    the same bytes. `heed` is called all along; what it raises leaves no file. Raises `FileRefused`
    if it cannot be written.
    """
    data = io.BytesIO()
    try:
        with soundfile.SoundFile(data, "w", rate, 2, "PCM_16", format="WAV") as file:
            for start in range(0, len(samples), _BLOCK):
                heed()
                file.write(samples[start : start + _BLOCK])
    except (OSError, soundfile.LibsndfileError) as error:
        raise FileRefused(f"{path.name} cannot be made a WAV file ({error}).") from error
    put_whole(path, data.getvalue())
