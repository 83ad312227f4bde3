"""Measurements: what the models can do, and how fast everything is. Each writes JSON to assets/benchmarks/."""
