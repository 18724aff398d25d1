--- Who answers in live use: hears keys, knows when a phrase is over, and plays what the engine says.
--
-- Knows neither Reaper nor sockets. Time is in beats (quarter notes) and is handed in.

local antiphon = require("antiphon")
local phrase = require("phrase")

local Partner = {}
Partner.__index = Partner

local SESSION = 1
local TICKS = antiphon.TICKS_PER_BEAT
local SILENCE = 1 -- beats without a key, and the phrase is over
local LEAD = 0.25 -- beats between asking and the earliest answer
local MOST_HISTORY = 4096 -- events that a new engine is told

local STRIKE, RELEASE, CONTROL, SUSTAIN = 0x90, 0x80, 0xB0, 64

--- `wishes` has bars, style, instrument (a number) and heat.
function Partner.new(client, wishes)
  local partner = { client = client, wishes = wishes, generation = 0, opened = false }
  setmetatable(partner, Partner)
  partner:forget(0, { 4, 4 }, 120)
  return partner
end

--- Begin anew at this beat: the transport has jumped.
function Partner:forget(now, metre, bpm)
  self.metre, self.bpm = metre, bpm
  self.bar = metre[1] * 4 / metre[2]
  self.origin = now // self.bar * self.bar
  self.history, self.news = {}, {}
  self.latest, self.held, self.pending = 0, {}, false
  self.opened = false
  self:hush()
end

--- Drop all that was to sound; the effect releases what does.
function Partner:hush()
  self.generation = self.generation + 1
  self.schedule, self.answering = {}, false
end

--- A MIDI event of the player's.
function Partner:hear(beat, status, data1, data2)
  local kind, instrument = status & 0xF0, self.wishes.instrument
  local tick = math.max(self.latest, math.floor((beat - self.origin) * TICKS + 0.5))
  if kind == STRIKE and data2 > 0 then
    if self.answering or #self.schedule > 0 then self:interrupt(tick) end
    self.held[data1], self.pending = true, true
    self:note({ "on", tick, instrument, data1, data2 })
  elseif kind == STRIKE or kind == RELEASE then
    self.held[data1] = nil
    self:note({ "off", tick, instrument, data1 })
  elseif kind == CONTROL and data1 == SUSTAIN then
    self:note({ "pedal", tick, instrument, data2 >= 64 })
  end
end

function Partner:note(event)
  self.latest = event[2]
  if self.opened then self.news[#self.news + 1] = event end -- else `open` tells the history
  self.history[#self.history + 1] = event
  if #self.history > MOST_HISTORY then table.remove(self.history, 1) end
end

--- The player goes on while an answer is made or sounds: it ends here.
function Partner:interrupt(tick)
  self:tell()
  self.client:send("cancel", SESSION)
  self.client:send("rewind", SESSION, tick)
  self:hush()
end

--- The engine refuses; a sentence if that is for good.
function Partner:refused(kind, sentence)
  -- It ends sessions that break or are silent too long: the next turn opens another.
  if kind ~= "unknown-session" and kind ~= "internal" then return sentence end
  self.opened = false
  self:hush()
end

--- A message of the engine's; a sentence if it refuses for good.
function Partner:take(message)
  local name, generation = message[1], message[3]
  if name == "error" then return self:refused(message[2], message[4]) end
  if generation ~= self.generation then return end
  if name == "notes" then
    for _, note in ipairs(message[4]) do self:plan(note) end
  elseif name == "done" then
    self.answering = false
  end
end

function Partner:plan(note)
  local onset, instrument, pitch, length, velocity = table.unpack(note)
  local channel = instrument == phrase.DRUMS and phrase.DRUM_CHANNEL or 0
  local beat = self.origin + onset / TICKS
  self:insert({ beat, STRIKE | channel, pitch, velocity })
  self:insert({ beat + length / TICKS, RELEASE | channel, pitch, 0 })
end

--- Keeps the schedule in order; of one beat, releases come first.
function Partner:insert(entry)
  local at = #self.schedule + 1
  while at > 1 do
    local before = self.schedule[at - 1]
    if before[1] < entry[1] or before[1] == entry[1] and before[2] <= entry[2] then break end
    at = at - 1
  end
  table.insert(self.schedule, at, entry)
end

--- Do what is to be done at this beat. Call it again and again.
function Partner:turn(now)
  if not self.client.present then
    if self.opened then self:hush() end
    self.opened = false
    return
  end
  if not self.opened then self:open() end
  self:tell()
  local silent = now - self.origin - self.latest / TICKS >= SILENCE
  if self.pending and not next(self.held) and silent then self:ask(now) end
end

function Partner:open()
  local wishes = self.wishes
  local styles = wishes.style ~= "" and { wishes.style } or {}
  local constraints = { instruments = { wishes.instrument } }
  local feel = { temperature = wishes.heat + 0.0 }
  self.client:send("open", SESSION, 0, styles, self.bpm, self.metre, constraints, feel)
  self.opened, self.news = true, table.move(self.history, 1, #self.history, 1, {})
end

--- Say what was played since the last time.
function Partner:tell()
  if #self.news > 0 and self.opened then
    self.client:send("listen", SESSION, self.news)
    self.news = {}
  end
end

--- The phrase is over: ask for an answer that begins on a beat.
function Partner:ask(now)
  local start = math.ceil(now - self.origin + LEAD) * TICKS
  local until_tick = start + math.floor(self.wishes.bars * self.bar * TICKS)
  self:hush()
  self.pending, self.answering = false, true
  self.client:send("answer", SESSION, self.generation, start, until_tick, true)
end

--- What is to sound before this beat, at most so many entries; they are off the schedule then.
function Partner:due(beat, most)
  local entries = {}
  while #entries < most and self.schedule[1] and self.schedule[1][1] < beat do
    entries[#entries + 1] = table.remove(self.schedule, 1)
  end
  return entries
end

return Partner
