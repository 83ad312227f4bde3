"""Benchmarks of the models' accuracy and of speed. Each writes JSON to assets/benchmarks/."""
