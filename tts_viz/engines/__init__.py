"""Policies and verifiers: what they are to a search, and every kind there is. Knows nothing about trees or sessions."""
