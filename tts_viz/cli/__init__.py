"""The command line, one command per file. Knows nothing about the page."""
