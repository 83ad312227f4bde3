"""Examining verifiers: one solution's steps, the worst scores of many, and files of marked solutions. Draws nothing."""
