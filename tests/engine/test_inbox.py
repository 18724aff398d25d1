"""Requests in line: each client's in their order, the clients in turn."""

from __future__ import annotations

import threading

from hypothesis import given
from hypothesis import strategies as st

from antiphon.engine.inbox import MOST_WAITING, Inbox, Item
from antiphon.engine.protocol import Ping

HURRIED, PATIENT = b"hurried", b"patient"


def taken(inbox: Inbox, most: int = 10_000) -> list[Item]:
    found: list[Item] = []
    while len(found) < most and (item := inbox.take()):
        found.append(item)
    return found


def test_who_asks_a_thousand_times_keeps_only_himself_waiting() -> None:
    inbox = Inbox()
    for n in range(1000):
        inbox.put(HURRIED, Ping(n))
    assert taken(inbox, most=1) == [(HURRIED, Ping(0))]
    inbox.put(PATIENT, Ping(7))

    assert taken(inbox, most=3) == [(HURRIED, Ping(1)), (PATIENT, Ping(7)), (HURRIED, Ping(2))]


@given(st.lists(st.one_of(st.none(), st.integers(0, 3))))
def test_nothing_is_lost_and_everyones_order_is_kept(story: list[int | None]) -> None:
    inbox, put, found = Inbox(), list[Item](), list[Item]()
    for n, client in enumerate(story):
        if client is None:
            found += taken(inbox, most=1)
        else:
            put.append((bytes([client]), Ping(n)))
            inbox.put(*put[-1])
    found += taken(inbox)

    for one in {client for client, _ in put}:
        assert [i for i in found if i[0] == one] == [i for i in put if i[0] == one]
    assert len(found) == len(put)


def test_it_says_when_enough_wait_and_when_there_is_room_again() -> None:
    inbox = Inbox()
    for n in range(MOST_WAITING):
        assert not inbox.full
        inbox.put(HURRIED, Ping(n))
    assert inbox.full

    inbox.take()

    assert not inbox.full


def test_word_to_stop_wakes_who_waits_and_nothing_more_is_served() -> None:
    inbox = Inbox()
    waiting = threading.Thread(target=inbox.wait, args=(60_000_000_000,))
    waiting.start()
    inbox.stop()
    waiting.join(20)
    inbox.put(HURRIED, Ping(1))

    assert not waiting.is_alive()
    assert inbox.stopped
    assert inbox.take() is None


def test_waiting_ends_when_the_time_is_up_and_at_once_if_something_is_there() -> None:
    inbox = Inbox()
    inbox.wait(0)
    assert inbox.take() is None
    inbox.put(HURRIED, Ping(1))
    inbox.wait(0)
    inbox.wait(60_000_000_000)

    assert taken(inbox) == [(HURRIED, Ping(1))]
