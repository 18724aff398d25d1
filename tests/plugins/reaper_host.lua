--- Runs a ReaScript in a project and prints what has become of it, as one line of JSON.
--
--    lua5.4 reaper_host.lua SCRIPT PROJECT      PROJECT is a Lua table: positions in quarter notes

local here = arg[0]:match("^.*[/\\]") or "./"
package.path = here .. "?.lua;" .. here .. "../../plugin-templates/protocol/lua/?.lua;" .. package.path

local json = require("json")
local socket = require("socket")
local stub = require("reaper_stub")

local PPQ = 960

local function project_of(text)
  local project = setmetatable(load("return " .. text)(), {
    __index = {
      metre = { 4, 4 }, bpm = 120.0, turn = 1e6, later_bpm = 120.0, haste = 1, tracks = {},
      time_selection = { 0, 0 }, resources = "/nowhere", frozen = 0,
    },
  })
  project.script, project.messages, project.undo, project.frozen = arg[1], {}, {}, 0
  for _, track in ipairs(project.tracks) do
    for _, item in ipairs(track.items) do
      item.track = track
      item.takes = { { item = item, midi = not item.audio, name = "", notes = item.notes or {} } }
      for _, note in ipairs(item.takes[1].notes) do
        note[1], note[2] = (note[1] - item.from) * PPQ, (note[2] - item.from) * PPQ
      end
    end
  end
  return project
end

local function shown_take(take)
  local notes = {}
  for i, note in ipairs(take.notes) do
    local from, to, channel, pitch, velocity = table.unpack(note)
    local start = take.item.from
    notes[i] = { start + from / PPQ, start + to / PPQ, channel, pitch, velocity }
  end
  return { name = take.name, notes = notes, sorted = take.sorted ~= false }
end

local function shown(project, turns)
  local tracks = {}
  for t, track in ipairs(project.tracks) do
    tracks[t] = {}
    for i, item in ipairs(track.items) do
      local takes = {}
      for k, take in ipairs(item.takes) do takes[k] = shown_take(take) end
      tracks[t][i] = { from = item.from, to = item.to, takes = takes, selected = item.selected or false }
    end
  end
  return {
    tracks = tracks, messages = project.messages, undo = project.undo,
    frozen = project.frozen, turns = turns, ext = project.ext,
  }
end

local project = project_of(arg[2])
reaper = stub.open(project)
if project.no_sockets then
  package.cpath = ""
  package.loaded["socket"], package.loaded["socket.core"] = nil, nil
end
dofile(project.script)
-- What the player deletes while the engine thinks.
if project.deleted == "tracks" then project.tracks = {} end
if project.deleted == "items" then
  for _, track in ipairs(project.tracks) do track.items = {} end
end
local turns = 0
while stub.turn() do
  turns = turns + 1
  socket.sleep(0.005)
end
stub.finish()
print(json.encode(shown(project, turns)))
