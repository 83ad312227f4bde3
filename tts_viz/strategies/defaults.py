"""Which of the strategies stand for something elsewhere: what a form shows first, and what others are compared with."""

FIRST = "beam"
"""What the page and the command line begin with."""

GREEDY = "greedy"
"""No extra compute at all."""

BASELINE = "best_of_n"
"""Independent samples that a verifier reads: what every search has to do better than."""

SAMPLES = "majority"
"""Independent samples that no verifier reads."""
