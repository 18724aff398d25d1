--- A stand-in for Reaper's API: a small project in a table. It raises on any call that the real API
--- lacks, and on any number of arguments but those it documents.

local socket = require("socket")

-- Names of the real API that are stood in for, with the fewest and most arguments it documents.
local DOCUMENTED = {
  CountSelectedMediaItems = { 1, 1 },
  CountTrackMediaItems = { 1, 1 },
  CreateNewMIDIItemInProj = { 3, 4 },
  GetActiveTake = { 1, 1 },
  GetExtState = { 2, 2 },
  GetMediaItemInfo_Value = { 2, 2 },
  GetMediaItem_Track = { 1, 1 },
  GetResourcePath = { 0, 0 },
  GetSelectedMediaItem = { 2, 2 },
  GetSelectedTrack = { 2, 2 },
  GetSetMediaItemTakeInfo_String = { 4, 4 },
  GetSet_LoopTimeRange2 = { 6, 6 },
  GetTrackMediaItem = { 2, 2 },
  GetUserInputs = { 4, 4 },
  MB = { 3, 3 },
  MIDI_CountEvts = { 1, 1 },
  MIDI_DeleteNote = { 2, 2 },
  MIDI_GetNote = { 2, 2 },
  MIDI_GetPPQPosFromProjQN = { 2, 2 },
  MIDI_GetProjQNFromPPQPos = { 2, 2 },
  MIDI_InsertNote = { 8, 9 },
  MIDI_Sort = { 1, 1 },
  Main_OnCommand = { 2, 2 },
  PreventUIRefresh = { 1, 1 },
  SelectAllMediaItems = { 2, 2 },
  SetExtState = { 4, 4 },
  SetMediaItemSelected = { 2, 2 },
  TakeIsMIDI = { 1, 1 },
  TimeMap2_QNToTime = { 2, 2 },
  TimeMap2_timeToQN = { 2, 2 },
  TimeMap_GetTimeSigAtTime = { 2, 2 },
  TimeMap_QNToMeasures = { 2, 2 },
  Undo_BeginBlock2 = { 1, 1 },
  Undo_EndBlock2 = { 3, 3 },
  UpdateArrange = { 0, 0 },
  ValidatePtr2 = { 3, 3 },
  atexit = { 1, 1 },
  defer = { 1, 1 },
  get_action_context = { 0, 0 },
  gmem_attach = { 1, 1 },
  gmem_read = { 1, 1 },
  gmem_write = { 2, 2 },
  time_precise = { 0, 0 },
}
local PPQ = 960 -- ticks of a quarter note inside takes
local IMPLODE = 40543

local api = {}
local stub = { deferred = {}, at_exit = {}, gmem = {} }

--- The API over a project; see `reaper_host.lua` for what a project is.
function stub.open(project)
  stub.project = project
  return setmetatable({}, {
    __index = function(_, name)
      local counts = DOCUMENTED[name] or error("Reaper has no reaper." .. name, 2)
      return function(...)
        local given = select("#", ...)
        if given < counts[1] or given > counts[2] then
          error(("reaper.%s takes no %d arguments"):format(name, given), 2)
        end
        return assert(api[name], name)(...)
      end
    end,
  })
end

-- Time: `bpm` up to the quarter note `turn`, `later_bpm` from there on.

local function seconds(qn)
  local p = stub.project
  local slow = math.min(qn, p.turn)
  return slow * 60 / p.bpm + (qn - slow) * 60 / p.later_bpm
end

local function quarters(time)
  local p = stub.project
  local turn = seconds(p.turn)
  if time <= turn then return time * p.bpm / 60 end
  return p.turn + (time - turn) * p.later_bpm / 60
end

stub.seconds, stub.quarters = seconds, quarters

function api.TimeMap2_QNToTime(_, qn) return seconds(qn) end
function api.TimeMap2_timeToQN(_, time) return quarters(time) end
function api.time_precise() return socket.gettime() * stub.project.haste end

function api.TimeMap_GetTimeSigAtTime(_, time)
  local p = stub.project
  return p.metre[1], p.metre[2], time < seconds(p.turn) and p.bpm or p.later_bpm
end

function api.TimeMap_QNToMeasures(_, qn)
  local bar = stub.project.metre[1] * 4 / stub.project.metre[2]
  local number = math.floor(qn / bar + 1e-9)
  return number + 1, number * bar, (number + 1) * bar
end

function api.GetSet_LoopTimeRange2(_, is_set)
  assert(not is_set)
  local from, to = table.unpack(stub.project.time_selection)
  return seconds(from), seconds(to)
end

-- Items and takes.

