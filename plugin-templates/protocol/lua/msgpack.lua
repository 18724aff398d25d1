--- MessagePack, as much of it as the protocol uses: nil, booleans, numbers, text, arrays, maps.
--
--    msgpack.pack({ "ping", 1 })              "\x92\xa4ping\x01"
--    msgpack.unpack("\x92\xa4ping\x01")       { "ping", 1 }
--
-- A Lua table cannot hold nil, so nil is `msgpack.null` in both directions. Whole numbers take the
-- fewest bytes, fractions eight. What cannot be read is nil and a reason, and never costs more
-- memory than the bytes it came in.

local msgpack = {}

local DEEPEST = 16 -- arrays and maps inside one another

--- Stands for nil inside arrays and maps.
msgpack.null = setmetatable({}, { __name = "msgpack.null", __tostring = function() return "null" end })

--- Keys of a map in the order they came in, or nil if `value` is no map.
function msgpack.keys(value)
  local meta = getmetatable(value)
  if meta and meta.keys then return meta.keys end
  if next(value) == nil or #value > 0 then return nil end
  local keys = {}
  for key in pairs(value) do keys[#keys + 1] = key end
  table.sort(keys)
  return keys
end

-- Packing -------------------------------------------------------------------------------------

local UNSIGNED = { { 0xCC, ">I1", 0xFF }, { 0xCD, ">I2", 0xFFFF }, { 0xCE, ">I4", 0xFFFFFFFF } }
local SIGNED = { { 0xD0, ">i1", -0x80 }, { 0xD1, ">i2", -0x8000 }, { 0xD2, ">i4", -0x80000000 } }
local TEXT = { { 0xD9, ">I1", 0xFF }, { 0xDA, ">I2", 0xFFFF }, { 0xDB, ">I4", 0xFFFFFFFF } }
local ARRAY = { { 0xDC, ">I2", 0xFFFF }, { 0xDD, ">I4", 0xFFFFFFFF } }
local MAP = { { 0xDE, ">I2", 0xFFFF }, { 0xDF, ">I4", 0xFFFFFFFF } }

local function packed_integer(number)
  if number >= 0 then
    if number < 0x80 then return string.char(number) end
    for _, kind in ipairs(UNSIGNED) do
      if number <= kind[3] then return string.char(kind[1]) .. string.pack(kind[2], number) end
    end
    return "\xCF" .. string.pack(">i8", number)
  end
  if number >= -32 then return string.pack("i1", number) end
  for _, kind in ipairs(SIGNED) do
    if number >= kind[3] then return string.char(kind[1]) .. string.pack(kind[2], number) end
  end
  return "\xD3" .. string.pack(">i8", number)
end

--- What stands before text, an array or a map: its kind and its length.
local function head(length, short, below, long)
  if length < below then return string.char(short + length) end
  for _, kind in ipairs(long) do
    if length <= kind[3] then return string.char(kind[1]) .. string.pack(kind[2], length) end
  end
  error("too long to be sent")
end

local function packed_table(value)
  local parts, keys = {}, msgpack.keys(value)
  if keys then
    parts[1] = head(#keys, 0x80, 16, MAP)
    for _, key in ipairs(keys) do
      parts[#parts + 1] = msgpack.pack(key) .. msgpack.pack(value[key])
    end
  else
    parts[1] = head(#value, 0x90, 16, ARRAY)
    for _, entry in ipairs(value) do parts[#parts + 1] = msgpack.pack(entry) end
  end
  return table.concat(parts)
end

--- A value as bytes; an error if it is of a kind that the protocol does not use.
function msgpack.pack(value)
  if value == msgpack.null then return "\xC0" end
  local kind = math.type(value) or type(value)
  if kind == "integer" then return packed_integer(value) end
  if kind == "float" then return "\xCB" .. string.pack(">d", value) end
  if kind == "boolean" then return value and "\xC3" or "\xC2" end
  if kind == "string" then return head(#value, 0xA0, 32, TEXT) .. value end
  if kind == "table" then return packed_table(value) end
  error(kind .. " cannot be sent")
end

-- Unpacking -----------------------------------------------------------------------------------

local NUMBERS = {
  [0xCA] = ">f", [0xCB] = ">d",
  [0xCC] = ">I1", [0xCD] = ">I2", [0xCE] = ">I4", [0xCF] = ">i8",
  [0xD0] = ">i1", [0xD1] = ">i2", [0xD2] = ">i4", [0xD3] = ">i8",
}
local CONSTANTS = { [0xC0] = msgpack.null, [0xC2] = false, [0xC3] = true }

local value_at

local function text_at(data, at, length)
  if at + length - 1 > #data then error("a text announces more than there is") end
  local text = data:sub(at, at + length - 1)
  if not utf8.len(text) then error("a text is no UTF-8") end
  return text, at + length
end

--- Entries take a byte each at least, so nothing is made that the frame does not hold.
local function enter(data, at, entries, deeper)
  if at + entries - 1 > #data then error("it announces more than there is") end
  if deeper == 0 then error("nested more than " .. DEEPEST .. " deep") end
end

local function array_at(data, at, length, deeper)
  enter(data, at, length, deeper)
  local array = {}
  for i = 1, length do array[i], at = value_at(data, at, deeper - 1) end
  return array, at
end

local function map_at(data, at, length, deeper)
  enter(data, at, 2 * length, deeper)
  local keys, map = {}, {}
  for i = 1, length do
    keys[i], at = value_at(data, at, 0)
    if type(keys[i]) ~= "string" then error("a key of a map is no text") end
    map[keys[i]], at = value_at(data, at, deeper - 1)
  end
  return setmetatable(map, { keys = keys }), at
end

local READERS = {
  { TEXT, text_at }, { ARRAY, array_at }, { MAP, map_at },
}

local function long_at(code, data, at, deeper)
  for _, reader in ipairs(READERS) do
    for _, kind in ipairs(reader[1]) do
      if kind[1] == code then
        local length, behind = string.unpack(kind[2], data, at)
        return reader[2](data, behind, length, deeper)
      end
    end
  end
  error(("0x%02x begins nothing that the protocol uses"):format(code))
end

--- The value that begins at `at`, and where the next begins; `deeper` levels may be inside it.
function value_at(data, at, deeper)
  local code, behind = string.unpack("B", data, at)
  if code < 0x80 then return code, behind end
  if code >= 0xE0 then return code - 0x100, behind end
  if code < 0x90 then return map_at(data, behind, code & 15, deeper) end
  if code < 0xA0 then return array_at(data, behind, code & 15, deeper) end
  if code < 0xC0 then return text_at(data, behind, code & 31) end
  if CONSTANTS[code] ~= nil then return CONSTANTS[code], behind end
  if NUMBERS[code] then return string.unpack(NUMBERS[code], data, behind) end
  return long_at(code, data, behind, deeper)
end

--- The one value that these bytes hold; nil and a reason if they hold another number of them.
function msgpack.unpack(data)
  local readable, value, behind = pcall(value_at, data, 1, DEEPEST)
  if not readable then return nil, value end
  if behind ~= #data + 1 then return nil, "there is more than one value" end
  return value
end

return msgpack
