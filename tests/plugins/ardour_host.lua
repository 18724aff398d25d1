--- Ardour without a screen, led by a test: every line that comes in is a Lua expression, and its
--- value goes out as a line of JSON behind "= ". Places and lengths are in quarter notes.
--
--    ardour7-lua ardour_host.lua SESSION_SCRIPT FOLDER

local script, folder = arg[1], arg[2]
local here = debug.getinfo(1, "S").source:match("^@(.*[/\\])") or "./"
package.path = here .. "../../plugin-templates/protocol/lua/?.lua;" .. package.path
local json = require("json")

local RATE, POLL_US = 48000, 10000
local BY_USER = ARDOUR.TransportRequestSource.TRS_UI
local RECORDED = { "You", "Answers" }
local led, taken = {}, {}

function ardour() end  -- takes what the script says of itself, for the list that users see

local function track(name)
  for route in Session:get_routes():iter() do
    if route:name() == name then return route end
  end
  error("no track " .. name)
end

local function plugin() return track("Antiphon"):nth_plugin(0) end

--- Which of the plugin's parameters has this name.
local function parameter(name)
  local description, n = plugin():to_insert():plugin(0), 0
  for port = 0, description:parameter_count() - 1 do
    if description:parameter_is_control(port) then
      if description:parameter_label(port) == name then return n end
      n = n + 1
    end
  end
  error("no parameter " .. name)
end

local function quarters(beats)
  local whole, ticks = tostring(beats):match("^(%d+):(%d+)$")
  return tonumber(whole) + tonumber(ticks) / Temporal.ticks_per_beat
end

local function position(quarter)
  return Temporal.timepos_t.from_ticks(math.floor(quarter * Temporal.ticks_per_beat + 0.5))
end

local function await(there)
  while not there() do ARDOUR.LuaAPI.usleep(POLL_US) end
  return true
end

local function rolling() return Session:transport_rolling() end

local function regions(name) return track(name):to_track():playlist():region_list() end

--- The audio thread does it, in its own time.
local function arm(value)
  for _, name in ipairs(RECORDED) do
    local control = track(name):rec_enable_control()
    control:set_value(value, PBD.GroupControlDisposition.NoGroup)
    await(function() return control:get_value() == value end)
  end
end

--- Only the editor can make a range to loop, so it is written into the session's file.
local function add_loop_range(file)
  local text = ARDOUR.LuaAPI.file_get_contents(file)
  local range = '<Location id="99999" name="Loop" start="b0" end="b1920" flags="IsAutoLoop"/>'
  local out = assert(io.open(file, "w"))
  out:write((text:gsub("<Locations/>", "<Locations>" .. range .. "</Locations>")))
  out:close()
end

--- A new session, set up by the script for users.
function led.create()
  create_session(folder, "jam", RATE):save_state("")
  close_session()
  add_loop_range(folder .. "/jam.ardour")
  Session = load_session(folder, "jam")
  dofile(script)
  factory()()
  return true
end

--- Saves and closes. A track that is armed plays its input, so an export would be silent.
function led.close()
  arm(0)
  Session:save_state("")
  Session = nil
  collectgarbage()  -- of everything that still holds a part of it
  close_session()
  return true
end

function led.reopen()
  Session = load_session(folder, "jam")
  arm(1)
  return true
end

function led.format() return ARDOUR.PluginType.name(plugin():to_insert():type()) end

function led.set(name, value)
  return ARDOUR.LuaAPI.set_processor_param(plugin(), parameter(name), value)
end

function led.get(name)
  return (ARDOUR.LuaAPI.get_processor_param(plugin(), parameter(name)))
end

function led.tempo(bpm, quarter)
  local map = Temporal.TempoMap.fetch_writable()
  map:set_tempo(Temporal.Tempo(bpm, bpm, 4), position(quarter))
  Temporal.TempoMap.update(map)
  return true
end

function led.locate(quarter)
  local to = position(quarter):samples()
  Session:request_locate(to, false, ARDOUR.LocateTransportDisposition.MustStop, BY_USER)
  return await(function() return Session:transport_sample() == to end)
end

local function ready_to_record()
  for _, name in ipairs(RECORDED) do taken[name] = regions(name):size() end
  Session:maybe_enable_record(false)
end

--- Rolls and records.
function led.roll()
  ready_to_record()
  Session:request_roll(BY_USER)
  return await(rolling)
end

--- The same, round and round.
function led.loop(from, to)
  Session:locations():auto_loop_location():set(position(from), position(to))
  ready_to_record()
  Session:request_play_loop(true, true)
  return await(rolling)
end

--- Stops, and waits for what was recorded: Ardour has a thread for that, which takes its time.
function led.stop()
  Session:request_play_loop(false, false)
  Session:request_stop(false, true, BY_USER)
  return await(function()
    local all_there = not rolling()
    for _, name in ipairs(RECORDED) do
      all_there = all_there and regions(name):size() > taken[name]
    end
    return all_there
  end)
end

function led.place()
  return quarters(Temporal.TempoMap.read():quarters_at_sample(Session:transport_sample()))
end

--- Of every note that a track has recorded between two places: when after the recording began,
--- where in the song, and its key. In a loop each round is a region of its own, of one recording.
function led.notes(name, from, to)
  local map, found = Temporal.TempoMap.read(), {}
  for region in regions(name):iter() do
    local begin = quarters(region:start():beats())
    local place = quarters(map:quarters_at(region:position()))
    local over = begin + region:length():ticks() / Temporal.ticks_per_beat
    for note in ARDOUR.LuaAPI.note_list(region:to_midiregion():model()):iter() do
      local time = quarters(note:time())
      if place >= from and place < to and time >= begin and time < over then
        found[#found + 1] = { time, place + time - begin, note:note() }
      end
    end
  end
  return found
end

AudioEngine:set_backend("JACK", "ardour", "")
AudioEngine:start(false)
setmetatable(led, { __index = _G })
for line in io.lines() do
  local done, value = xpcall(load("return " .. line, line, "t", led), debug.traceback)
  print((done and "= " or "! ") .. json.encode(value))
  io.stdout:flush()
end
close_session()
quit()
