"""Networks in one block of float32: layers, their gradients, optimisers, losses."""
