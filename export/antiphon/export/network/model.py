"""The network, readable as a paper.

- decoder only, pre-norm; RMSNorm without gains, everywhere the same
- rotary positions (halves, not pairs), attention over the last `window` positions
- grouped-query attention: `n_heads` queries share `n_kv_heads` keys and values, one packed matrix
- SwiGLU, gate and up packed in one matrix
- the input is the sum of the token's table row, one small table for each companion column, and
  a row for each pitch that sounds there
- a note's table row is its own plus its instrument's plus its pitch's: rare notes borrow from kin
- output: norm, one projection, norm, then the same table (tied), plus a bias
- velocity is drawn after the note, from a small head that sees the state and the note

B batch, T positions, C columns of a row, D width, H query heads, K key heads, E head width, V ids.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, INSTRUMENTS
from antiphon.engine.tokens import MAX_CHORD, MAX_COUNTDOWN, MAX_PART, MAX_TIMING, Column

COMPANIONS = {
    "velocity": vocab.VELOCITY_BINS + 1,
    "timing": MAX_TIMING + 1,
    "chord": MAX_CHORD + 1,
    "part": MAX_PART + 1,
    "countdown": MAX_COUNTDOWN + 1,
}
"""Rows of each companion table, in the order of `Column` (0 is unknown)."""
MOST_SHARE = 100


def column_sizes(vocabulary: int) -> tuple[int, ...]:
    """How many values each column of a row can take, in the order of `Column`."""
    return (vocabulary, *COMPANIONS.values(), vocabulary, MOST_SHARE + 1)


VELOCITY_WIDTH = 64
PITCHES = 128
NORM_EPSILON = 1e-6


@dataclass(frozen=True, slots=True)
class Config:
    """Shape of a network. `CONFIGS["small"]` is the shipped default."""

    vocabulary: int
    width: int = 256
    n_layers: int = 6
    n_heads: int = 4
    n_kv_heads: int = 1
    hidden: int = 512
    window: int = 512
    """How many positions back attention reaches, itself included."""
    rope_base: float = 10_000.0

    @property
    def head_width(self) -> int:
        """Width of one head."""
        return self.width // self.n_heads


SHAPES: dict[str, dict[str, Any]] = {
    "tiny": {"width": 64, "n_layers": 2, "n_heads": 2, "hidden": 96, "window": 64},
    "slim": {"width": 128, "n_layers": 4, "n_heads": 2, "hidden": 256},
    "small": {},
    "base": {
        "width": 512, "n_layers": 8, "n_heads": 8, "n_kv_heads": 2, "hidden": 1536, "window": 1024,
    },
    "musenet": {
        "width": 1536, "n_layers": 72, "n_heads": 24, "n_kv_heads": 24, "hidden": 4096,
        "window": 4096,
    },
}  # fmt: skip
"""`tiny` is for tests, `slim` for ablations; `small` trains on a CPU in hours and is what ships,
`base` (28 M) on a GPU in minutes; `musenet` is as deep, wide in heads and far-sighted as MuseNet,
and cannot be exported: a bundle's file has 512 MiB at most.
"""


def config(name: str, vocabulary: int) -> Config:
    """A configuration of `SHAPES` for a vocabulary; KeyError if there is none of that name."""
    return Config(vocabulary, **SHAPES[name])


def norm(x: Tensor) -> Tensor:
    """RMSNorm over the last axis, no gain."""
    return F.rms_norm(x, (x.shape[-1],), eps=NORM_EPSILON)


def rotary_rates(cfg: Config) -> Tensor:
    """Radians that each pair of a head's columns turns from one position to the next (E/2,)."""
    half = cfg.head_width // 2
    rates: Tensor = cfg.rope_base ** (-torch.arange(half, dtype=torch.float32) / half)
    return rates


