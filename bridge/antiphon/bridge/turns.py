"""When a phrase is over: silence, nothing held for long, and what was played judged by its cues.

Pure: it is told what happens and asked when, if nothing else happens, the phrase will have ended.
A pedal or a command may end it earlier; that is the session's business.
"""

from __future__ import annotations

from collections import deque
from statistics import median

from .cues import cues
from .judge import USUAL_EAGERNESS, WAITS_MS, Judgement, judge
from .melody import CHORD_NS, Melody, Place
from .shown import Outcome, Shown, moment

MIN_SILENCE_NS = 450_000_000
MAX_SILENCE_NS = 1_500_000_000
"""Limits of the wait of a player who has hardly played: then the pace alone decides."""
SHORTEST_WAIT_NS = WAITS_MS[0] * 1_000_000
LONGEST_WAIT_NS = WAITS_MS[-1] * 1_000_000
"""Limits of the wait that the judge decides."""
FEWEST_TONES = 6
"""Before so many tones were heard there is nothing to judge by."""
SHORTEST_SILENCE_NS = 100_000_000
"""Less is no silence: nobody takes over in it."""
FORGOTTEN_NS = 10_000_000_000
"""What is held for so long while nothing else happens holds the turn no longer: a fermata has
been heard by then, a note-off that was lost on its way never comes."""
PACE_FACTOR = 2
"""A rest of so many usual gaps between onsets ends a phrase of a player hardly known."""
REMEMBERED_GAPS = 8


class Turn:
    """One phrase as it is being played. [loop]

    Turn()           the first phrase of somebody unknown
    turn.next()      the next phrase of the same player
    turn.outcome(right=False)    the player interrupted who took over
    """

    def __init__(
        self,
        melody: Melody | None = None,
        eagerness: float = USUAL_EAGERNESS,
        shown: Shown | None = None,
    ) -> None:
        self.first_ns: int | None = None
        """When it began, None before the first key."""
        self.eagerness = eagerness
        """How soon to take over, 0..1."""
        self._melody = melody or Melody()
        self._shown = shown or Shown()
        self._answered = True
        """Whether how the latest silence turned out is told by others, or by nobody."""
        self._onset_ns = 0
        self._quiet_since_ns = 0
        self._touched_ns = 0
        self._held: set[tuple[int, int]] = set()
        self._pedalled: dict[int, set[int]] = {}
        self._gaps_ns: deque[int] = deque(maxlen=REMEMBERED_GAPS)
        self._judgement: Judgement | None = None
        self._wait_ns: int | None = None

    def next(self) -> Turn:
        """A new phrase of the same player, who is remembered."""
        after = Turn(self._melody, self.eagerness, self._shown)
        after._held, after._pedalled = self._held, self._pedalled
        after._touched_ns = self._touched_ns
        return after

    def hurry(self, eagerness: float) -> None:
        """Take over sooner or later from now on, see `eagerness`."""
        self.eagerness = eagerness
        self._changed()

    def strike(self, now_ns: int, key: tuple[int, int], place: Place | None = None) -> None:
        """A key, (channel, pitch), went down; `place` says where in the bars, if there are any."""
        self._touch(now_ns)
        self._went_on(now_ns)
        if self.first_ns is None:
            self.first_ns = now_ns
        elif now_ns - self._onset_ns > CHORD_NS:
            self._gaps_ns.append(now_ns - self._onset_ns)
        self._onset_ns = now_ns
        self._held.add(key)
        self._melody.strike(now_ns, key[1], place)
        self._answered = False
        self._changed()

    def let_go(self, now_ns: int, key: tuple[int, int]) -> None:
        """A key went up; under a pedal it sounds on."""
        self._touch(now_ns)
        self._held.discard(key)
        if key[0] in self._pedalled:
            self._pedalled[key[0]].add(key[1])
        else:
            self._melody.let_go(now_ns, key[1])
        self._quiet(now_ns)

    def let_go_of_all(self, now_ns: int) -> None:
        """Nobody holds a key or a pedal any more, whatever was heard."""
        self._held.clear()
        self._pedalled.clear()
        self._quiet_since_ns = now_ns

    def pedal(self, now_ns: int, channel: int, down: bool) -> None:
        """The sustain pedal of a channel moved, or told again where it is."""
        if down == (channel in self._pedalled):
            return
        self._touch(now_ns)
        if down:
            self._pedalled.setdefault(channel, set())
            return
        for pitch in self._pedalled.pop(channel, set()):
            if (channel, pitch) not in self._held:
                self._melody.let_go(now_ns, pitch)
        self._quiet(now_ns)

    def outcome(self, *, right: bool) -> None:
        """Somebody took over in the latest silence; the player let it sound, or interrupted soon.

        To be told once, before the player's next key. What is never told is taken for unknown.
        """
        if not self._answered and not self._sounds:
            kind = Outcome.RIGHT if right else Outcome.FALSE
            self._shown.add(moment(self._melody), kind)
        self._answered = True
        self._changed()

    @property
    def over_at_ns(self) -> int | None:
        """When the phrase will be over if nothing more happens; None before it begins.

        What is held keeps it from ending, but not for ever.
        """
        if self.first_ns is None:
            return None
        if self._sounds:
            return self._touched_ns + FORGOTTEN_NS
        if self._melody.count < FEWEST_TONES:
            # From the last onset for staccato players, but never sooner than a short breath.
            paced = self._onset_ns + self.silence_ns
            return max(paced, self._quiet_since_ns + MIN_SILENCE_NS)
        return max(self._melody.ends_ns, self._quiet_since_ns) + self.silence_ns

    @property
    def silence_ns(self) -> int:
        """How long silence must last: after the latest onset if it goes by pace, else its end."""
        if self._melody.count < FEWEST_TONES:
            usual = int(median(self._gaps_ns)) if self._gaps_ns else 0
            return min(max(PACE_FACTOR * usual, MIN_SILENCE_NS), MAX_SILENCE_NS)
        if self._wait_ns is None:  # asked for every millisecond
            self._wait_ns = self.judgement.wait_ns(self.eagerness)
        return self._wait_ns

    @property
    def judgement(self) -> Judgement:
        """What is thought of the silence after the last tone, of which there must be one."""
        if self._judgement is None:
            shown = self._shown.cues(moment(self._melody))
            self._judgement = judge(cues(self._melody), shown)
        return self._judgement

    @property
    def _sounds(self) -> bool:
        return bool(self._held or self._pedalled)

    def _touch(self, now_ns: int) -> None:
        """Something is done: what has been held for ages by then holds nothing up any more."""
        if self._sounds and now_ns - self._touched_ns >= FORGOTTEN_NS:
            self._melody.quiet(self._touched_ns + self._melody.usual_ns)
            self.let_go_of_all(self._touched_ns)
        self._touched_ns = now_ns

    def _quiet(self, now_ns: int) -> None:
        self._quiet_since_ns = now_ns
        if not self._sounds:
            self._melody.quiet(now_ns)
        self._changed()

    def _went_on(self, now_ns: int) -> None:
        """A key comes: if that ends a silence in which nobody took over, it was no end."""
        if self._answered or self._sounds:
            return
        silent = now_ns - max(self._melody.ends_ns, self._quiet_since_ns)
        if silent > SHORTEST_SILENCE_NS:
            self._shown.add(moment(self._melody), Outcome.WENT_ON)

    def _changed(self) -> None:
        self._judgement = self._wait_ns = None
