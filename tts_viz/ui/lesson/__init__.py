"""The tab Learn. Knows nothing about the other tabs."""
