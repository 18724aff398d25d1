--- Writes what `msgpack` reads as JSON, on one line.

local msgpack = require("msgpack")

local json = {}

local ESCAPES = { ['"'] = '\\"', ["\\"] = "\\\\" }

local function quoted(text)
  local escaped = text:gsub('[%c"\\]', function(char)
    return ESCAPES[char] or ("\\u%04x"):format(char:byte())
  end)
  return '"' .. escaped .. '"'
end

--- A value as JSON; a map is what `msgpack.keys` takes for one.
function json.encode(value)
  if type(value) == "string" then return quoted(value) end
  if math.type(value) == "float" then return ("%.17g"):format(value) end
  if type(value) ~= "table" or value == msgpack.null then return tostring(value) end
  local parts, keys = {}, msgpack.keys(value)
  for _, key in ipairs(keys or {}) do
    parts[#parts + 1] = quoted(key) .. ":" .. json.encode(value[key])
  end
  if keys then return "{" .. table.concat(parts, ",") .. "}" end
  for i, entry in ipairs(value) do parts[i] = json.encode(entry) end
  return "[" .. table.concat(parts, ",") .. "]"
end

return json
