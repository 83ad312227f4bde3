"""Who watches which run: visitors, views, playback. Knows nothing about tabs."""
