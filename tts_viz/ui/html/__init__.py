"""From values to HTML, escaped. Knows nothing about Gradio."""
