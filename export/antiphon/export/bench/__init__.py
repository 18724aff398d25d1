"""How fast it is, beside how fast it could be: the floor, the peers, a live load."""
