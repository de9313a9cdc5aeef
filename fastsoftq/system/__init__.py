"""The process and its files: atomic writes, provenance, interruption, memory, streams. Imports nothing else of ours."""
