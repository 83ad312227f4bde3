"""A recorded search as a web page that works offline, or as a table. Knows nothing about models or running searches."""
