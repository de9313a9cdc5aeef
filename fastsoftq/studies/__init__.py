"""Seed-sweep studies: what is run, how it is stored, how it is resumed and compared."""
