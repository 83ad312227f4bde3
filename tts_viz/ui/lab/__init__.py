"""The tab Lab. Knows nothing about the other tabs."""
