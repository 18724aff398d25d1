--- Finds LuaSocket where ReaPack puts it, or wherever else Lua can find it.

local PACKAGE = "/Scripts/Mavriq ReaScript Repository/Various/Mavriq-Lua-Sockets/"
local MISSING = "Antiphon needs Mavriq Lua Sockets: Extensions > ReaPack > Import repositories, with "
  .. "https://raw.githubusercontent.com/mavriq-dev/public-reascripts/master/index.xml, "
  .. 'then Extensions > ReaPack > Browse packages, and install "mavriq-lua-sockets".'

local luasocket = {}

--- LuaSocket's core; nil and a sentence if it is not installed.
function luasocket.find()
  local folder = reaper.GetResourcePath() .. PACKAGE
  package.cpath = ("%s;%s?.dll;%s?.so"):format(package.cpath, folder, folder)
  local found, core = pcall(require, "socket.core")
  if found then return core end
  return nil, MISSING
end

return luasocket
