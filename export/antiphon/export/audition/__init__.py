"""What a bundle plays, set beside real music: continuations, controls, copies, keys, styles."""