def rotary_tables(
    cfg: Config, length: int, device: torch.device | None = None
) -> tuple[Tensor, Tensor]:
    """Cosines and sines for positions 0..length-1, each (length, E/2)."""
    positions = torch.arange(length, dtype=torch.float32, device=device)
    angles = positions[:, None] * rotary_rates(cfg).to(positions.device)[None, :]
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn (B, heads, T, E) by position: the first half of E with the second."""
    a, b = x.float().chunk(2, dim=-1)
    return torch.cat((a * cos - b * sin, a * sin + b * cos), dim=-1).to(x.dtype)


def pitches_sounding(rows: Tensor) -> Tensor:
    """Which pitches sound at each row (B, T, 128), 0 or 1, of the notes that the rows tell.

    A note counts from its length on, until the moment that its length reaches, or another piece
    begins; drums never do.
    """
    token = rows[..., Column.TOKEN]
    times = torch.tensor(vocab.TIMES, device=rows.device)
    is_wait = (token >= vocab.WAIT) & (token < vocab.LENGTH)
    tick = torch.where(is_wait, times[(token - vocab.WAIT).clamp(0, len(times) - 1)], 0).cumsum(1)
    is_length = (token[:, 1:] >= vocab.LENGTH) & (token[:, 1:] < vocab.NOTE)
    is_pitched = (token[:, :-1] >= vocab.NOTE) & (token[:, :-1] < vocab.NOTE + 128 * DRUMS)
    struck = is_pitched & is_length
    line, at = struck.nonzero(as_tuple=True)
    pitch = (token[line, at] - vocab.NOTE) % PITCHES
    end = tick[line, at] + times[token[line, at + 1] - vocab.LENGTH]
    stop = torch.searchsorted(tick[line], end[:, None])[:, 0]
    stop = torch.minimum(stop, _next_piece(token)[line, at])
    change = torch.zeros(*token.shape[:1], token.shape[1] + 1, PITCHES, device=rows.device)
    one = torch.ones(len(line), device=rows.device)
    change.index_put_((line, at + 1, pitch), one, accumulate=True)
    change.index_put_((line, stop, pitch), -one, accumulate=True)
    return change[:, :-1].cumsum(1).clamp(max=1)


def _next_piece(token: Tensor) -> Tensor:
    """Of each row of (B, T) the first at or behind it that begins or ends a piece, T if none."""
    length = token.shape[1]
    here = torch.arange(length, device=token.device)
    edge = (token == vocab.START) | (token == vocab.END)
    return torch.where(edge, here, length).flip(1).cummin(1).values.flip(1)


class Block(nn.Module):
    """Attention, then SwiGLU, each on the normed stream and added back."""

    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.cfg = cfg
        heads = cfg.n_heads + 2 * cfg.n_kv_heads
        self.qkv = nn.Linear(cfg.width, heads * cfg.head_width, bias=False)
        self.out = nn.Linear(cfg.width, cfg.width, bias=False)
        self.gate_up = nn.Linear(cfg.width, 2 * cfg.hidden, bias=False)
        self.down = nn.Linear(cfg.hidden, cfg.width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, D) to (B, T, D)."""
        x = x + self.out(self.attend(self.qkv(norm(x)), cos, sin, mask))
        gate, up = self.gate_up(norm(x)).chunk(2, dim=-1)
        hidden: Tensor = self.down(F.silu(gate) * up)
        return x + hidden

    def attend(self, qkv: Tensor, cos: Tensor, sin: Tensor, mask: Tensor | None) -> Tensor:
        """(B, T, (H + 2K) E) to (B, T, D)."""
        cfg, (batch, length, _) = self.cfg, qkv.shape
        heads = qkv.view(batch, length, -1, cfg.head_width).transpose(1, 2)  # (B, H+2K, T, E)
        q, k, v = torch.split(heads, [cfg.n_heads, cfg.n_kv_heads, cfg.n_kv_heads], dim=1)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        shared = cfg.n_heads // cfg.n_kv_heads
        k, v = k.repeat_interleave(shared, dim=1), v.repeat_interleave(shared, dim=1)
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return y.transpose(1, 2).reshape(batch, length, cfg.width)


