"""A tiny bundle of random weights, made once a run: real graphs, real cache, no training."""

from __future__ import annotations

import functools
from dataclasses import replace
from pathlib import Path

import torch

from antiphon.engine import bundle
from antiphon.engine.model import Model
from antiphon.engine.vocabulary import Vocabulary
from antiphon.export.network import model as network
from antiphon.export.network.to_onnx import write_bundle
from scratch import scratch

STYLES = ("Chopin_F", "hymn")
CONTEXT = 4096
"""Positions: few, so that tests get to their end."""


@functools.cache
def tiny_network(window: int = 64) -> network.Model:
    """A torch network of the `tiny` shape whose blocks really do something."""
    torch.manual_seed(7)
    shape = replace(network.config("tiny", Vocabulary(STYLES).size), window=window)
    net = network.Model(shape)
    with torch.no_grad():
        for block in net.blocks:
            assert isinstance(block, network.Block)
            torch.nn.init.normal_(block.out.weight, std=0.1)
            torch.nn.init.normal_(block.down.weight, std=0.1)
        net.own.weight.mul_(20)
        torch.nn.init.normal_(net.sounding.weight, std=0.3)
    return net.eval()


@functools.cache
def tiny_folder() -> Path:
    """Folder of its 32-bit bundle."""
    folder = scratch("tiny")
    write_bundle(tiny_network(), folder, "tiny", STYLES, bits=None, context=CONTEXT)
    return folder


@functools.cache
def tiny_model() -> Model:
    """The loaded bundle."""
    return Model(bundle.load(tiny_folder()))


@functools.cache
def far_model() -> Model:
    """The same, attention reaching as far as in what ships."""
    folder = scratch("far")
    net = tiny_network(window=1024)
    return Model(write_bundle(net, folder, "far", STYLES, bits=None, context=CONTEXT))


@functools.cache
def few_model() -> Model:
    """The same in 8 bits, keys and values too, as what ships is stored."""
    folder = scratch("few")
    steps = [(0.05, 0.05)] * tiny_network().cfg.n_layers
    written = write_bundle(
        tiny_network(), folder, "few", STYLES, bits=8, steps=steps, context=CONTEXT
    )
    return Model(written)


@functools.cache
def shipped_model() -> Model:
    """The bundle that ships."""
    return Model(bundle.load())
