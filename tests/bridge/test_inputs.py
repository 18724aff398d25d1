from __future__ import annotations

import pytest

from antiphon.bridge.inputs import Source, parse
from antiphon.bridge.keybed import AS_PLAYED, Mapping
from antiphon.engine.errors import UserError


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("reface", Source("reface")),
        ("virtual", Source(None)),
        ("a b 1 ; transpose -12; curve 0.7", Source("a b 1", Mapping(transpose=-12, curve=0.7))),
        ("pads; channel 10; fixed 100;", Source("pads", Mapping(channels=(9,) * 16, fixed=100))),
        ("big; split C3 2", Source("big", Mapping(split=48, lower=1))),
        ("big; split 48 2 acoustic bass", Source("big", Mapping(split=48, lower=1, program=32))),
        ("two; channels 1>3 2>4", Source("two", Mapping(channels=(2, 3, *AS_PLAYED[2:])))),
    ],
)  # fmt: skip
def test_an_input_is_asked_for_in_text(text: str, source: Source) -> None:
    assert parse(text) == source


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "names no input"),
        ("; transpose 1", "names no input"),
        ("a; louder", "'louder'.*there are channel, channels, transpose, curve, fixed, split"),
        ("a; transpose up", "one reads 'transpose -12'"),
        ("a; transpose", "one reads 'transpose -12'"),
        ("a; channel 17", "one reads 'channel 2'"),
        ("a; channels 1-2", "one reads 'channels 1>3 2>4'"),
        ("a; fixed 0", "one reads 'fixed 100'"),
        ("a; curve nan", "one reads 'curve 0.7'"),
        ("a; split H3 2", "'H3' is no key"),
        ("a; split C3 2 kazoo", "one reads 'split C3 2 acoustic bass'"),
    ],
)
def test_what_is_not_understood_is_said_with_an_example(text: str, complaint: str) -> None:
    with pytest.raises(UserError, match=complaint):
        parse(text)
