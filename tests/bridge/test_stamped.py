from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from antiphon.bridge.stamped import Arrived, Changed, Reader, arrived, changed

TIMES = st.integers(0, 2**62)
ITEMS = st.one_of(
    st.builds(Arrived, TIMES, st.binary(min_size=1, max_size=3)),
    st.builds(Changed, TIMES, st.integers(0, 255), st.booleans()),
)


@given(st.lists(ITEMS), st.integers(1, 40))
def test_what_is_told_is_read_however_it_is_cut(items: list[Arrived | Changed], cut: int) -> None:
    stream = b"".join(
        arrived(*item) if isinstance(item, Arrived) else changed(*item) for item in items
    )
    reader = Reader()
    pieces = [stream[start : start + cut] for start in range(0, len(stream), cut)]
    assert [item for piece in pieces for item in reader.feed(piece)] == items
