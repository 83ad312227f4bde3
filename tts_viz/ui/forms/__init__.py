"""Inputs that several tabs share: the problem, the strategy, what may be chosen. Know nothing about runs."""
