"""Tuning: hyperparameters that are chosen, from what may be tried to the folder that holds the trials."""
