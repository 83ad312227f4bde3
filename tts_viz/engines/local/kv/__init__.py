"""Keys and values kept along the tree, so that no step re-encodes its prefix."""
