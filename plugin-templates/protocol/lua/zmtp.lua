--- ZeroMQ's DEALER over a plain socket: ZMTP 3 with the NULL mechanism, to this machine alone.
--
-- `Wire` is the protocol without the socket: bytes in, frames out. `Dealer` is one connection over
-- LuaSocket; it never blocks. What fails returns nil and a reason: close the connection then.

local zmtp = {}

local LOOPBACK = "127.0.0.1"
local LONGEST = 1 << 20 -- bytes of a frame, and bytes that may wait to be sent
local CHUNK = 1 << 18 -- bytes read at once, so that a flood cannot hold the caller

local MORE, LONG, COMMAND = 1, 2, 4
local MECHANISM = "NULL" .. ("\0"):rep(16)
local GREETING = "\xFF" .. ("\0"):rep(8) .. "\x7F\3\0" .. MECHANISM .. ("\0"):rep(32)
local READY = "\5READY\11Socket-Type\0\0\0\6DEALER\8Identity\0\0\0\0"

local function framed(body, flags)
  if #body < 256 then return string.pack("BB", flags, #body) .. body end
  return string.pack(">BI8", flags | LONG, #body) .. body
end

-- Wire ----------------------------------------------------------------------------------------

--- What one connection says and hears, without the connection.
--
--    wire.out           bytes to be sent; take away from the front what was sent
--    wire.ready         whether messages may be sent
--    wire:feed(data)    frames that are complete with these bytes, one for each message
local Wire = {}
Wire.__index = Wire
zmtp.Wire = Wire

function Wire.new()
  local wire = { out = GREETING, ready = false, inward = "", greeted = false, several = false }
  return setmetatable(wire, Wire)
end

--- Put a message on the wire; false, and nothing done, if it is not ready or too full.
function Wire:send(frame)
  if not self.ready or #self.out + #frame + 9 > LONGEST then return false end
  self.out = self.out .. framed(frame, 0)
  return true
end

--- Messages of one frame that end in these bytes; nil and a reason if they are no ZMTP.
function Wire:feed(data)
  self.inward = self.inward .. data
  local at = 1
  if not self.greeted then
    local greeted, why = self:greet()
    if not greeted then return not why and {} or nil, why end
    at = #GREETING + 1
  end
  return self:messages(at)
end

--- Whether the other side's greeting is complete; false and a reason if it is none.
function Wire:greet()
  local theirs = self.inward
  if #theirs < #GREETING then return false end
  local signed = theirs:byte(1) == 0xFF and theirs:byte(10) == 0x7F
  if not signed or theirs:byte(11) < 3 or theirs:sub(13, 32) ~= MECHANISM then
    return false, "whoever listens there does not speak ZMTP 3"
  end
  self.out = self.out .. framed(READY, COMMAND)
  self.greeted = true
  return true
end

function Wire:messages(at)
  local messages = {}
  while true do
    local flags, body, behind = self:frame(at)
    if not flags then
      if body then return nil, body end
      self.inward = self.inward:sub(at)
      return messages
    end
    local why = self:take(flags, body, messages)
    if why then return nil, why end
    at = behind
  end
end

--- Flags, body and end of the frame that begins at `at`; nil if it is incomplete, nil and a reason
--- if it is none.
function Wire:frame(at)
  local flags = self.inward:byte(at)
  if not flags then return nil end
  if flags > MORE | LONG | COMMAND then return nil, "a frame with unknown flags" end
  local head = flags & LONG ~= 0 and 9 or 2
  if #self.inward < at + head - 1 then return nil end
  local length = string.unpack(head == 9 and ">i8" or "B", self.inward, at + 1)
  if length < 0 or length > LONGEST then return nil, "a frame of more than 1 MiB" end
  local behind = at + head + length
  if #self.inward < behind - 1 then return nil end
  return flags, self.inward:sub(at + head, behind - 1), behind
end

--- Obey a command, or add a message of one frame to `messages`; a reason if the frame is wrong.
function Wire:take(flags, body, messages)
  if flags & COMMAND ~= 0 then return self:obey(body) end
  if not self.ready then return "a message before the handshake is over" end
  local more = flags & MORE ~= 0
  if not more and not self.several then messages[#messages + 1] = body end
  self.several = more
end

function Wire:obey(command)
  if command:sub(1, 6) == "\5READY" then
    self.ready = true
  elseif command:sub(1, 5) == "\4PING" then
    self.out = self.out .. framed("\4PONG" .. command:sub(8), COMMAND)
    if #self.out > LONGEST then return "pings and nobody who takes the answers" end
  elseif command:sub(1, 6) == "\5ERROR" then
    return "the other side refuses"
  end
end

-- Dealer --------------------------------------------------------------------------------------

--- One connection to a port of this machine. Nothing here blocks.
local Dealer = {}
Dealer.__index = Dealer
zmtp.Dealer = Dealer

--- `socket` is LuaSocket, or its core.
function Dealer.new(socket, port)
  local tcp = assert(socket.tcp())
  tcp:settimeout(0)
  tcp:connect(LOOPBACK, port)
  return setmetatable({ tcp = tcp, wire = Wire.new(), connected = false }, Dealer)
end

--- Whether the handshake is over and messages may be sent.
function Dealer:ready()
  return self.wire.ready
end

--- Send a message soon; false, and nothing sent, if there is no room; nil if the connection is over.
function Dealer:send(frame)
  local taken = self.wire:send(frame)
  local written, why = self:write()
  if not written then return nil, why end
  return taken
end

--- Messages that have come; nil and a reason if the connection is over.
function Dealer:poll()
  if not self.connected then
    local connected, why = self:connect()
    if not connected then return not why and {} or nil, why end
  end
  local data, why, partial = self.tcp:receive(CHUNK)
  if why and why ~= "timeout" then return nil, why end
  local messages, wrong = self.wire:feed(data or partial)
  if not messages then return nil, wrong end
  local written, unwritten = self:write()
  if not written then return nil, unwritten end
  return messages
end

--- Let go of the connection, with all that is on its way.
function Dealer:close()
  self.tcp:close()
end

--- Whether the connection stands by now; false and a reason if it will not.
function Dealer:connect()
  if self.tcp:getpeername() then
    self.tcp:setoption("tcp-nodelay", true)
    self.connected = true
    return true
  end
  local _, why = self.tcp:receive(0)
  if why == "connection refused" or why == "closed" then return false, why end
  return false
end

function Dealer:write()
  local out = self.wire.out
  if out == "" or not self.connected then return true end
  local sent, why, partly = self.tcp:send(out)
  if why and why ~= "timeout" then return nil, why end
  self.wire.out = out:sub((sent or partly) + 1)
  return true
end

return zmtp
