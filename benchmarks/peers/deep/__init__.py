"""Deep Q-learning written in other ways, and timed beside this project's: `python -m benchmarks.peers.deep`."""
