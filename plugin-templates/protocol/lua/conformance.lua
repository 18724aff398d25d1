--- Shows what the Lua client does, line by line, as ../CONFORMANCE.md has it.
--
--    lua5.4 conformance.lua PORT TABLE [ROUNDS]

local here = arg[0]:match("^.*[/\\]") or "./"
package.path = here .. "?.lua;" .. package.path

local antiphon = require("antiphon")
local json = require("json")
local msgpack = require("msgpack")
local socket = require("socket")

local PATIENCE_S = 20
local KEYS = { 60, 62, 64, 65, 67, 69, 71, 72 }
local null = antiphon.null

local PHRASE = {}
for i, key in ipairs(KEYS) do
  PHRASE[#PHRASE + 1] = { "on", 24 * (i - 1), 0, key, 80 }
  PHRASE[#PHRASE + 1] = { "off", 24 * i, 0, key }
end
local FIRST = {
  { "open", 1, 7, {}, 120.0, { 4, 4 } },
  { "listen", 1, PHRASE },
  { "answer", 1, 1, 192, 960, true },
}
-- What is said after so many `done` of a generation: AFTER[generation][how many].
local AFTER = {
  [1] = { { { "answer", 1, 2, 960, 1728, true, false, null, null, 2 } } },
  [2] = { {}, { { "keep", 1, 2, 1 }, { "answer", 1, 3, 1728, 2496, true } } },
  [3] = {
    {
      { "rewind", 1, 2016 },
      { "listen", 1, { { "on", 2016, 0, 60, 80 }, { "off", 2040, 0, 60 } } },
      { "answer", 1, 4, 2064, 2832, true },
    },
  },
  [4] = { { { "close", 1 }, { "cancel", 1 } } },
}

local function show(message)
  io.stdout:write(json.encode(message), "\n")
  io.stdout:flush()
end

local function show_golden(path)
  local index = 0
  for line in io.lines(path) do
    local hex = line:match("\t(%x+)$")
    local frame = hex:gsub("%x%x", function(byte) return string.char(tonumber(byte, 16)) end)
    local message = assert(msgpack.unpack(frame))
    local again = msgpack.pack(message):gsub(".", function(c) return ("%02x"):format(c:byte()) end)
    show({ "golden", index, message, again })
    index = index + 1
  end
end

--- The conversation, round after round, and what is printed of it.
local Show = {}
Show.__index = Show

function Show.new(client, rounds)
  local state = { client = client, rounds = rounds, round = 1, over = false, here = false }
  return setmetatable(state, Show)
end

--- Call the client once; whether anything was printed.
function Show:turn()
  local messages = self.client:poll()
  if self.client.present ~= self.here then
    self.here = self.client.present
    if self.here then self:begin() else show({ "lost" }) end
  end
  for _, message in ipairs(messages) do
    show(message)
    self:reply_to(message)
  end
  return #messages > 0
end

function Show:begin()
  if self.over then self.round = self.round + 1 end
  self.over = false
  self.done = { 0, 0, 0, 0 }
  show(self.client.welcome)
  self:say(FIRST)
end

function Show:reply_to(message)
  if message[1] == "done" then
    local generation = message[3]
    self.done[generation] = self.done[generation] + 1
    self:say(AFTER[generation][self.done[generation]])
  elseif message[1] == "error" then
    self.over = true
    show({ "round", self.round })
  end
end

function Show:say(messages)
  for _, message in ipairs(messages) do self.client:send(table.unpack(message)) end
end

function Show:finished()
  return self.over and self.round == self.rounds
end

local function main(port, path, rounds)
  show_golden(path)
  local client = antiphon.Client.new(socket, port, "conformance lua")
  local conversation = Show.new(client, rounds)
  local heard_at = socket.gettime()
  while not conversation:finished() do
    if conversation:turn() then heard_at = socket.gettime() end
    if client.complaint then
      io.stderr:write(client.complaint, "\n")
      return 3
    end
    if socket.gettime() - heard_at > PATIENCE_S then
      io.stderr:write("Nothing came for ", PATIENCE_S, " s.\n")
      return 1
    end
    socket.sleep(0.002)
  end
  client:close()
  return 0
end

os.exit(main(math.tointeger(arg[1]) or 0, arg[2], math.tointeger(arg[3] or 1)))
