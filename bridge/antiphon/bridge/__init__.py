"""Everything of Antiphon near the player: ports, time, turns, sound and pictures."""
