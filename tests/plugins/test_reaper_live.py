"""Live use in Reaper: the script that bridges the effect's memory to a real engine."""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engines import EngineProcess

pytestmark = pytest.mark.real

HERE = Path(__file__).parent
REAPER = HERE.parents[1] / "plugin-templates" / "reaper"
EFFECT = (REAPER / "antiphon_live.jsfx").read_text()
STRIKE = 0x90


@pytest.fixture(scope="module")
def engine() -> Iterator[EngineProcess]:
    with EngineProcess() as process:
        yield process


def played(engine: EngineProcess, manner: str) -> list[list[float]]:
    host, script = HERE / "reaper_live_host.lua", REAPER / "antiphon_live.lua"
    done = subprocess.run(
        ["lua5.4", str(host), str(script), str(engine.port), manner],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["messages"] == []
    sent: list[list[float]] = result["sent"]
    return sent


def strikes(sent: list[list[float]]) -> list[float]:
    return [beat for beat, status, *_ in sent if int(status) & 0xF0 == STRIKE]


def test_a_phrase_is_answered_on_a_beat_and_every_note_ends(engine: EngineProcess) -> None:
    sent = played(engine, "through")

    onsets = strikes(sent)
    assert onsets
    assert onsets[0] == int(onsets[0])
    assert 2.4 + 1 < onsets[0] < 6
    assert max(onsets) < onsets[0] + 8
    held: Counter[tuple[int, float]] = Counter()
    for _, status, pitch, _ in sent:
        held[int(status) & 0x0F, pitch] += 1 if int(status) & 0xF0 == STRIKE else -1
    assert not any(held.values())


def test_who_plays_on_is_not_played_over(engine: EngineProcess) -> None:
    onsets = strikes(played(engine, "interrupted"))

    # Played on from beat 6.5 to 8.4; a block of the script's may pass before it is heard.
    assert not [beat for beat in onsets if 6.5 + 0.25 < beat < 8.4 + 1]
    assert [beat for beat in onsets if beat > 9.4]


def test_where_the_transport_jumps_to_it_answers_too(engine: EngineProcess) -> None:
    onsets = strikes(played(engine, "jumping"))

    assert [beat for beat in onsets if beat < 16]
    assert [beat for beat in onsets if beat > 103]


PARTNER = """
package.path = arg[1] .. "/?.lua;" .. arg[1] .. "/../../protocol/lua/?.lua;" .. package.path
local Partner, json, sent = require("partner"), require("json"), {}
local client = { present = true }
function client:send(...) sent[#sent + 1] = { ... } end
local partner = Partner.new(client, { bars = 2, style = "", instrument = 0, heat = 1 })
"""


def partner(lines: str) -> Any:
    """What some lines print that have a `partner` whose client puts down what is `sent`."""
    done = subprocess.run(
        ["lua5.4", "-", str(REAPER / "lib")],
        input=PARTNER + lines, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_new_engine_is_told_the_latest_that_was_played() -> None:
    listen = partner("""
        for beat = 1, 3000 do
          partner:hear(beat, 0x90, 60, 80)
          partner:hear(beat, 0x80, 60, 0)
        end
        partner:turn(3000)
        print(json.encode(sent[2]))
    """)

    assert listen[0] == "listen"
    assert len(listen[2]) == 4096
    assert [event[1] for event in listen[2][-2:]] == [3000 * 48] * 2


@pytest.mark.parametrize("kind", ["unknown-session", "internal"])
def test_a_session_that_the_engine_has_ended_is_opened_anew(kind: str) -> None:
    refused, *names = partner(f"""
        partner:turn(0)
        partner:hear(0, 0x90, 60, 80)
        partner:turn(0)
        local refused = partner:take({{ "error", "{kind}", "engine", "Open it anew.", 1 }})
        partner:turn(0)
        print(json.encode({{ refused or "", sent[1][1], sent[2][1], sent[3][1], sent[4][1] }}))
    """)

    assert refused == ""
    assert names == ["open", "listen", "open", "listen"]


EFFECTS = """
package.path = arg[1] .. "/?.lua;" .. arg[2] .. "/lib/?.lua;" .. arg[2] .. "/../protocol/lua/?.lua"
local Effect, json, rings = require("reaper_effect"), require("json"), require("rings")
local gmem, time = {}, 100
local text = io.open(arg[2] .. "/antiphon_live.jsfx"):read("a")
local function effect() return Effect.new(text, gmem, function() return time end) end
reaper = {
  gmem_read = function(cell) return gmem[cell] or 0.0 end,
  gmem_write = function(cell, value) gmem[cell] = value + 0.0 end,
}
local function answer(...) rings.put_answer(reaper.gmem_read(rings.GENERATION), ...) end
local function block(one)
  gmem[rings.TURNS] = (gmem[rings.TURNS] or 0) + 1
  time = time + 0.01
  one.sections.block()
end
local function shown(...)
  local all = {}
  for i, one in ipairs({ ... }) do
    all[i] = {}
    for k, event in ipairs(one.sent) do all[i][k] = { event[2], event[3] } end
  end
  print(json.encode(all))
end
"""
ON, OFF = [0x90, 60], [0x80, 60]


def effects(lines: str) -> list[list[list[int]]]:
    """What the effects that some lines show have sent: status and key."""
    done = subprocess.run(
        ["lua5.4", "-", str(HERE), str(REAPER)],
        input=EFFECTS + lines, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    sent: list[list[list[int]]] = json.loads(done.stdout)
    return sent


def test_an_answer_sounds_when_it_is_due_and_ends() -> None:
    assert effects("""
        local one = effect()
        block(one)
        answer(0.05, 0x90, 60, 80)
        answer(0.1, 0x80, 60, 0)
        for _ = 1, 10 do block(one) end
        shown(one)
    """) == [[ON, OFF]]


def test_answers_that_are_switched_off_end_what_sounds() -> None:
    assert effects("""
        local one = effect()
        block(one)
        answer(0, 0x90, 60, 80)
        block(one)
        one:turn("slider1", 0)
        answer(0, 0x80, 60, 0)
        block(one)
        block(one)
        shown(one)
    """) == [[ON, OFF]]


def test_panic_makes_the_script_begin_anew() -> None:
    assert effects("""
        local one = effect()
        block(one)
        answer(0, 0x90, 60, 80)
        block(one)
        local epoch = gmem[rings.EPOCH]
        one:turn("slider3", 1)
        block(one)
        assert(gmem[rings.EPOCH] == epoch + 1)
        block(one)
        assert(gmem[rings.EPOCH] == epoch + 1)
        shown(one)
    """) == [[ON, OFF]]


def test_of_two_effects_one_alone_plays_what_it_is_given() -> None:
    assert effects("""
        local one, other = effect(), effect()
        for i = 0, 4 do
          if i == 1 then answer(0, 0x90, 60, 80) end
          if i == 2 then answer(0, 0x80, 60, 0) end
          block(i % 2 == 0 and one or other)
          block(i % 2 == 0 and other or one)
        end
        other.received = { { 0, 0x90, 70, 80 } }
        block(other)
        assert(#rings.take_played() == 0)
        shown(one, other)
    """) == [[ON, OFF], [[0x90, 70]]]


def test_an_effect_that_is_gone_is_replaced_and_sounds_no_more() -> None:
    assert effects("""
        local one, other = effect(), effect()
        block(one)
        block(other)
        answer(0, 0x90, 60, 80)
        block(one)
        time = time + 2
        block(other)
        answer(0, 0x90, 60, 80)
        block(other)
        block(one)
        shown(one, other)
    """) == [[ON, OFF], [ON]]


def test_effect_and_script_agree_on_the_cells() -> None:
    in_effect = dict(re.findall(r"^([A-Z_]+) = (\d+);", EFFECT, re.M))
    in_script = dict(
        re.findall(r"^  ([A-Z_]+) = (\d+),", (REAPER / "lib/rings.lua").read_text(), re.M)
    )

    assert in_effect == in_script
    assert "options:gmem=Antiphon\n" in EFFECT
    assert 'NAME = "Antiphon"' in (REAPER / "lib/rings.lua").read_text()


def test_the_effect_s_brackets_match() -> None:
    code = re.sub(r"//.*", "", EFFECT[EFFECT.index("@init") :])
    for section in re.split(r"^@\w+", code, flags=re.M):
        open_ = 0
        for character in section:
            open_ += (character in "([") - (character in ")]")
            assert open_ >= 0
        assert open_ == 0
