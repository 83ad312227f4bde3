"""A cache of keys and values along the tree, so that no step re-encodes its prefix."""
