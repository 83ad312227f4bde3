"""Many searches as one table: the plan of a sweep, its runs, its store. Knows nothing about figures."""
