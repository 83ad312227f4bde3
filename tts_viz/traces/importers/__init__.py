"""Importers of traces: one format a file, detected by content. Knows nothing about where files come from."""

# isort: off
from tts_viz.traces.importers import tts_viz_jsonl

# isort: on
from tts_viz.traces.importers.base import IMPORTERS, Importer, read, read_from

__all__ = ["IMPORTERS", "Importer", "read", "read_from", "tts_viz_jsonl"]
