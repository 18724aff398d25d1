--- Musical time of a stretch of the project: ticks from a bar line on, 48 to the quarter note.
--
-- Positions in the project are in quarter notes (QN), so that changes of tempo make no difference.

local antiphon = require("antiphon")

local SLOWEST, FASTEST = 10, 500 -- beats a minute that the engine knows

local Timebase = {}
Timebase.__index = Timebase

--- Ticks from the bar line at or before `qn` on; tempo and metre are those found there.
function Timebase.at(qn)
  local _, bar_qn = reaper.TimeMap_QNToMeasures(0, qn)
  local beats, value, bpm = reaper.TimeMap_GetTimeSigAtTime(0, reaper.TimeMap2_QNToTime(0, bar_qn))
  local base = {
    origin = bar_qn,
    metre = { beats // 1 | 0, value // 1 | 0 },
    bpm = math.min(math.max(bpm, SLOWEST), FASTEST),
  }
  return setmetatable(base, Timebase)
end

--- Quarter notes of a bar.
function Timebase:bar_qn()
  return self.metre[1] * 4 / self.metre[2]
end

function Timebase:ticks(qn)
  return math.floor((qn - self.origin) * antiphon.TICKS_PER_BEAT + 0.5)
end

function Timebase:qn(ticks)
  return self.origin + ticks / antiphon.TICKS_PER_BEAT
end

return Timebase
