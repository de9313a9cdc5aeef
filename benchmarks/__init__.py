"""The asv suite: one subject a file. `peers/` holds what it is compared with."""
