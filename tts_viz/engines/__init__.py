"""Policies and verifiers: their protocols and every implementation. Knows nothing about trees or sessions."""
