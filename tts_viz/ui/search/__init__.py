"""The tab Search. Knows nothing about the other tabs."""
