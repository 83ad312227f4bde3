"""Many searches as one table: the spec of a sweep, its runs, its storage. Knows nothing about figures."""
