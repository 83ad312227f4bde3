"""The command line, one command a file. Knows nothing about the page."""
