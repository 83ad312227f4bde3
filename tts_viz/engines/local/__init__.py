"""Transformers models in this process. Knows nothing about servers or searches."""
