"""The tab Runs. Knows nothing about the other tabs."""
