--- MIDI items of the project: reads their notes, writes notes into new ones.

local phrase = require("phrase")

local items = {}

local IMPLODE_INTO_TAKES = 40543 -- Take: Implode items on same track into takes

--- The active take of an item if it is MIDI, else nil.
function items.midi_take(item)
  local take = reaper.GetActiveTake(item)
  return take and reaper.TakeIsMIDI(take) and take or nil
end

--- First and last position of an item, in quarter notes.
function items.bounds(item)
  local at = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local length = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  return reaper.TimeMap2_timeToQN(0, at), reaper.TimeMap2_timeToQN(0, at + length)
end

--- The selected items that hold MIDI.
function items.selected()
  local found = {}
  for i = 0, reaper.CountSelectedMediaItems(0) - 1 do
    local item = reaper.GetSelectedMediaItem(0, i)
    if items.midi_take(item) then found[#found + 1] = item end
  end
  return found
end

--- The items of a track that hold MIDI.
function items.of_track(track)
  local found = {}
  for i = 0, reaper.CountTrackMediaItems(track) - 1 do
    local item = reaper.GetTrackMediaItem(track, i)
    if items.midi_take(item) then found[#found + 1] = item end
  end
  return found
end

--- Add the notes of an item that can be heard to `notes`, in ticks of `timebase`. Those on the drum
--- channel are drums, the others play `instrument`.
function items.read(item, timebase, instrument, notes)
  local take, from, to = items.midi_take(item), items.bounds(item)
  local _, count = reaper.MIDI_CountEvts(take)
  for i = 0, count - 1 do
    local _, _, muted, first, last, channel, pitch, velocity = reaper.MIDI_GetNote(take, i)
    local onset = reaper.MIDI_GetProjQNFromPPQPos(take, first)
    local release = math.min(reaper.MIDI_GetProjQNFromPPQPos(take, last), to)
    if not muted and from <= onset and onset < to then
      local tick = timebase:ticks(onset)
      notes[#notes + 1] = {
        tick,
        channel == phrase.DRUM_CHANNEL and phrase.DRUMS or instrument,
        pitch,
        math.max(1, timebase:ticks(release) - tick),
        math.max(1, velocity),
      }
    end
  end
end

--- Write notes into a take. None reaches past `until_tick`; drums go to the drum channel.
function items.write(take, timebase, notes, until_tick)
  local function ppq(tick) return reaper.MIDI_GetPPQPosFromProjQN(take, timebase:qn(tick)) end
  for _, note in ipairs(notes) do
    local onset, instrument, pitch, length, velocity = table.unpack(note)
    local channel = instrument == phrase.DRUMS and phrase.DRUM_CHANNEL or 0
    local release = math.min(onset + length, until_tick)
    reaper.MIDI_InsertNote(
      take, false, false, ppq(onset), ppq(release), channel, pitch, velocity, true
    )
  end
  reaper.MIDI_Sort(take)
end

--- A new MIDI item on a track, from one tick to another; its take bears `name`.
function items.create(track, timebase, from_tick, until_tick, name)
  local from = reaper.TimeMap2_QNToTime(0, timebase:qn(from_tick))
  local to = reaper.TimeMap2_QNToTime(0, timebase:qn(until_tick))
  local item = reaper.CreateNewMIDIItemInProj(track, from, to, false)
  reaper.GetSetMediaItemTakeInfo_String(reaper.GetActiveTake(item), "P_NAME", name, true)
  return item
end

--- Make some items of one place the takes of one item, and select it.
function items.implode(several)
  reaper.SelectAllMediaItems(0, false)
  for _, item in ipairs(several) do reaper.SetMediaItemSelected(item, true) end
  -- A take without a source of its own refuses notes, hence items first, and takes out of them.
  if #several > 1 then reaper.Main_OnCommand(IMPLODE_INTO_TAKES, 0) end
end

--- Remove the notes that are struck between two ticks.
function items.clear(take, timebase, from_tick, until_tick)
  local _, count = reaper.MIDI_CountEvts(take)
  for i = count - 1, 0, -1 do
    local _, _, _, first = reaper.MIDI_GetNote(take, i)
    local tick = timebase:ticks(reaper.MIDI_GetProjQNFromPPQPos(take, first))
    if from_tick <= tick and tick < until_tick then reaper.MIDI_DeleteNote(take, i) end
  end
end

return items
