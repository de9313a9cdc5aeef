"""Agents with memory beside plain C: `python -m benchmarks.peers.shelf` checks that both learn the same, then times them."""
