"""Agents with memory beside plain C.

`python -m benchmarks.peers.shelf` checks that all learn the same curves, then times them side by side.
"""