class Model(nn.Module):
    """Rows (B, T, C) to the logits of the next token and of each note's velocity."""

    def __init__(self, cfg: Config) -> None:
        super().__init__()
        self.cfg = cfg
        self.own = nn.Embedding(cfg.vocabulary, cfg.width)
        self.instrument = nn.Embedding(len(INSTRUMENTS), cfg.width)
        self.pitch = nn.Embedding(128, cfg.width)
        self.companions = nn.ModuleDict(
            {name: nn.Embedding(size, cfg.width) for name, size in COMPANIONS.items()}
        )
        self.blocks = nn.ModuleList(Block(cfg) for _ in range(cfg.n_layers))
        self.project = nn.Linear(cfg.width, cfg.width, bias=False)
        self.bias = nn.Parameter(torch.zeros(cfg.vocabulary))
        self.velocity_state = nn.Linear(cfg.width, VELOCITY_WIDTH, bias=False)
        self.velocity_note = nn.Linear(cfg.width, VELOCITY_WIDTH, bias=False)
        self.velocity_out = nn.Linear(VELOCITY_WIDTH, vocab.VELOCITY_BINS)
        self.sounding = nn.Linear(PITCHES, cfg.width, bias=False)
        self.recompute = False
        """Whether training forgets what is inside a block and computes it again going back."""
        self._start()

    def _start(self) -> None:
        """Small tables, orthogonal-ish matrices, and every block starts as the identity."""
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
            elif isinstance(module, nn.Linear):
                nn.init.normal_(module.weight, std=module.in_features**-0.5)
        for block in (module for module in self.modules() if isinstance(module, Block)):
            nn.init.zeros_(block.out.weight)
            nn.init.zeros_(block.down.weight)
        nn.init.zeros_(self.sounding.weight)

    def table(self) -> Tensor:
        """The token table (V, D), kin added to the notes."""
        notes = (self.instrument.weight[:, None] + self.pitch.weight[None]).flatten(0, 1)
        after = self.cfg.vocabulary - vocab.STYLE
        return self.own.weight + F.pad(notes, (0, 0, vocab.NOTE, after))

    def states(self, rows: Tensor, table: Tensor) -> Tensor:
        """(B, T, C) to the normed stream after the last block, (B, T, D)."""
        x = self.mixed(rows, table)
        for column, companion in enumerate(self.companions.values(), start=1):
            x = x + companion(rows[..., column])
        x = x + self.sounding(pitches_sounding(rows).to(x.dtype))
        cos, sin = rotary_tables(self.cfg, rows.shape[1], rows.device)
        mask = self.window_mask(rows.shape[1], rows.device)
        x = norm(x)
        for block in self.blocks:
            if self.recompute and torch.is_grad_enabled():
                x = checkpoint(block, x, cos, sin, mask, use_reentrant=False)
            else:
                x = block(x, cos, sin, mask)
        return norm(x)

    def mixed(self, rows: Tensor, table: Tensor) -> Tensor:
        """The tokens' table rows, mixed with the second token's where a row has one (B, T, D)."""
        own = F.embedding(rows[..., Column.TOKEN], table)
        if not rows[..., Column.SHARE].any():
            return own
        share = rows[..., Column.SHARE, None] / MOST_SHARE
        return torch.lerp(own, F.embedding(rows[..., Column.OTHER], table), share.to(own.dtype))

    def window_mask(self, length: int, device: torch.device) -> Tensor | None:
        """None where plain causal attention does, else what each position may see (T, T)."""
        if length <= self.cfg.window:
            return None
        at = torch.arange(length, device=device)
        back = at[:, None] - at[None, :]
        return (back >= 0) & (back < self.cfg.window)

    def logits(self, states: Tensor, table: Tensor) -> Tensor:
        """(…, D) to (…, V)."""
        return F.linear(norm(self.project(states)), table, self.bias)

    def velocity_logits(self, states: Tensor, notes: Tensor) -> Tensor:
        """(…, D) states and (…, D) table rows of the notes drawn there, to (…, 8)."""
        mixed = self.velocity_state(states) + self.velocity_note(notes)
        logits: Tensor = self.velocity_out(F.silu(mixed))
        return logits

    def forward(self, rows: Tensor) -> Tensor:
        """Rows (B, T, C) to next-token logits (B, T, V)."""
        table = self.table()
        return self.logits(self.states(rows, table), table)

    def losses(self, rows: Tensor, targets: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
        """Nats of token and velocity per position, each (B, T), zero where `weights` is.

        `targets` (B, T, 2) holds the next token and its velocity column.
        """
        table = self.table()
        states = self.states(rows, table)
        token, velocity = targets[..., 0], targets[..., 1]
        logits = self.logits(states, table).float()
        of_token = F.cross_entropy(logits.flatten(0, 1), token.flatten(), reduction="none")
        is_note = velocity > 0
        drawn = F.embedding(token[is_note], table)
        of_velocity = torch.zeros_like(weights)
        velocity_logits = self.velocity_logits(states[is_note], drawn).float()
        of_velocity[is_note] = F.cross_entropy(
            velocity_logits, velocity[is_note] - 1, reduction="none"
        )
        return of_token.view_as(weights) * weights, of_velocity * weights
