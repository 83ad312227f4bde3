"""Formats of process reward models, one a file: how a solution is written, how rewards are read."""
