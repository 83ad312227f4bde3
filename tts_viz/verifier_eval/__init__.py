"""Examining verifiers: one solution step by step, the worst scores of many, files of labelled solutions. Draws nothing."""
