--- The memory that `antiphon_live.lua` and `antiphon_live.jsfx` share: numbered cells, two rings.
--
-- The effect runs in the audio thread and knows the beat; the script knows the engine. What was
-- played goes one way, what is to sound the other, both stamped with the beat they belong to.
-- An entry is {mark, beat, status, data1, data2}. The mark of what was played is the epoch, which
-- changes when the transport jumps; that of what is to sound is the generation: the effect drops
-- entries of any other and releases what sounds.

local rings = {
  NAME = "Antiphon",
  PLAYED_WRITTEN = 0, -- entries written so far
  PLAYED_READ = 1,
  ANSWER_WRITTEN = 2,
  ANSWER_READ = 3,
  GENERATION = 4,
  NOW = 5, -- the beat, as of the effect's latest block
  EPOCH = 6,
  TURNS = 7, -- counts up while the script is alive
  METRE_BEATS = 8,
  METRE_VALUE = 9,
  TEMPO = 10,
  OWNER = 11, -- the one effect that serves the script; others only pass on what they hear
  SEEN = 12, -- when it last did, in seconds
  PLAYED = 1024, -- first cell of the ring
  ANSWER = 8192,
  ENTRIES = 1024,
  WIDTH = 5,
}

local function cell(ring, number)
  return ring + (number % rings.ENTRIES) * rings.WIDTH // 1 | 0
end

--- What was played since the last call.
function rings.take_played()
  local read, written = reaper.gmem_read(rings.PLAYED_READ), reaper.gmem_read(rings.PLAYED_WRITTEN)
  local entries = {}
  for number = read, written - 1 do
    local at, entry = cell(rings.PLAYED, number), {}
    for i = 1, rings.WIDTH do entry[i] = reaper.gmem_read(at + i - 1) end
    entries[#entries + 1] = entry
  end
  reaper.gmem_write(rings.PLAYED_READ, written)
  return entries
end

--- How many entries the effect has room for.
function rings.room()
  local read, written = reaper.gmem_read(rings.ANSWER_READ), reaper.gmem_read(rings.ANSWER_WRITTEN)
  return rings.ENTRIES - (written - read) // 1 | 0
end

--- Let the effect play something. There must be room.
function rings.put_answer(generation, beat, status, data1, data2)
  local written = reaper.gmem_read(rings.ANSWER_WRITTEN)
  local at = cell(rings.ANSWER, written)
  for i, value in ipairs({ generation, beat, status, data1, data2 }) do
    reaper.gmem_write(at + i - 1, value)
  end
  reaper.gmem_write(rings.ANSWER_WRITTEN, written + 1)
end

return rings
