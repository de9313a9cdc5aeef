"""Storing: what is kept of runs, and the files it is kept in, written whole by one process at a time."""
