"""The network: its shapes by name, what a row may be mixed of, and what it sees sounding."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine import vocabulary as vocab
from antiphon.engine.notes import DRUMS, Note
from antiphon.engine.tokens import Row, encode
from antiphon.export.network.model import SHAPES, Model, config, pitches_sounding, rotary_tables
from bundles import tiny_network

MILLIONS = {"tiny": (0.2, 0.5), "slim": (0.8, 1.5), "small": (4, 5), "base": (25, 90)}
VOCABULARY = vocab.STYLE + 190


def weights_of(shape: str) -> int:
    with torch.device("meta"):
        return sum(p.numel() for p in Model(config(shape, VOCABULARY)).parameters())


@pytest.mark.parametrize(("shape", "between"), MILLIONS.items())
def test_a_shape_has_as_many_weights_as_it_says(shape: str, between: tuple[float, float]) -> None:
    assert between[0] < weights_of(shape) / 1e6 < between[1]


def test_musenet_is_as_deep_and_far_sighted_as_musenet() -> None:
    cfg = config("musenet", VOCABULARY)
    assert (cfg.n_layers, cfg.n_heads, cfg.n_kv_heads, cfg.window) == (72, 24, 24, 4096)
    per_layer = 4 * cfg.width**2 + 3 * cfg.width * cfg.hidden
    assert weights_of("musenet") == pytest.approx(72 * per_layer, rel=0.01)


def test_musenet_takes_a_whole_context_and_gives_logits() -> None:
    cfg = config("musenet", VOCABULARY)
    with torch.device("meta"):
        model = Model(cfg)
        x = torch.zeros(1, cfg.window, cfg.width)
        for block in model.blocks:
            x = block(x, *rotary_tables(cfg, cfg.window), None)
        logits = model.logits(x, model.table())
    assert logits.shape == (1, 4096, VOCABULARY)


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_heads_share_keys_evenly_and_fill_the_width(shape: str) -> None:
    cfg = config(shape, VOCABULARY)
    assert cfg.n_heads % cfg.n_kv_heads == 0
    assert cfg.head_width * cfg.n_heads == cfg.width


def test_recomputing_changes_no_gradient() -> None:
    net, rows = tiny_network(), torch.tensor([encode([Note(n, 0, 60, 9, 64) for n in range(30)])])
    targets, weights = rows[:, 1:, :2], torch.ones(1, rows.shape[1] - 1)
    gradients = []
    for net.recompute in (False, True):
        net.zero_grad()
        loss = torch.cat(net.losses(rows[:, :-1], targets, weights)).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        gradients.append([p.grad.clone() for p in net.parameters() if p.grad is not None])
    net.recompute = False
    net.zero_grad()

    assert gradients[0]
    assert all(torch.equal(a, b) for a, b in zip(*gradients, strict=True))


@torch.inference_mode()
def test_a_mixed_row_lies_between_its_two_tokens() -> None:
    net = tiny_network()
    table = net.table()
    shares = [Row(vocab.STYLE, other=vocab.STYLE + 1, share=share) for share in (0, 30, 100)]
    mixed = net.mixed(torch.tensor([shares]), table)[0]

    torch.testing.assert_close(mixed[0], table[vocab.STYLE])
    torch.testing.assert_close(mixed[1], 0.7 * table[vocab.STYLE] + 0.3 * table[vocab.STYLE + 1])
    torch.testing.assert_close(mixed[2], table[vocab.STYLE + 1])


notes = st.builds(
    Note,
    onset=st.integers(0, 300),
    instrument=st.sampled_from([0, 3, DRUMS]),
    pitch=st.integers(50, 70),
    length=st.integers(1, 96),
    velocity=st.just(64),
)


@given(st.lists(notes, min_size=1, max_size=40))
def test_what_sounds_is_what_a_slow_look_says(played: list[Note]) -> None:
    rows = encode(played)
    tick, held, expected = 0, [], []
    for i, row in enumerate(rows):
        if vocab.is_wait(row.token):
            tick += vocab.ticks_of(row.token)
        if vocab.is_length(row.token):
            pitch = vocab.instrument_pitch(rows[i - 1].token)[1]
            held.append((pitch, tick + vocab.ticks_of(row.token)))
        expected.append([int(any(p == q and end > tick for q, end in held)) for p in range(128)])

    assert pitches_sounding(torch.tensor([rows]))[0].int().tolist() == expected


@pytest.mark.parametrize("edge", [vocab.START, vocab.END])
def test_no_note_rings_on_into_the_next_piece(edge: int) -> None:
    one, two = (encode([Note(0, 0, pitch, 96, 64), Note(6, 0, 71, 6, 64)]) for pitch in (60, 62))
    behind = pitches_sounding(torch.tensor([[*one, Row(edge), *two]]))[0]

    apart = pitches_sounding(torch.tensor([two]))[0]
    assert behind[len(one) - 1, 60] == 1
    assert not behind[len(one)].any()
    assert torch.equal(behind[len(one) + 1 :], apart)


def test_what_sounds_in_a_gap_that_is_filled_is_left_alone() -> None:
    held = encode([Note(0, 0, 60, 96, 64)])
    rows = torch.tensor([[*held, Row(vocab.SUFFIX), Row(vocab.MIDDLE)]])

    assert pitches_sounding(rows)[0, 1:, 60].all()


def test_what_a_network_makes_for_itself_is_made_where_its_rows_are() -> None:
    cfg = config("tiny", VOCABULARY)
    elsewhere = torch.device("meta")
    made = [*rotary_tables(cfg, 8, elsewhere), tiny_network().window_mask(65, elsewhere)]

    assert [tensor.device if tensor is not None else None for tensor in made] == [elsewhere] * 3
