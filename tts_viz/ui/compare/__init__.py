"""The tab Compare. Knows nothing about the other tabs."""
