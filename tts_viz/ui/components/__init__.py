"""Gradio components with a script of their own. Know nothing about searches."""
