--- Plays `antiphon_live.lua` a phrase through the effect.
--
--    lua5.4 reaper_live_host.lua SCRIPT PORT MANNER    MANNER: "through", "interrupted" or "jumping"
--
-- Prints {"played": [...], "sent": [[beat, status, data1, data2], ...], "messages": [...]} as JSON.

local here = arg[0]:match("^.*[/\\]") or "./"
local templates = here .. "../../plugin-templates/"
package.path = ("%s?.lua;%sprotocol/lua/?.lua;%sreaper/lib/?.lua;%s"):format(
  here, templates, templates, package.path
)

local Effect = require("reaper_effect")
local json = require("json")
local socket = require("socket")
local stub = require("reaper_stub")

local BLOCK = 1 / 16 -- beats
local PHRASE = { { 0.5, 60 }, { 1, 64 }, { 1.5, 67 }, { 2, 72 } }
local LAST_BEAT, INTERRUPTION = 16, 6
local gmem = stub.gmem

local seconds = 0
local text = assert(io.open(templates .. "reaper/antiphon_live.jsfx")):read("a")
local effect = Effect.new(text, gmem, function() return seconds end)
effect.vars.slider2 = 0 -- what was played is not to be seen among the answers
effect.vars.samplesblock = BLOCK * 24000 -- of 48000 Hz at 120 BPM
local now, sent = 0, {}

--- Play these events, {beat, status, data1, data2}, in one block.
local function block(events)
  for _, event in ipairs(events) do
    local offset = (event[1] - now) * 24000 // 1
    table.insert(effect.received, { offset, table.unpack(event, 2) })
  end
  effect.sections.block()
  for _, event in ipairs(effect.sent) do
    sent[#sent + 1] = { now + event[1] / 24000, table.unpack(event, 2) }
  end
  effect.sent = {}
  now, seconds = now + BLOCK, seconds + BLOCK / 2
end

local script, port, manner = table.unpack(arg)
local project = setmetatable({
  script = script, messages = {}, ext = { port = port }, inputs = { "2", "", "piano", "0.95" },
}, { __index = { haste = 1, resources = "/nowhere" } })
reaper = stub.open(project)

local score = {}
local function add_phrase(at)
  for _, note in ipairs(PHRASE) do
    score[#score + 1] = { at + note[1], 0x90, note[2], 90 }
    score[#score + 1] = { at + note[1] + 0.4, 0x80, note[2], 0 }
  end
end
add_phrase(0)
if manner == "interrupted" then add_phrase(INTERRUPTION) end
if manner == "jumping" then add_phrase(100) end

seconds = 10
block({})
dofile(script)
for _ = 1, 200 do -- until the engine has welcomed the script
  stub.turn()
  socket.sleep(0.002)
end

local next_note = 1
local function advance(last_beat)
  while now < last_beat do
    local events = {}
    while score[next_note] and score[next_note][1] < now + BLOCK do
      events[#events + 1] = score[next_note]
      next_note = next_note + 1
    end
    block(events)
    stub.turn()
    socket.sleep(0.01)
  end
end

advance(LAST_BEAT)
if manner == "jumping" then
  now, effect.vars.play_state, effect.vars.beat_position = 100, 1, 100
  block({})
  effect.vars.play_state = 0
  advance(100 + LAST_BEAT)
end
stub.finish()
block({}) -- the script has gone, and leaves nothing sounding
print(json.encode({ sent = sent, messages = project.messages }))
