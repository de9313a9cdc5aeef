"""Environments: finite Markov decision processes as arrays. One environment a file; `tabular.py` says what one is."""
