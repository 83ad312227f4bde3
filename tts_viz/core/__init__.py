"""One search as values: events, the tree they fold to, what a strategy may ask for, what it costs. Knows nothing but Python."""
