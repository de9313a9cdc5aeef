"""What a report says of a sweep: which hyperparameters, which algorithm, and how sure that is."""
