--- The engine, as a plugin sees it: ask, receive, and notice when it is gone.
--
-- Nothing here blocks. Call `poll` some ten times a second or more often; it looks for an absent
-- engine, says `ping` to a present one, and notices a lost one by its closing socket or its silence.

local msgpack = require("msgpack")
local zmtp = require("zmtp")

local antiphon = {
  VERSION = 1,
  DEFAULT_PORT = 6470,
  TICKS_PER_BEAT = 48,
  null = msgpack.null,
}

local RETRY_S = 0.05
local GREETING_S = 2 -- how long an engine may take from the connection to its welcome
local HEARTBEAT_S = 0.1
local LOST_S = 0.3

--- One connection to one engine, renewed whenever it breaks.
--
--    client:poll()                     messages that have come; call it again and again
--    client:send("cancel", session)    never blocks; thrown away while the engine is gone
--    client.present                    whether an engine has greeted us
--    client.welcome                    the greeting of the engine that is, or was last, there
--    client.complaint                  why this client has given up; nil if it has not
local Client = {}
Client.__index = Client
antiphon.Client = Client

--- `socket` is LuaSocket or its core; `now` tells seconds and is LuaSocket's clock by default.
function Client.new(socket, port, name, now)
  local client = {
    socket = socket,
    port = port or antiphon.DEFAULT_PORT,
    name = name or "",
    now = now or socket.gettime,
    present = false,
    greeted = false,
    retry_at = 0,
    connected_at = 0,
    pinged_at = 0,
    answered_at = 0,
    pings = 0,
  }
  return setmetatable(client, Client)
end

--- Send a message if the engine is there; false, and nothing sent, if there is no room.
function Client:send(name, ...)
  if not self.present then return true end
  return self:say(name, ...)
end

--- What the engine said since the last call; `present` may change.
function Client:poll()
  if self.complaint then return {} end
  local now = self.now()
  if not self.dealer then
    if now >= self.retry_at then self:connect(now) end
    return {}
  end
  local frames = self.dealer:poll()
  if not frames then
    self:renew(now)
    return {}
  end
  if not self.greeted and self.dealer:ready() then
    self.greeted = self:say("hello", antiphon.VERSION, self.name)
  end
  local news = self:news(frames, now)
  -- Judged after reading: a caller that slept itself must not blame the engine.
  if self:silent(now) then
    self:renew(now)
    return {}
  end
  if self.present and now - self.pinged_at >= HEARTBEAT_S then self:ping(now) end
  return self.complaint and {} or news
end

--- Let go of the engine; it ends our sessions when it misses our pings.
function Client:close()
  self.present = false
  if self.dealer then self.dealer:close() end
  self.dealer = nil
end

function Client:connect(now)
  self.greeted = false
  self.connected_at, self.answered_at = now, now
  self.dealer = zmtp.Dealer.new(self.socket, self.port)
end

function Client:renew(now)
  self:close()
  self.retry_at = now + RETRY_S
end

function Client:silent(now)
  if self.present then
    return self.pinged_at > self.answered_at and now - self.answered_at > LOST_S
  end
  return now - self.connected_at > GREETING_S
end

function Client:ping(now)
  self.pinged_at = now
  self.pings = self.pings + 1
  self:say("ping", self.pings)
end

function Client:say(...)
  local taken = self.dealer:send(msgpack.pack({ ... }))
  if taken == nil then
    self:renew(self.now())
    return true
  end
  return taken
end

--- What a frame says; nil if it is no message.
local function message_of(frame)
  local value = msgpack.unpack(frame)
  if type(value) == "table" and type(value[1]) == "string" then return value end
end

--- The messages that are for the session; greetings and heartbeats are kept count of.
function Client:news(frames, now)
  local news = {}
  for _, frame in ipairs(frames) do
    local message = message_of(frame)
    if message then
      self.answered_at = now
      if message[1] == "welcome" then
        self:welcomed(message, now)
      elseif message[1] ~= "pong" then
        news[#news + 1] = message
      end
    end
  end
  return news
end

function Client:welcomed(message, now)
  if message[2] == antiphon.VERSION then
    self.welcome, self.present, self.pinged_at = message, true, now
    return
  end
  self:close()
  self.complaint = ("The engine speaks version %s of the protocol and this client version %d: "
    .. "update the older of the two."):format(message[2], antiphon.VERSION)
end

return antiphon
