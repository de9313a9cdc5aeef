"""`python -m fastsoftq` is the command `fastsoftq`."""

from fastsoftq.cli import main

if __name__ == "__main__":
    main()
