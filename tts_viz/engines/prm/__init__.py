"""Formats of process reward models, one a file: how a solution is tokenized and how its rewards are read."""
