"""What a training run is fed: how often labels and positions are told, how pieces are bent.

A recipe is a table of numbers and nothing else, so that an ablation is `replace(USUAL, infill=0)`
and a run can write down what it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Recipe:
    """Shares are of windows (0 to 1) unless said otherwise. The defaults train what ships."""

    temperature: float = 0.4
    """Collections are drawn by their notes to this power: 1 as they are, 0 all alike."""
    from_start: float = 0.25
    """Begin where the piece does."""
    no_labels: float = 0.25
    """Have no label at all."""
    no_label: float = 0.4
    """Lack a given field of labels: styles, instruments, tempo, metre, performed or score."""
    no_timing: float = 0.4
    """Lack the position in the bar."""
    no_chord: float = 0.05
    """Lack the place of a note in its moment."""
    no_whole: float = 0.6
    """Lack part and countdown: in live play nobody knows the end."""
    retold: float = 0.3
    """Tell the labels again at a random moment, as run time does before they are forgotten."""
    transpose: int = 6
    """Most semitones up; one fewer down."""
    louder: int = 1
    """Most velocity bins up or down, for the whole window."""
    uneven: float = 0.1
    """Have their timing altered: scores are played unevenly, performances faster or slower."""
    infill: float = 0.1
    """Are turned inside out: prefix, suffix, then the middle."""
    mix_up: float = 0.0
    """Are mixed with another: embeddings and targets interpolated."""


USUAL = Recipe()
