"""Players at a desk with a clock moved by hand: they notice an engine that is late, only that."""

from __future__ import annotations

from antiphon.engine.desk import Desk
from antiphon.engine.protocol import Answer, Close, Heard, Listen, Open, Reply, Request, Rewind
from antiphon.export.bench.player import HEARD, PLAYED, Player
from bundles import tiny_model

MS = 1_000_000
RATE = 16
CYCLE_S = (PLAYED + HEARD) / RATE


class Evening:
    """Some players, and an engine each step of which takes so long."""

    def __init__(self, players: int, step_ms: float, capacity: int = 16) -> None:
        self.now_ns, self.step_ns = 0, round(step_ms * MS)
        self.desk = Desk(tiny_model(), "tiny", lambda: self.now_ns, capacity)
        self.players = [Player(n, RATE, n * 300 * MS) for n in range(players)]
        self.said: list[Request] = []

    def pass_(self, seconds: float) -> None:
        until = self.now_ns + round(seconds * 1e9)
        while self.now_ns < until:
            for player in self.players:
                if player.due_ns <= self.now_ns:
                    for request in player.act(self.now_ns):
                        self.said.append(request)
                        for reply in self.desk.handle(b"", request):
                            self.tell(reply)
            self.now_ns += self.step_ns
            for _, reply in self.desk.turn():
                self.tell(reply)

    def tell(self, reply: Reply) -> None:
        session = getattr(reply, "session", None)
        assert session is not None
        self.players[session].take(reply, self.now_ns)

    def leave(self) -> None:
        for player in self.players:
            player.leave(self.now_ns)
            self.desk.handle(b"", Close(player.session))


def test_a_quick_engine_is_never_late_and_all_play_at_their_rate() -> None:
    quick = Evening(3, step_ms=2)
    quick.pass_(2 * CYCLE_S)
    quick.leave()

    for player in quick.players:
        assert player.dry == 0
        assert 1 <= player.answers <= 3
        assert len(player.starts_ns) == player.answers
        assert max(player.starts_ns) < 50 * MS
        played_s = (quick.now_ns - player.begins_ns) / 1e9
        assert 0.95 < player.events / played_s / RATE <= 1.01


def test_an_engine_that_draws_too_slowly_runs_dry() -> None:
    slow = Evening(2, step_ms=60)
    slow.pass_(1.5 * CYCLE_S)
    slow.leave()

    assert all(player.dry > 5 for player in slow.players)
    assert all(max(player.starts_ns) > 50 * MS for player in slow.players)


def test_an_answer_that_never_begins_counts_too() -> None:
    player = Player(0, RATE, 0)
    said = [request for i in range(PLAYED + 5) for request in player.act(i * MS)]
    player.leave(10_000 * MS)

    assert isinstance(said[0], Open)
    assert isinstance(said[-1], Answer)
    assert sum(isinstance(request, Listen) for request in said) == PLAYED + 1
    assert player.starts_ns == [10_000 * MS - (PLAYED + 1) * MS]


def test_who_is_refused_says_so_and_keeps_quiet() -> None:
    full = Evening(3, step_ms=2, capacity=2)
    full.pass_(1)
    full.leave()

    assert [bool(player.refused) for player in full.players] == [False, False, True]
    assert full.players[2].events == 0


def test_the_player_breaks_in_where_the_answer_had_got_to() -> None:
    alone = Evening(1, step_ms=2)
    alone.pass_(1.2 * CYCLE_S)
    alone.leave()

    (broke,) = (request for request in alone.said if isinstance(request, Rewind))
    heard = [request for request in alone.said if isinstance(request, Heard)]
    after = alone.said[alone.said.index(broke) + 1]
    assert isinstance(after, Listen)
    assert after.events[-1].tick == broke.tick > heard[-1].position
