"""tts_viz: watch and steer a language model searching for an answer."""

__version__ = "0.1.0"
