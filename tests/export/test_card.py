"""The card says what `bundle.json` knows, and makes nothing up."""

from __future__ import annotations

import msgspec

from antiphon.engine import bundle
from antiphon.export.release.card import card
from bundles import tiny_folder


def card_of(data: tuple[str, ...] = (), **figures: float) -> list[str]:
    """Lines of the card of a bundle with these figures; `__` stands for a dot."""
    named = {name.replace("__", "."): value for name, value in figures.items()}
    about = bundle.read_about(tiny_folder())
    return card(msgspec.structs.replace(about, data=data, figures=named)).splitlines()


def table_in(lines: list[str], heading: str) -> list[str]:
    """Lines of the table below a heading."""
    below = lines[lines.index(f"## {heading}") + 1 :]
    end = next((i for i, line in enumerate(below) if line.startswith("## ")), len(below))
    return [line for line in below[:end] if line.startswith("|")]


def test_bits_per_note_stand_beside_those_of_other_models() -> None:
    lines = card_of(
        bits_per_note__macro=4.5, bits_per_note__hymns=4.004, bits_per_note__dances=5,
        baseline__markov__hymns=7, baseline__markov__macro=7.25, baseline__gru__dances=6,
    )  # fmt: skip
    assert table_in(lines, "How well it knows music") == [
        "| collection | this model | markov | gru |",
        "| --- | --- | --- | --- |",
        "| dances | 5.00 | – | 6.00 |",
        "| hymns | 4.00 | 7.00 | – |",
        "| macro | 4.50 | 7.25 | – |",
    ]


def test_figures_say_with_what_weights_they_were_taken() -> None:
    assert any(
        line.endswith("mean of the collections; taken with weights in 8 bits.")
        for line in card_of(bits_per_note__macro=4.5, judged_bits=8)
    )
    assert not any("taken with weights" in line for line in card_of(bits_per_note__macro=4.5))


def test_every_precision_says_what_it_costs_and_which_is_not_offered() -> None:
    lines = card_of(
        precision__32__ms_per_token=1.1, precision__32__megabytes=18.94,
        precision__32__bits_per_note=5, precision__32__cost=0,
        precision__8__ms_per_token=0.7, precision__8__megabytes=9.9,
        precision__4__ms_per_token=0.6, precision__4__megabytes=8.4,
        precision__4__bits_per_note=5.1, precision__4__cost=0.02,
    )  # fmt: skip
    assert table_in(lines, "What smaller weights cost")[2:] == [
        "| 32 bit | 5.000 | – | 1.10 | 18.9 |",
        "| 8 bit | – | – | 0.70 | 9.9 |",
        "| 4 bit (not offered) | 5.100 | +2.00 % | 0.60 | 8.4 |",
    ]


def test_a_cost_that_was_not_measured_has_no_column() -> None:
    lines = card_of(precision__8__ms_per_token=0.7, precision__8__megabytes=9.9)

    assert table_in(lines, "What smaller weights cost") == [
        "| weights | ms per token | MB |",
        "| --- | --- | --- |",
        "| 8 bit | 0.70 | 9.9 |",
    ]
    assert any(line.startswith("What fewer bits cost in bits per note was not") for line in lines)


def test_a_model_begun_with_another_tells_what_is_its_own() -> None:
    begun = "begun with the weights of `small`, which was trained on"
    lines = card_of(
        ("jazz: 12 pieces", begun, "hymns: 3 pieces, CC0"),
        bits_per_note__macro=4.5, training__minutes=275, training__tokens=30_007_296,
        own__minutes=10, own__tokens=696_320,
    )  # fmt: skip
    trained = lines.index("## How it was trained")
    assert lines[trained + 2].startswith(
        "275 minutes, 30,007,296 tokens in all; of these 10 minutes, 696,320 tokens by its last "
        "run, on its own collections."
    )
    at = lines.index("- jazz: 12 pieces")
    assert lines[at : at + 3] == ["- jazz: 12 pieces", f"- {begun}", "- hymns: 3 pieces, CC0"]
    assert any("The model that it began with may have seen some" in line for line in lines)
    assert not any("## Own" in line for line in lines)
    alone = card_of(("jazz: 12 pieces",), bits_per_note__macro=4.5)
    assert not any("may have seen" in line for line in alone)


def test_figures_of_other_kinds_are_printed_as_they_come() -> None:
    lines = card_of(
        controls__key=1, controls__tempo=0.912345, loudest_of_all=3,
        by_kind__default__note=2.5, by_kind__markov__note=3.5, by_kind__markov__wait=1,
    )  # fmt: skip
    assert table_in(lines, "Controls")[2:] == ["| key | 1 |", "| tempo | 0.9123 |"]
    assert table_in(lines, "Loudest of all")[2:] == ["| loudest_of_all | 3 |"]
    assert table_in(lines, "By kind") == [
        "| figure | this model | markov |",
        "| --- | --- | --- |",
        "| note | 2.5 | 3.5 |",
        "| wait | – | 1 |",
    ]


def test_makers_are_named_and_what_was_not_measured_is_said() -> None:
    lines = card_of(("hymns: 3 pieces, CC-BY-4.0, x/hymns",))

    assert "- hymns: 3 pieces, CC-BY-4.0, x/hymns" in lines
    assert any("CC BY" in line for line in lines)
    assert lines[lines.index("## How well it knows music") + 2] == "Not measured."
    assert not any("How it was trained" in line for line in lines)


def test_without_data_the_card_does_not_thank_anybody() -> None:
    lines = card_of(training__minutes=85, training__tokens=17_121_280, recipe__no_labels=0.25)

    assert lines[lines.index("## What it was trained on") + 2] == "Not stated."
    assert not any("CC BY" in line for line in lines)
    trained = lines.index("## How it was trained")
    assert lines[trained + 2].startswith("85 minutes, 17,121,280 tokens in all")
    assert lines[trained + 4] == "The recipe of its last run: no labels 0.25."
