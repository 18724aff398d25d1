--- What the player wishes: asked for in one dialog, and remembered until the next time.

local antiphon = require("antiphon")
local phrase = require("phrase")

local settings = {}

local SECTION = "Antiphon"
local FIELDS = {
  bars = { caption = "Bars", default = "4", lowest = 1, highest = 64 },
  takes = { caption = "Takes (1 to 8)", default = "3", lowest = 1, highest = 8 },
  style = { caption = "Style (empty: by ear)", default = "" },
  instrument = { caption = "Instrument (as in: piano)", default = "piano" },
  heat = { caption = "Heat (0 to 2)", default = "0.95", lowest = 0, highest = 2 },
}

local function remembered(name)
  local value = reaper.GetExtState(SECTION, name)
  return value ~= "" and value or FIELDS[name].default
end

local function number_of(instrument)
  for i, name in ipairs(phrase.INSTRUMENTS) do
    if name == instrument:lower() then return i - 1 end
  end
end

--- A field's text as its value; nil and a sentence if it is none.
local function checked(name, text)
  local field = FIELDS[name]
  if name == "style" then return text end
  if name == "instrument" then
    local number = number_of(text)
    if number then return number end
    return nil, ("There is no instrument %q; there are %s."):format(
      text, table.concat(phrase.INSTRUMENTS, ", ")
    )
  end
  local value = tonumber(text)
  if value and value >= field.lowest and value <= field.highest then return value end
  return nil, ("%s: a number from %d to %d."):format(field.caption, field.lowest, field.highest)
end

--- Ask for some fields; a table of them, nil if the player thinks better of it, nil and a sentence
--- if an entry makes no sense.
function settings.ask(title, names)
  local captions, values = {}, {}
  for i, name in ipairs(names) do
    captions[i], values[i] = FIELDS[name].caption, remembered(name)
  end
  local separated = table.concat(captions, ",") .. ",separator=|"
  local agreed, answers =
    reaper.GetUserInputs(title, #names, separated, table.concat(values, "|"))
  if not agreed then return nil end
  local result, i = {}, 0
  for text in (answers .. "|"):gmatch("([^|]*)|") do
    i = i + 1
    local value, why = checked(names[i], text:match("^%s*(.-)%s*$"))
    if value == nil then return nil, why end
    result[names[i]] = value
    reaper.SetExtState(SECTION, names[i], text, true)
  end
  return result
end

--- The engine's port: 6470, unless the extended state "Antiphon", "port" says otherwise.
function settings.port()
  return tonumber(reaper.GetExtState(SECTION, "port")) or antiphon.DEFAULT_PORT
end

--- The `open` message of a session that these settings ask for.
function settings.open(session, wishes, timebase, instruments)
  local styles = wishes.style ~= "" and { wishes.style } or {}
  local constraints = { instruments = instruments }
  local seed = math.floor(reaper.time_precise() * 1000)
  local feel = { temperature = wishes.heat + 0.0 }
  return { "open", session, seed, styles, timebase.bpm, timebase.metre, constraints, feel }
end

return settings
