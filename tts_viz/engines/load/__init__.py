"""From a model's name to a loaded model, and the examination of one. Knows nothing about searches."""
