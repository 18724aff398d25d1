"""Styles as they are written on a command line."""

from __future__ import annotations

import pytest

from antiphon.bridge.styles import Styles, parse
from antiphon.engine.errors import UserError
from antiphon.engine.wishes import Blend


def test_plain_names_are_styles_that_hold_throughout() -> None:
    assert parse(["chopin", "String quartet"]) == Styles(("chopin", "String quartet"))
    assert parse([]) == Styles()


@pytest.mark.parametrize(
    ("text", "first", "share"),
    [
        ("chopin:0.7,hymn:0.3", "chopin", 0.3),
        ("chopin:7, hymn:3", "chopin", 0.3),
        ("chopin:1,hymn:0", "chopin", 0),
        (" chopin : 0 , hymn : 2 ", "chopin", 1),
    ],
)
def test_two_names_with_weights_are_a_blend(text: str, first: str, share: float) -> None:
    assert parse([text]) == Styles((), Blend(first, "hymn", share))


def test_an_arrow_leads_from_one_style_to_the_other() -> None:
    asked = parse(["pop", "Bach > Chopin"])

    assert asked == Styles(("pop",), Blend("Bach", "Chopin", share=0, toward=1))
    assert asked.all_names == ("pop", "Bach", "Chopin")


@pytest.mark.parametrize(
    "text",
    [
        "a:1,b:1,c:1", "a:1", "a:,b:1", "a,b", "a:1,:1", "a:-1,b:2", "a:nan,b:1", "a:inf,b:1",
        "a:0,b:0", "a:x,b:1", ",", ":", "a>b>c", ">b", "a>", ">", "a:1>b", "a>b,c:1",
    ],
)  # fmt: skip
def test_anything_else_is_refused_in_one_sentence_with_an_example(text: str) -> None:
    with pytest.raises(UserError, match=r"; write (chopin:0.7,hymn:0.3|bach>chopin)\.$"):
        parse([text])


def test_only_one_style_can_be_a_mix() -> None:
    with pytest.raises(UserError, match="Only one"):
        parse(["a>b", "c:1,d:1"])
