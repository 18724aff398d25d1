-- @description Antiphon: live
-- @about Answers what is played through the effect "Antiphon live" while this script runs. Run it
--   again to end it.

local here = ({ reaper.get_action_context() })[2]:match("^.*[/\\]") or "./"
package.path = ("%slib/?.lua;%s../protocol/lua/?.lua;%s"):format(here, here, package.path)

local Partner = require("partner")
local request = require("request")
local rings = require("rings")
local settings = require("settings")

local TITLE = "Antiphon: live"
local AHEAD = 0.5 -- beats that the effect is given in advance; this script runs some 30 times a second

local function tell(sentence)
  reaper.MB(sentence, TITLE, 0)
end

--- Begin anew if the transport has jumped; the epoch that is.
local function follow(partner, epoch)
  local now = reaper.gmem_read(rings.EPOCH)
  if now ~= epoch then
    local beats = math.max(1, reaper.gmem_read(rings.METRE_BEATS)) // 1 | 0
    local value = math.max(1, reaper.gmem_read(rings.METRE_VALUE)) // 1 | 0
    local bpm = math.min(math.max(10, reaper.gmem_read(rings.TEMPO)), 500)
    partner:forget(reaper.gmem_read(rings.NOW), { beats, value }, bpm)
  end
  return now
end

--- Hand the effect what sounds soon.
local function play(partner, now)
  for _, entry in ipairs(partner:due(now + AHEAD, rings.room())) do
    rings.put_answer(partner.generation, table.unpack(entry))
  end
  reaper.gmem_write(rings.GENERATION, partner.generation)
end

local function main()
  local wishes, why = settings.ask(TITLE, { "bars", "style", "instrument", "heat" })
  if not wishes then return why and tell(why) end
  local client, missing = request.client(settings.port())
  if not client then return tell(missing) end
  reaper.gmem_attach(rings.NAME)
  reaper.atexit(function()
    client:close()
    reaper.gmem_write(rings.GENERATION, 0)
  end)

  local partner, epoch, turns = Partner.new(client, wishes), nil, 0
  rings.take_played() -- what was played before anybody listened
  local function turn()
    local messages = client:poll()
    epoch = follow(partner, epoch)
    for _, message in ipairs(messages) do
      local refused = partner:take(message)
      if refused then return tell("The Antiphon engine says: " .. refused) end
    end
    if client.complaint then return tell(client.complaint) end
    for _, entry in ipairs(rings.take_played()) do
      local mark, beat, status, data1, data2 = table.unpack(entry)
      if mark == epoch then partner:hear(beat, status // 1 | 0, data1 // 1 | 0, data2 // 1 | 0) end
    end
    local now = reaper.gmem_read(rings.NOW)
    partner:turn(now)
    play(partner, now)
    turns = turns + 1
    reaper.gmem_write(rings.TURNS, turns)
    reaper.defer(turn)
  end
  turn()
end

main()
