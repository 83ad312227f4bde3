"""The page. Knows nothing about the command line."""
