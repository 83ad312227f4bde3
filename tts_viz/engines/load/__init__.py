"""From a model's name to a loaded model, and checks of a loaded verifier. Knows nothing about searches."""
