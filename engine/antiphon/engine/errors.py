"""Every error Antiphon raises on purpose, by whose fault it is.

AntiphonError
├── UserError        the user's: one sentence and what to do, exit 2
│   ├── FileRefused      a file that cannot be read, or cannot be written where asked
│   ├── BundleRefused    a model bundle that is damaged, foreign or too large
│   └── PortNotFound     no port of that name
├── MachineError     the machine's: one sentence and what to install or free, exit 3
│   ├── NoMidiSystem     no MIDI system to open ports on
│   ├── NoSoundCard      no audio device to play on
│   └── EngineLost       the engine process is gone and did not come back
└── InternalError    ours: exit 1, with where the log is
    ├── IllegalStep      a state table was asked for a step it does not have
    └── ProtocolError    a message that the protocol does not allow
"""

from __future__ import annotations


class AntiphonError(Exception):
    """Base of all. `exit_code` is what a command ends with."""

    exit_code = 1


class UserError(AntiphonError):
    """The user can mend it."""

    exit_code = 2


class FileRefused(UserError):
    """A file cannot be read or written; the message says why."""


class BundleRefused(UserError):
    """A model bundle is damaged, foreign or too large."""


class PortNotFound(UserError):
    """No port matches the name; the message lists those there are."""


class MachineError(AntiphonError):
    """This machine lacks something; the message says how to get it."""

    exit_code = 3


class NoMidiSystem(MachineError):
    """There is no MIDI system here (no ALSA sequencer, no JACK)."""


class NoSoundCard(MachineError):
    """There is no audio output device."""


class EngineLost(MachineError):
    """The engine died and could not be brought back."""


class InternalError(AntiphonError):
    """A fault of Antiphon itself."""


class IllegalStep(InternalError):
    """A step that the state table does not have; nothing was changed."""


class ProtocolError(InternalError):
    """A message breaks the protocol."""
