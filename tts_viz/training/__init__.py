"""The embedded models: what they learn from, how they are trained, and how good they are."""
