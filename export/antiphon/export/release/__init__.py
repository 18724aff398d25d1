"""From a trained network to a bundle with its card: exported, quantised, proved, described."""
