"""The tab Verifier. Knows nothing about the other tabs."""
