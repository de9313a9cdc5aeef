"""How the speed of `train` grows with seeds, states, actions and threads: `python -m benchmarks.scaling`."""
