"""Measurements: what the models can do, and how fast the house is. Each writes JSON to assets/benchmarks/."""
