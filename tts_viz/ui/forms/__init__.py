"""Inputs that several tabs share: the problem, the strategy, the models on offer. They know nothing about runs."""
