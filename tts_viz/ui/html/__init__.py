"""Turns values into escaped HTML. Knows nothing about Gradio."""
