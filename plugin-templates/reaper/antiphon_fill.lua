-- @description Antiphon: fill the time selection
-- @about Asks the Antiphon engine for the music of the time selection, given what stands before and
--   after it on the track, and puts it there.

local here = ({ reaper.get_action_context() })[2]:match("^.*[/\\]") or "./"
package.path = ("%slib/?.lua;%s../protocol/lua/?.lua;%s"):format(here, here, package.path)

local items = require("items")
local phrase = require("phrase")
local request = require("request")
local settings = require("settings")
local Timebase = require("timebase")

local TITLE = "Antiphon: fill the time selection"
local SESSION, GENERATION = 1, 1
local GONE = "The track is gone. Nothing was changed."
local MOST_AFTER = 2048 -- notes that are said to come after the gap

local function tell(sentence)
  reaper.MB(sentence, TITLE, 0)
end

--- The track of the first selected item, or else the first selected track.
local function chosen_track()
  local item = reaper.GetSelectedMediaItem(0, 0)
  return item and reaper.GetMediaItem_Track(item) or reaper.GetSelectedTrack(0, 0)
end

--- Where the time selection begins and ends, in quarter notes; nil if there is none.
local function gap()
  local from, to = reaper.GetSet_LoopTimeRange2(0, false, false, 0, 0, false)
  if from == to then return nil end
  return reaper.TimeMap2_timeToQN(0, from), reaper.TimeMap2_timeToQN(0, to)
end

--- The notes of some items: those struck before the gap, and those struck after it.
local function around(found, timebase, instrument, start, until_tick)
  local all, before, after = {}, {}, {}
  for _, item in ipairs(found) do items.read(item, timebase, instrument, all) end
  for _, note in ipairs(phrase.without_overlaps(all)) do
    if note[1] < start then before[#before + 1] = note end
    if note[1] >= until_tick and #after < MOST_AFTER then after[#after + 1] = note end
  end
  return before, after
end

--- The take of an item that spans the whole gap, its notes there removed; else of a new item.
local function take_for(found, track, timebase, start, until_tick)
  for _, item in ipairs(found) do
    local from, to = items.bounds(item)
    if timebase:ticks(from) <= start and until_tick <= timebase:ticks(to) then
      items.clear(items.midi_take(item), timebase, start, until_tick)
      return items.midi_take(item)
    end
  end
  return reaper.GetActiveTake(items.create(track, timebase, start, until_tick, "Antiphon"))
end

local function main()
  local from, to = gap()
  if not from then return tell("Select the time that is to be filled.") end
  local track = chosen_track()
  if not track then return tell("Select the track, or an item on it, that is to be filled.") end
  local wishes, why = settings.ask(TITLE, { "style", "instrument", "heat" })
  if not wishes then return why and tell(why) end
  local client, missing = request.client(settings.port())
  if not client then return tell(missing) end

  local found = items.of_track(track)
  local first = from
  for _, item in ipairs(found) do first = math.min(first, (items.bounds(item))) end
  local timebase = Timebase.at(first)
  local start, until_tick = timebase:ticks(from), timebase:ticks(to)
  local before, after = around(found, timebase, wishes.instrument, start, until_tick)
  local instruments = phrase.instruments(#before > 0 and before or { { 0, wishes.instrument } })

  local messages = phrase.listens(SESSION, before)
  table.insert(messages, 1, settings.open(SESSION, wishes, timebase, instruments))
  messages[#messages + 1] = { "infill", SESSION, GENERATION, start, until_tick, after }
  request.ask(client, messages, 1, function(answers, refused)
    if not answers then return tell(refused) end
    if not reaper.ValidatePtr2(0, track, "MediaTrack*") then return tell(GONE) end
    reaper.Undo_BeginBlock2(0)
    -- Items may have come and gone while the engine thought.
    local take = take_for(items.of_track(track), track, timebase, start, until_tick)
    items.write(take, timebase, answers[1], until_tick)
    reaper.UpdateArrange()
    reaper.Undo_EndBlock2(0, TITLE, -1)
  end)
end

main()
