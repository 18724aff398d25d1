"""What the network has to beat: n-grams, n-grams that adapt to the piece, and a GRU."""
