"""Whose turn it is: a token for each who can draw, in one call of the model; then a chunk of rows.

So nobody's long phrase delays another's note by more than a chunk. Clients are served in turn, each
the most urgent of its sessions first: nobody gains by asking more often. Where no rows are due,
some are fed ahead of time, and a few where everybody is busy: a full house has no idle moments.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from operator import itemgetter
from typing import Any, NamedTuple

from .conversation import Conversation
from .session import Progress, Session
from .slots import CHUNK, Pool

BATCH = 16
"""Most who draw in one call; the others wait for the next."""
ROWS = 32
"""Most rows fed for those who cannot draw yet, before it is the others' turn again."""
AHEAD_EVERY = 2
"""Every so many turns a chunk is fed ahead of time though others listen."""
SOON_MS, PLENTY_MS = 250, 500
"""While anybody has less music left than the first, nobody draws who has more than the second. If
it is one who is to be fed, nobody else is; if it is one who draws, a chunk is fed at most."""
ROW_NS = 1_000_000
"""What it takes to feed a row, about."""
PAST_HELP_MS = 1000
"""Whose music was over so long ago hurries nobody, else who says so falsely kept others waiting."""


class Voice(NamedTuple):
    """One who may have something to do."""

    conversation: Conversation
    take: int
    session: Session


class Step(NamedTuple):
    """What was done for a voice."""

    voice: Voice
    done: Progress | Exception
    """What it brought; or what broke it: then its conversation must end."""


def has_work(conversation: Conversation, session: Session, now_ns: int) -> bool:
    """Whether there is something to do for one of the voices now.

    What is only heard waits a little for more: many rows cost hardly more than one.
    """
    return session.has_work and (session.answering or now_ns >= conversation.patient_until_ns)


def foresees(conversation: Conversation, session: Session) -> bool:
    """Whether there is something that can be done for one of the voices ahead of time.

    Takes are too short-lived for it.
    """
    return conversation.size == 1 and session.foresees


def step(
    conversations: Collection[Conversation], pool: Pool, now_ns: int, turn: int
) -> Iterator[Step]:
    """Do the next bit of work for all; turns are counted by the caller. [inference thread]"""
    everybody = [
        Voice(conversation, take, session)
        for conversation in conversations
        for take, session in conversation.voices.items()
    ]
    voices = [v for v in everybody if has_work(v.conversation, v.session, now_ns)]
    ready = _in_turn([v for v in voices if v.session.ready], lambda v: v.session.music_left_ms)
    ready.sort(key=_is_past_help)
    others = [voice for voice in voices if not voice.session.ready]
    awaited = [voice for voice in others if _in_a_hurry(voice)]
    hurry = any(_in_a_hurry(voice) for voice in ready)
    if hurry or awaited:
        ready = [voice for voice in ready if voice.session.music_left_ms < PLENTY_MS]
    yield from _draw(ready[:BATCH], pool)
    rows = CHUNK if hurry else ROWS
    yield from _prepare(_in_turn(awaited or others, _urgency), pool, rows, now_ns)
    if not (hurry or awaited) and (not others or turn % AHEAD_EVERY == 0):
        yield from _look_ahead(everybody)


def _in_a_hurry(voice: Voice) -> bool:
    """Whether its music is soon over, or its answer has not begun."""
    return voice.session.answering and -PAST_HELP_MS < voice.session.music_left_ms < SOON_MS


def _is_past_help(voice: Voice) -> bool:
    return voice.session.music_left_ms <= -PAST_HELP_MS


def _in_turn(voices: list[Voice], urgency: Callable[[Voice], Any]) -> list[Voice]:
    """The most urgent of each client, the most urgent first; then the second of each; and so on."""
    if len(voices) < 2:
        return voices
    before: Counter[bytes] = Counter()
    ranked = []
    for voice in sorted(voices, key=urgency):
        ranked.append((before[voice.conversation.client], voice))
        before[voice.conversation.client] += 1
    return [voice for _, voice in sorted(ranked, key=itemgetter(0))]


def _urgency(voice: Voice) -> tuple[bool, int]:
    """Who waits for an answer comes first, whose is due soonest; then who was fed longest ago.

    It is due when it could be ready: a short phrase does not wait for a long one before it.
    """
    if voice.session.answering:
        return False, voice.conversation.asked_ns + ROW_NS * voice.session.behind
    return True, voice.conversation.fed_ns


def _prepare(voices: list[Voice], pool: Pool, rows: int, now_ns: int) -> Iterator[Step]:
    """Feed so many rows, for one or for several; a step that needs none counts as a chunk."""
    for voice in voices:
        voice.conversation.fed_ns = now_ns
        while voice.session.has_work and not voice.session.ready:
            before = pool.prefilled
            step = _tried(voice, voice.session.prepare)
            yield step
            rows -= pool.prefilled - before or CHUNK
            if rows <= 0:
                return
            if isinstance(step.done, Exception):
                break


def _look_ahead(voices: list[Voice]) -> Iterator[Step]:
    """Feed a chunk ahead of time, for whoever will need it soonest."""
    ahead = [voice for voice in voices if foresees(voice.conversation, voice.session)]
    if ahead:
        soonest = min(ahead, key=lambda voice: voice.session.moves_in)
        yield _tried(soonest, soonest.session.look_ahead)


def _draw(voices: list[Voice], pool: Pool) -> Iterator[Step]:
    drawn = [_tried(voice, voice.session.draw) for voice in voices]
    fed = [s.voice for s in drawn if not isinstance(s.done, Exception) and s.voice.session.waiting]
    yield from drawn + (_decoded(fed, pool) if fed else [])


def _decoded(voices: list[Voice], pool: Pool) -> list[Step]:
    """Feed what was drawn; if that breaks, nobody can say whose fault it is."""
    try:
        pool.decode([waiting for voice in voices if (waiting := voice.session.waiting)])
    except Exception as error:
        return [Step(voice, error) for voice in voices]
    for voice in voices:
        voice.session.decoded()
    return []


def _tried(voice: Voice, work: Callable[[], Progress]) -> Step:
    try:
        return Step(voice, work())
    except Exception as error:  # one broken session must not end the others
        return Step(voice, error)
