"""Training on a GPU: the lane loop, one lane a thread, with the same bits."""
