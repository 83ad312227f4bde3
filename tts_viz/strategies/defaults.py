"""Names of strategies with a special role elsewhere: the default choice and the baselines."""

FIRST = "beam"
"""The default of the page and the command line."""

GREEDY = "greedy"
"""The baseline without extra test-time compute."""

BASELINE = "best_of_n"
"""Independent samples scored by a verifier: the baseline that every search has to beat."""

SAMPLES = "majority"
"""Independent samples without a verifier."""
