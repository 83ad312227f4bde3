"""Numbers computed from a sweep. Knows nothing about how it was run or is drawn."""
