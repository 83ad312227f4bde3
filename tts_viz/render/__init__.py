"""A tree as a scene; a scene as text or as lines for a browser. Knows nothing about pages."""
