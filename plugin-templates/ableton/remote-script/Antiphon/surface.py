"""What Live sees: a control surface without a controller, called some ten times a second.

Each time it looks whether the clip that is shown asks to be continued, and whether the engine has
answered. Nothing here waits.
"""

from __future__ import annotations

import os
from typing import Any

import Live

from .antiphon_client import DEFAULT_PORT, Client
from .continuation import Continuation
from .wish import wish

ABSENT = "Antiphon: no engine is there. Start it with: antiphon serve"
GONE = "Antiphon: the engine went away. Nothing was changed."
PATIENCE_TICKS = 30
"""Calls of `update_display` until an engine that does not come is missed."""


class Surface:
    """The script as Live calls it."""

    def __init__(self, c_instance: Any) -> None:
        self._c_instance = c_instance
        port = int(os.environ.get("ANTIPHON_PORT", DEFAULT_PORT))
        self._client = Client(port, "Live")
        self._waiting: Continuation | None = None
        self._asked = False
        self._ticks = self._generation = 0

    # What Live calls.

    def update_display(self) -> None:
        """Live's timer."""
        messages = self._client.poll()
        if self._waiting is None:
            self._look()
        else:
            self._go_on(self._waiting, messages)

    def disconnect(self) -> None:
        """The script is taken away."""
        self._client.close()

    def build_midi_map(self, midi_map_handle: Any) -> None:
        """There is no controller to be mapped."""

    def receive_midi(self, midi_bytes: Any) -> None:
        """There is no controller to be heard."""

    def refresh_state(self) -> None:
        """There is no controller to be lit."""

    def connect_script_instances(self, instanciated_scripts: Any) -> None:
        """This script needs no other."""

    def can_lock_to_devices(self) -> bool:
        """It follows no device."""
        return False

    def suggest_input_port(self) -> str:
        """It has no port."""
        return ""

    def suggest_output_port(self) -> str:
        """It has no port."""
        return ""

    # What it does.

    @property
    def _song(self) -> Live.Song.Song:
        song: Live.Song.Song = self._c_instance.song()
        return song

    def _look(self) -> None:
        """Begin if the selected slot's clip, or the clip that is shown, asks for it."""
        slot = self._song.view.highlighted_clip_slot
        if slot is None or not slot.has_clip or not slot.clip.is_midi_clip:
            return
        asked = wish(slot.clip.name)
        if asked is None:
            return
        slot.clip.name = asked.name
        self._generation += 1
        self._ticks, self._asked = 0, False
        self._waiting = Continuation(slot, asked, self._generation)

    def _go_on(self, waiting: Continuation, messages: list[Any]) -> None:
        self._ticks += 1
        for message in messages:
            waiting.take(message)
        if self._client.complaint:
            self._give_up(f"Antiphon: {self._client.complaint}")
        elif waiting.refused:
            self._give_up(f"Antiphon: {waiting.refused}")
        elif waiting.done:
            self._finish(waiting)
        elif self._client.present and not self._asked:
            waiting.ask(self._client, self._song)
            self._asked = True
        elif not self._client.present and self._asked:
            self._give_up(GONE)
        elif not self._client.present and self._ticks > PATIENCE_TICKS:
            self._give_up(ABSENT)

    def _finish(self, waiting: Continuation) -> None:
        self._waiting = None
        if waiting.slot.has_clip:
            waiting.write(self._song)
            self._c_instance.show_message(f"Antiphon: {waiting.name} goes on.")

    def _give_up(self, why: str) -> None:
        self._waiting = None
        self._c_instance.show_message(why)
