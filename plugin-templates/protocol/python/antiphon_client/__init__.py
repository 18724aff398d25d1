"""A client of the Antiphon engine that needs nothing but Python: for Live's own interpreter."""

from .client import DEFAULT_PORT, TICKS_PER_BEAT, VERSION, Client

__all__ = ["DEFAULT_PORT", "TICKS_PER_BEAT", "VERSION", "Client"]
