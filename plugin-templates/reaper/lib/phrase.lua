--- Notes as the engine wants to hear them: {onset, instrument, pitch, length, velocity} in ticks.

local phrase = {}

phrase.INSTRUMENTS = {
  "piano", "chromatic", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed",
  "pipe", "lead", "pad", "effects", "ethnic", "percussive", "sfx", "drums",
}
phrase.DRUMS = #phrase.INSTRUMENTS - 1
phrase.DRUM_CHANNEL = 9

local MOST_EVENTS = 4096 -- of one `listen`

local function earlier(one, other)
  for i = 1, 3 do
    if one[i] ~= other[i] then return one[i] < other[i] end
  end
  return false
end

--- The notes in order, each cut where its own key is struck again; of doubles the first stays.
function phrase.without_overlaps(notes)
  local sorted, result, latest = {}, {}, {}
  for i, note in ipairs(notes) do sorted[i] = { table.unpack(note) } end
  table.sort(sorted, earlier)
  for _, note in ipairs(sorted) do
    local key = note[2] * 128 + note[3]
    local before = latest[key]
    if not before or before[1] < note[1] then
      if before then before[4] = math.min(before[4], note[1] - before[1]) end
      latest[key] = note
      result[#result + 1] = note
    end
  end
  return result
end

--- Key events of some notes, in order of time, releases before strikes of the same tick.
function phrase.events_of(notes)
  local timed = {}
  for _, note in ipairs(phrase.without_overlaps(notes)) do
    local onset, instrument, pitch, length, velocity = table.unpack(note)
    timed[#timed + 1] = { onset, 1, pitch, { "on", onset, instrument, pitch, velocity } }
    timed[#timed + 1] = { onset + length, 0, pitch, { "off", onset + length, instrument, pitch } }
  end
  table.sort(timed, earlier)
  for i, entry in ipairs(timed) do timed[i] = entry[4] end
  return timed
end

--- `listen` messages that say the events of these notes, as many as it takes.
function phrase.listens(session, notes)
  local events, messages = phrase.events_of(notes), {}
  for first = 1, #events, MOST_EVENTS do
    local last = math.min(first + MOST_EVENTS - 1, #events)
    messages[#messages + 1] = { "listen", session, table.move(events, first, last, 1, {}) }
  end
  return messages
end

--- Numbers of the instruments that some notes have, in order.
function phrase.instruments(notes)
  local seen, result = {}, {}
  for _, note in ipairs(notes) do seen[note[2]] = true end
  for number = 0, phrase.DRUMS do
    if seen[number] then result[#result + 1] = number end
  end
  return result
end

return phrase
