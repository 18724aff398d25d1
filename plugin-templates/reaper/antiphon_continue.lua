-- @description Antiphon: continue the selected item
-- @about Sends what the selected MIDI items hold to the Antiphon engine, and puts its answers behind
--   them: one new item, a take for each answer.

local here = ({ reaper.get_action_context() })[2]:match("^.*[/\\]") or "./"
package.path = ("%slib/?.lua;%s../protocol/lua/?.lua;%s"):format(here, here, package.path)

local antiphon = require("antiphon")
local items = require("items")
local phrase = require("phrase")
local request = require("request")
local settings = require("settings")
local Timebase = require("timebase")

local TITLE = "Antiphon: continue the selected item"
local SESSION, GENERATION = 1, 1
local GONE = "The track is gone. Nothing was changed."
local null = antiphon.null

local function tell(sentence)
  reaper.MB(sentence, TITLE, 0)
end

--- Where the items begin and end, and the track of the one that ends last.
local function extent(selected)
  local first, last, track = math.huge, -math.huge, nil
  for _, item in ipairs(selected) do
    local from, to = items.bounds(item)
    first = math.min(first, from)
    if to > last then
      last, track = to, reaper.GetMediaItem_Track(item)
    end
  end
  return first, last, track
end

local function write(takes, track, timebase, start, until_tick)
  reaper.Undo_BeginBlock2(0)
  reaper.PreventUIRefresh(1)
  local new = {}
  for number, notes in ipairs(takes) do
    new[number] = items.create(track, timebase, start, until_tick, "Antiphon " .. number)
    items.write(reaper.GetActiveTake(new[number]), timebase, notes, until_tick)
  end
  items.implode(new)
  reaper.PreventUIRefresh(-1)
  reaper.UpdateArrange()
  reaper.Undo_EndBlock2(0, TITLE, -1)
end

local function main()
  local selected = items.selected()
  if #selected == 0 then return tell("Select a MIDI item that is to be continued.") end
  local wishes, why = settings.ask(TITLE, { "bars", "takes", "style", "instrument", "heat" })
  if not wishes then return why and tell(why) end
  local client, missing = request.client(settings.port())
  if not client then return tell(missing) end

  local first, last, track = extent(selected)
  local timebase = Timebase.at(first)
  local notes = {}
  for _, item in ipairs(selected) do items.read(item, timebase, wishes.instrument, notes) end
  if #notes == 0 then return tell("There are no notes in the selected item.") end
  local start = timebase:ticks(last)
  local until_tick = timebase:ticks(last + wishes.bars * timebase:bar_qn())

  local takes = wishes.takes // 1 | 0
  local messages = phrase.listens(SESSION, notes)
  local open = settings.open(SESSION, wishes, timebase, phrase.instruments(notes))
  table.insert(messages, 1, open)
  messages[#messages + 1] =
    { "answer", SESSION, GENERATION, start, until_tick, false, false, null, null, takes }
  request.ask(client, messages, takes, function(answers, refused)
    if not answers then return tell(refused) end
    if not reaper.ValidatePtr2(0, track, "MediaTrack*") then return tell(GONE) end
    write(answers, track, timebase, start, until_tick)
  end)
end

main()
