"""Everything of Antiphon that thinks: tokens, sessions, the model and the server. No torch here."""
