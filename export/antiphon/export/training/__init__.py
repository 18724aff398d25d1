"""From arrays to a trained network: steps, paces, resuming, curves, ablations."""
