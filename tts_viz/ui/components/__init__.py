"""Gradio components with their own JavaScript. They know nothing about searches."""
