"""Formats of process reward models, one a file: how a solution is written for the model, and how its rewards are read."""