local function all_items()
  local all = {}
  for _, track in ipairs(stub.project.tracks) do table.move(track.items, 1, #track.items, #all + 1, all) end
  return all
end

local function contains(list, one)
  for _, other in ipairs(list) do
    if other == one then return true end
  end
  return false
end

function api.ValidatePtr2(_, pointer, kind)
  assert(kind == "MediaTrack*")
  return contains(stub.project.tracks, pointer)
end

local function selected_items()
  local selected = {}
  for _, item in ipairs(all_items()) do
    if item.selected then selected[#selected + 1] = item end
  end
  return selected
end

function api.CountSelectedMediaItems() return #selected_items() end
function api.GetSelectedMediaItem(_, i) return selected_items()[i + 1] end
function api.CountTrackMediaItems(track)
  assert(contains(stub.project.tracks, track), "MediaTrack expected")
  return #track.items
end

function api.GetTrackMediaItem(track, i) return track.items[i + 1] end
function api.GetMediaItem_Track(item) return item.track end
function api.GetActiveTake(item) return item.takes[1] end
function api.TakeIsMIDI(take) return take.midi end

function api.GetSelectedTrack(_, i)
  local selected = {}
  for _, track in ipairs(stub.project.tracks) do
    if track.selected then selected[#selected + 1] = track end
  end
  return selected[i + 1]
end

function api.GetMediaItemInfo_Value(item, name)
  assert(contains(all_items(), item), "MediaItem expected")
  local from, to = seconds(item.from), seconds(item.to)
  return ({ D_POSITION = from, D_LENGTH = to - from })[name] or error("no such value: " .. name)
end

function api.GetSetMediaItemTakeInfo_String(take, name, value, is_new)
  assert(name == "P_NAME" and is_new)
  take.name = value
  return true, value
end

function api.CreateNewMIDIItemInProj(track, from, to, in_qn)
  assert(not in_qn)
  assert(contains(stub.project.tracks, track), "MediaTrack expected")
  local item = { track = track, from = quarters(from), to = quarters(to), selected = false }
  item.takes = { { item = item, midi = true, name = "", notes = {} } }
  table.insert(track.items, item)
  return item
end

function api.SelectAllMediaItems(_, selected)
  for _, item in ipairs(all_items()) do item.selected = selected end
end

function api.SetMediaItemSelected(item, selected) item.selected = selected end

function api.Main_OnCommand(command, flag)
  assert(command == IMPLODE and flag == 0)
  local first, rest = table.unpack(selected_items()), { table.unpack(selected_items(), 2) }
  for _, item in ipairs(rest) do
    assert(item.track == first.track and item.from == first.from and item.to == first.to)
    table.move(item.takes, 1, #item.takes, #first.takes + 1, first.takes)
    for i, other in ipairs(item.track.items) do
      if other == item then table.remove(item.track.items, i) end
    end
  end
end

-- Notes: {first ppq, last ppq, channel, pitch, velocity, muted}.

function api.MIDI_CountEvts(take) return true, #take.notes, 0, 0 end
function api.MIDI_GetPPQPosFromProjQN(take, qn) return (qn - take.item.from) * PPQ end
function api.MIDI_GetProjQNFromPPQPos(take, ppq) return take.item.from + ppq / PPQ end

function api.MIDI_GetNote(take, i)
  local first, last, channel, pitch, velocity, muted = table.unpack(take.notes[i + 1])
  return true, false, muted or false, first, last, channel, pitch, velocity
end

function api.MIDI_InsertNote(take, _, _, first, last, channel, pitch, velocity, unsorted)
  assert(first < last and channel <= 15 and pitch <= 127 and velocity >= 1 and velocity <= 127)
  take.notes[#take.notes + 1] = { first, last, channel, pitch, velocity }
  take.sorted = not unsorted
  return true
end

function api.MIDI_DeleteNote(take, i) return table.remove(take.notes, i + 1) ~= nil end
function api.MIDI_Sort(take) take.sorted = true end

-- The player and the screen.

function api.GetUserInputs(_, count, captions, values)
  assert(select(2, captions:gsub(",", "")) == count and captions:find(",separator=|", 1, true))
  assert(select(2, values:gsub("|", "")) == count - 1)
  local inputs = stub.project.inputs
  if not inputs then return false, values end
  assert(#inputs == count)
  return true, table.concat(inputs, "|")
end

function api.MB(sentence) table.insert(stub.project.messages, sentence) return 1 end
function api.GetExtState(_, key) return stub.project.ext[key] or "" end
function api.SetExtState(_, key, value) stub.project.ext[key] = value end
function api.UpdateArrange() end
function api.PreventUIRefresh(change) stub.project.frozen = stub.project.frozen + change end
function api.Undo_BeginBlock2() table.insert(stub.project.undo, "begin") end
function api.Undo_EndBlock2(_, name) table.insert(stub.project.undo, name) end

-- The script itself.

function api.defer(run) table.insert(stub.deferred, run) end
function api.atexit(run) table.insert(stub.at_exit, run) end
function api.get_action_context() return true, stub.project.script end
function api.GetResourcePath() return stub.project.resources end
function api.gmem_attach(name) stub.attached = name end
function api.gmem_read(cell) return assert(stub.attached) and stub.gmem[cell] or 0.0 end
function api.gmem_write(cell, value) assert(stub.attached) stub.gmem[cell] = value + 0.0 end

--- Run what the script deferred, once; whether there was anything.
function stub.turn()
  local run = table.remove(stub.deferred, 1)
  if run then run() end
  return run ~= nil
end

--- The script is over.
function stub.finish()
  for _, run in ipairs(stub.at_exit) do run() end
end

return stub
