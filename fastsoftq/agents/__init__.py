"""Learning algorithms, one a file: a NamedTuple of hyperparameters and its rules. `rules.py` says what a rule is."""
