"""From folders of music to arrays of tokens: reading, choosing, labelling, laying out."""
