"""Numbers computed from a sweep. Knows nothing about running or drawing."""
