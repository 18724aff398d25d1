"""Whose turn it is: a token for each who can draw, in one call of the model; then a chunk for one.

So nobody's long phrase delays another's note by more than a chunk. Where no chunk is due, one is
fed ahead of time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple

from .conversation import Conversation
from .session import Progress, Session
from .slots import Pool

BATCH = 16
"""Most who draw in one call; the others wait for the next."""


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


def foresees(conversation: Conversation, session: Session, now_ns: int) -> bool:
    """Whether there is something that can be done for one of the voices ahead of time.

    Takes are too short-lived for that.
    """
    return conversation.size == 1 and session.foresees and now_ns >= conversation.patient_until_ns


def step(conversations: Collection[Conversation], pool: Pool, now_ns: int) -> Iterator[Step]:
    """Do the next bit of work for all. [inference thread]"""
    everybody = [
        Voice(conversation, take, session)
        for conversation in conversations
        for take, session in conversation.voices.items()
    ]
    voices = [v for v in everybody if has_work(v.conversation, v.session, now_ns)]
    ready = [voice for voice in voices if voice.session.ready]
    ready.sort(key=lambda voice: voice.session.music_left_ms)
    yield from _draw(ready[:BATCH], pool)
    # Who is asked for an answer goes first; else who is furthest behind.
    others = (voice for voice in voices if not voice.session.ready and voice not in ready)
    first = max(others, key=lambda v: (v.session.answering, v.session.behind), default=None)
    if first:
        yield _tried(first, first.session.prepare)
        first.conversation.fed(now_ns)
    elif calm := next((v for v in everybody if foresees(v.conversation, v.session, now_ns)), None):
        yield _tried(calm, calm.session.look_ahead)


def _draw(voices: list[Voice], pool: Pool) -> Iterator[Step]:
    drawn = [_tried(voice, voice.session.draw) for voice in voices]
    fed = [s.voice for s in drawn if not isinstance(s.done, Exception) and s.voice.session.waiting]
    try:
        pool.decode([waiting for voice in fed if (waiting := voice.session.waiting)])
    except Exception as error:  # nobody can say whose fault it is
        drawn += [Step(voice, error) for voice in fed]
    else:
        for voice in fed:
            voice.session.decoded()
    yield from drawn


def _tried(voice: Voice, work: Callable[[], Progress]) -> Step:
    try:
        return Step(voice, work())
    except Exception as error:  # one broken session must not end the others
        return Step(voice, error)
