"""Recorded searches: a strict schema, files of JSON lines, the library of runs. Knows nothing about models."""
