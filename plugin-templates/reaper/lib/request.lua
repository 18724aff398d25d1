--- One question to the engine, asked in the background: Reaper stays free while it is answered.

local antiphon = require("antiphon")

local request = {}

local PATIENCE_S = 3 -- for an engine to be there
local ABSENT = "No Antiphon engine is there on port %d. Start it with: antiphon serve"
local GONE = "The Antiphon engine went away before it had answered. Nothing was changed."

local Request = {}
Request.__index = Request

--- Say `messages` and gather the notes of so many takes. In the end `finish(takes)` is called, or
--- `finish(nil, sentence)`; takes count from 1 and hold notes as the engine sends them.
function request.ask(client, messages, takes, finish)
  local asking = setmetatable({
    client = client,
    messages = messages,
    said = 0,
    missing = takes,
    takes = {},
    finish = finish,
    since = reaper.time_precise(),
  }, Request)
  for take = 1, takes do asking.takes[take] = {} end
  reaper.atexit(function() client:close() end)
  asking:turn()
end

function Request:turn()
  for _, message in ipairs(self.client:poll()) do
    local why = self:hear(message)
    if why then return self:fail(why) end
  end
  if self.client.complaint then return self:fail(self.client.complaint) end
  if self.missing == 0 then return self:succeed() end
  if self.client.present then
    self:say()
  elseif self.said > 0 then
    return self:fail(GONE)
  elseif reaper.time_precise() - self.since > PATIENCE_S then
    return self:fail(ABSENT:format(self.client.port))
  end
  reaper.defer(function() self:turn() end)
end

--- Say what has not been said yet, as far as there is room.
function Request:say()
  while self.said < #self.messages do
    if not self.client:send(table.unpack(self.messages[self.said + 1])) then return end
    self.said = self.said + 1
  end
end

--- Take a message in; a sentence if the engine refuses.
function Request:hear(message)
  local name = message[1]
  if name == "error" then return "The Antiphon engine says: " .. message[4] end
  if name == "notes" then
    local take = self.takes[(message[5] or 0) + 1]
    table.move(message[4], 1, #message[4], #take + 1, take)
  elseif name == "done" then
    self.missing = self.missing - 1
  end
end

function Request:succeed()
  self.client:close()
  self.finish(self.takes)
end

function Request:fail(why)
  self.client:close()
  self.finish(nil, why)
end

--- A client for this request; nil and a sentence if there can be none.
function request.client(port)
  local socket, why = require("luasocket").find()
  if not socket then return nil, why end
  return antiphon.Client.new(socket, port, "Reaper", reaper.time_precise)
end

return request
