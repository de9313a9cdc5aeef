"""Environments as rules: what a network may learn in, continuous worlds and tables alike."""
