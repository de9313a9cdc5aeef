"""How fast a GPU trains, beside other ways to use it: `python -m benchmarks.gpu`, or `make gpu`.

On the document's cliff walking: the kernel alone, `train` with its results in host memory, CUDA C++ written by hand,
JAX, this machine's CPU, what the card's issue slots allow; and large worlds. Digests are held against the CPU's.
"""
