"""The processes that train together: who takes which part of a batch, and how sums are made one.

Alone, every method is the identity. Under `torchrun` a process is one of several (gloo on CPU):

    torchrun --nproc-per-node 2 -m antiphon.bridge train prepared/ run/
"""

from __future__ import annotations

import atexit
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn


@dataclass(frozen=True, slots=True)
class Crew:
    """One of `size` processes, the `rank`th. Methods that add up block until all have called."""

    rank: int = 0
    size: int = 1

    @classmethod
    def joined(cls) -> Crew:
        """The crew that `torchrun` started, joined; alone if it did not."""
        if "RANK" not in os.environ:
            return cls()
        distributed.init_process_group("gloo")
        # Its threads must not outlive what they use: now and then that aborts the process.
        atexit.register(distributed.destroy_process_group)
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def leads(self) -> bool:
        """Whether this one speaks and saves."""
        return self.rank == 0

    def own_part(self, arrays: Sequence[Any]) -> list[Any]:
        """Every `size`th line of each array, from the `rank`th on."""
        return [array[self.rank :: self.size] for array in arrays]

    def add_up(self, model: nn.Module, loss: torch.Tensor) -> float:
        """Make the gradients of all one sum, in place; returns the sum of the losses."""
        if self.size == 1:
            return float(loss)
        parts = [p.grad for p in model.parameters() if p.grad is not None]
        flat = torch.cat([loss.reshape(1), *(part.flatten() for part in parts)])
        distributed.all_reduce(flat)
        begin = 1
        for part in parts:
            part.copy_(flat[begin : begin + part.numel()].view_as(part))
            begin += part.numel()
        return float(flat[0])

    def slowest(self, seconds: float) -> float:
        """The longest of all times, so that all stop after the same step."""
        if self.size == 1:
            return seconds
        longest = torch.tensor(seconds, dtype=torch.float64)
        distributed.all_reduce(longest, distributed.ReduceOp.MAX)
        return float(longest)
