"""Stereo samples to a WAV file. The only module that knows soundfile."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from antiphon.engine.errors import FileRefused

from .wholefile import put_whole


def write(path: Path, samples: NDArray[np.float32], rate: int) -> None:
    """Write `samples` of shape (n, 2), -1..1, as 16-bit PCM at `rate` hertz.

    Louder samples are clipped. The file is there whole or not at all, and the same samples give
    the same bytes. Raises `FileRefused` if it cannot be written.
    """
    data = io.BytesIO()
    try:
        soundfile.write(data, samples, rate, format="WAV", subtype="PCM_16")
    except (OSError, soundfile.LibsndfileError) as error:
        raise FileRefused(f"{path.name} cannot be made a WAV file ({error}).") from error
    put_whole(path, data.getvalue())
