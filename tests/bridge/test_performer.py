from __future__ import annotations

import os

import pytest

from antiphon.bridge import link
from antiphon.bridge.performer import Report
from antiphon.engine.errors import UserError
from antiphon.engine.protocol import Error


@pytest.mark.parametrize(
    ("code", "exit_code"),
    [("refused", UserError.exit_code), ("malformed", UserError.exit_code), ("internal", None)],
)
def test_what_asking_again_does_not_mend_ends_the_whole(code: str, exit_code: int | None) -> None:
    read_fd, write_fd = os.pipe()
    Report(write_fd).troubled(0, Error(code, "client", "No."))
    assert list(link.Reader().feed(os.read(read_fd, 4096))) == [link.Troubled("No.", exit_code)]
    os.close(read_fd)
    os.close(write_fd)
